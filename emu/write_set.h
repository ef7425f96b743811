#pragma once
#include <bitset>
#include <cstdint>
#include <span>
#include <vector>

#include "emu/registers.h"

namespace fiberscope::emu {

/// The registers that one instruction may change, rip aside (every instruction changes that). Reading just these after
/// the step is enough to know the whole state: the recorder relies on it, and the tests hold it against reading
/// everything.
///
/// General registers and flags come from the decoder's own sets with corrections; xmm, mxcsr, x87, segments, bases and
/// control registers by opcode bytes, because the decoder misses many of those. In doubt a register is in the set.
class WriteSet {
 public:
  void add(Register reg) { members_.set(slot(reg)); }
  /// The instruction writes it in any case, be it with the value that was there.
  void add_certain(Register reg) {
    add(reg);
    certain_.set(slot(reg));
  }
  void add_general();
  void add_x87();
  void add_sse(bool all_xmm);
  void add_segments();
  void add_everything();

  [[nodiscard]] bool contains(Register reg) const { return members_.test(slot(reg)); }
  /// The members as slot numbers, ascending; rip is never one.
  [[nodiscard]] std::vector<std::uint8_t> slots() const;
  [[nodiscard]] std::vector<std::uint8_t> certain_slots() const;
  friend bool operator==(const WriteSet&, const WriteSet&) = default;

 private:
  std::bitset<kRegisterSlots> members_;
  std::bitset<kRegisterSlots> certain_;
};

/// The length of the legacy and REX prefixes, and what follows them.
struct OpcodeBytes {
  std::uint8_t rex = 0;
  bool lock = false;
  bool rep = false;           ///< F2 or F3
  std::uint8_t repeat = 0;    ///< which of them: the last one counts
  bool operand_size = false;  ///< 66
  bool redundant = false;     ///< a prefix that stands twice, or one behind REX
  std::uint8_t map = 0;       ///< 0: one byte; 1: 0F; 2: 0F38; 3: 0F3A
  std::uint8_t opcode = 0;
  std::uint8_t modrm = 0;  ///< 0 where the instruction ends before it
  bool complete = false;   ///< there was an opcode
};
OpcodeBytes opcode_bytes(std::span<const std::uint8_t> bytes);

}  // namespace fiberscope::emu
