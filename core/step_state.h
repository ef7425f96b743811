#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/machine_state.h"
#include "core/space_layout.h"
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
  [[nodiscard]] CpuId cpu() const { return state_.cpu; }
  /// From here on registers() are those of that processor.
  void select(CpuId processor) { state_.select(processor); }
  void set_all_registers(CpuId cpu, const std::vector<emu::RegisterFile>& all);
  [[nodiscard]] const emu::Memory& memory() const { return state_.memory; }

  /// Little-endian value of 1 … 8 bytes; 0 where they are not mapped in one region.
  std::uint64_t read(std::uint64_t address, std::size_t size) {
    const Window* window = find(address, size, last_read_);
    return window != nullptr ? load(window->bytes + (address - window->low), size) : 0;
  }
  /// Returns what read() said before. Nothing happens outside the regions.
  std::uint64_t write(std::uint64_t address, std::uint64_t value, std::size_t size) {
    Window* window = find(address, size, last_written_);
    if (window == nullptr) return write_slowly(address, value, size);
    std::uint8_t* const bytes = window->bytes + (address - window->low);
    const std::uint64_t old = load(bytes, size);
    store(bytes, value, size);
    // Bit i: byte i of the first word; from bit 8 on, of the next.
    const unsigned mask = ((1U << size) - 1) << (address & 7);
    touch(*window, address, static_cast<std::uint8_t>(mask));
    if (mask > 0xff) touch(*window, address + size - 1, static_cast<std::uint8_t>(mask >> 8));
    return old;
  }
  void write_bytes(std::uint64_t address, std::span<const std::uint8_t> bytes);

  /// Forgets which words were written, and begins anew.
  void mark();
  /// The words written since the last mark, by their frames' addresses.
  [[nodiscard]] TouchedWords touched() const;

  /// Lays memory out as that address space sees it, by the page tables as they are now. Does nothing where there is
  /// one space only.
  void lay_out(std::uint32_t space);
  /// Every frame at its own address: as a state begins.
  void lay_flat();
  [[nodiscard]] std::uint32_t space() const { return space_; }
  /// The address by which a byte is known whatever is laid out: that of its frame. Its own inverse.
  [[nodiscard]] std::uint64_t physical(std::uint64_t address) const {
    if (places_.empty()) return address;
    const auto found = places_.find(address / emu::kPageSize);
    return found == places_.end() ? address : found->second * emu::kPageSize + address % emu::kPageSize;
  }
  [[nodiscard]] bool is_flat() const { return places_.empty(); }
  [[nodiscard]] const std::optional<SpaceLayout>& layout() const { return layout_; }

  /// Overwrites whole pages and the like without counting it as written by a step.
  emu::Memory& raw_memory() { return state_.memory; }

 private:
  struct Window {
    std::uint64_t low = 0;
    std::uint64_t size = 0;
    std::uint8_t* bytes = nullptr;
    /// Per word: the last mark under which it was written, and in the low 8 bits which of its bytes were.
    std::vector<std::uint32_t> touches;
  };
  static constexpr std::uint32_t kMarks = 1 << 24;

  // Sizes of one access; those that are no constant would each be a call of memcpy.
  static std::uint64_t load(const std::uint8_t* bytes, std::size_t size) {
    std::uint64_t value = 0;
    switch (size) {
      case 8:
        std::memcpy(&value, bytes, 8);
        break;
      case 4:
        std::memcpy(&value, bytes, 4);
        break;
      default:
        std::memcpy(&value, bytes, size);
    }
    return value;
  }
  static void store(std::uint8_t* bytes, std::uint64_t value, std::size_t size) {
    switch (size) {
      case 8:
        std::memcpy(bytes, &value, 8);
        break;
      case 4:
        std::memcpy(bytes, &value, 4);
        break;
      default:
        std::memcpy(bytes, &value, size);
    }
  }

  /// `last`: where the window was the last time, most often the one again.
  Window* find(std::uint64_t address, std::size_t size, Window*& last) {
    if (address - last->low < last->size && size <= last->size - (address - last->low)) return last;
    return find_slowly(address, size, last);
  }
  Window* find_slowly(std::uint64_t address, std::size_t size, Window*& last);
  std::uint64_t write_slowly(std::uint64_t address, std::uint64_t value, std::size_t size);
  void touch(Window& window, std::uint64_t address, std::uint8_t mask) {
    if (window.touches.empty()) window.touches.resize(window.size / 8);  // written though it is not writable
    std::uint32_t& touched = window.touches[(address - window.low) / 8];
    if (touched >> 8 != current_mark_) {
      touched = current_mark_ << 8;
      touched_.push_back(address / 8);
    }
    touched |= mask;
  }

  void exchange(const SpaceLayout::Moved& moved);
  void exchange(std::uint64_t left, std::uint64_t right);

  MachineState state_;
  std::optional<SpaceLayout> layout_;
  std::uint32_t space_ = 0;
  SpaceLayout::Moved moved_;
  std::unordered_map<std::uint64_t, std::uint64_t> places_;  ///< moved_ in pages, both ways
  std::vector<Window> windows_;
  Window* last_read_ = nullptr;
  Window* last_written_ = nullptr;
  std::uint32_t current_mark_ = 1;      ///< below kMarks
  std::vector<std::uint64_t> touched_;  ///< address / 8 as it is laid out, each once, in the order of first writing
};

}  // namespace fiberscope::core
