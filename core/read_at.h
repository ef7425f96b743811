#pragma once
#include <cstring>
#include <type_traits>

#include "emu/address.h"
#include "emu/memory.h"

namespace fiberscope::core {

/// An object of the guest's as it lies in memory; all zero where it is not mapped in one region.
template <typename T>
requires std::is_trivially_copyable_v<T> T read_at(const emu::Memory& memory, emu::Address address) {
  T value{};
  const auto bytes = memory.bytes_at(address);
  if (bytes.size() >= sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace fiberscope::core
