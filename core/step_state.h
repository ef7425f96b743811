#pragma once
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "core/machine_state.h"
#include "core/touched_words.h"

namespace fiberscope::core {

/// A machine state that steps are applied to: quick access to memory, and a list of the words written since the last
/// mark.
class StepState {
 public:
  explicit StepState(MachineState start);

  emu::RegisterFile& registers() { return state_.registers; }
  [[nodiscard]] const emu::RegisterFile& registers() const { return state_.registers; }
  [[nodiscard]] const MachineState& machine() const { return state_; }
  [[nodiscard]] const emu::Memory& memory() const { return state_.memory; }

  /// Little-endian value of 1 … 8 bytes; 0 where they are not mapped in one region.
  std::uint64_t read(std::uint64_t address, std::size_t size) {
    const Window* window = find(address, size);
    std::uint64_t value = 0;
    if (window != nullptr) std::memcpy(&value, window->bytes + (address - window->low), size);
    return value;
  }
  /// Nothing happens outside the regions.
  void write(std::uint64_t address, std::uint64_t value, std::size_t size) {
    Window* window = find(address, size);
    if (window == nullptr) return write_slowly(address, value, size);
    std::memcpy(window->bytes + (address - window->low), &value, size);
    const unsigned first = address & 7;
    const unsigned bytes = ((1U << size) - 1) << first;  // bit i: byte i of the first word; from bit 8 on, of the next
    touch(*window, address, static_cast<std::uint8_t>(bytes));
    if (bytes > 0xff) touch(*window, address + size - 1, static_cast<std::uint8_t>(bytes >> 8));
  }
  void write_bytes(std::uint64_t address, std::span<const std::uint8_t> bytes);

  /// Forgets which words were written, and begins anew.
  void mark();
  /// The words written since the last mark.
  [[nodiscard]] TouchedWords touched() const;

  /// Overwrites whole pages and the like without counting it as written by a step.
  emu::Memory& raw_memory() { return state_.memory; }

 private:
  struct Window {
    std::uint64_t low = 0;
    std::uint64_t size = 0;
    std::uint8_t* bytes = nullptr;
    std::vector<std::uint32_t> stamps;  ///< per word: the last mark under which it was written …
    std::vector<std::uint8_t> masks;    ///< … and which of its bytes were
  };

  Window* find(std::uint64_t address, std::size_t size) {
    if (address - last_->low < last_->size && size <= last_->size - (address - last_->low)) return last_;
    return find_slowly(address, size);
  }
  Window* find_slowly(std::uint64_t address, std::size_t size);
  void write_slowly(std::uint64_t address, std::uint64_t value, std::size_t size);
  void touch(Window& window, std::uint64_t address, std::uint8_t mask);

  MachineState state_;
  std::vector<Window> windows_;
  Window* last_ = nullptr;
  std::uint32_t current_mark_ = 1;
  std::vector<std::uint64_t> touched_;  ///< address / 8, each once, in the order of first writing
};

}  // namespace fiberscope::core
