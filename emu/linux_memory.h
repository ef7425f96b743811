#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "emu/address_set.h"
#include "emu/cpu.h"
#include "emu/linux_program.h"
#include "emu/memory.h"

namespace fiberscope::emu {

/// The address space of a process: what it was given, with which rights, and the kernel's own access to it. Calls
/// answer as the kernel does, with a negative errno where they fail. Fresh pages are zero.
class LinuxMemory {
 public:
  /// All must outlive the object.
  LinuxMemory(Memory& memory, Cpu& cpu, const LinuxProgram& program);

  std::int64_t set_break(std::uint64_t wanted);
  /// Anonymous memory only.
  std::int64_t map(std::uint64_t address, std::uint64_t length, std::uint64_t protection, std::uint64_t flags);
  std::int64_t unmap(std::uint64_t address, std::uint64_t length);
  std::int64_t protect(std::uint64_t address, std::uint64_t length, std::uint64_t protection);
  std::int64_t advise(std::uint64_t address, std::uint64_t length, std::uint64_t advice);
  /// Whether the process was given that page, whatever its rights.
  [[nodiscard]] bool is_mapped(Address address) const;

  /// Nothing where the process could not read all of it.
  [[nodiscard]] std::optional<std::vector<std::uint8_t>> read(Address address, std::size_t size) const;
  /// Up to the first zero, at most `limit` bytes; nothing where it cannot be read.
  [[nodiscard]] std::optional<std::string> read_text(Address address, std::size_t limit) const;
  template <typename T>
  [[nodiscard]] std::optional<T> read_value(Address address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto bytes = read(address, sizeof(T));
    if (!bytes) return std::nullopt;
    T value;
    std::memcpy(&value, bytes->data(), sizeof value);
    return value;
  }
  /// False, and nothing done, where the process could not write all of it.
  bool write(Address address, std::span<const std::uint8_t> bytes);
  template <typename T>
  bool write_value(Address address, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    return write(address, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
  }
  /// What the kernel wrote since the last time.
  std::vector<AddressRange> take_written();

 private:
  [[nodiscard]] bool may(AddressRange range, bool writing) const;
  void give(AddressRange range, PageRights rights);
  void take_back(AddressRange range);
  void clear(AddressRange range);
  void set_rights(AddressRange range, PageRights rights);

  Memory& memory_;
  Cpu& cpu_;
  AddressRange heap_;
  AddressRange mappings_;
  AddressRange stack_;
  std::uint64_t break_ = 0;
  AddressSet given_;
  std::vector<AddressRange> written_;
};

}  // namespace fiberscope::emu
