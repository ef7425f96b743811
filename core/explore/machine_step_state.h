#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/explore/machine_step.h"

namespace fiberscope::core::explore {

/// A thread's own state, unpacked from the words by which it is interned.
struct MachineStep::State {
  std::size_t thread = 0;
  bool is_finished = false;
  emu::StepRegisters registers;
  std::vector<Store> stores;         // the store buffer, oldest first
  std::vector<Store> pending;        // what the read half of an instruction has read
  std::vector<std::uint64_t> stack;  // (word, value) for every word that is not zero, ascending
};

inline std::uint64_t read_word(const std::uint8_t* bytes, std::uint32_t size) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, std::min<std::uint32_t>(size, 8));
  return value;
}

}  // namespace fiberscope::core::explore
