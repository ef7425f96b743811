#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "emu/instruction.h"

namespace fiberscope::core {

/// The memory operands of one instruction as the manual has them (Intel SDM vol. 2), by opcode where the disassembler's
/// own list is wrong: it calls the targets of setcc, fst or movaps read, knows no size of frstor, comiss or lfs, and
/// nothing of xlat, enter, far returns and repeated words. What is written is only a forecast here: a trace knows
/// better.
struct OperandList {
  std::vector<emu::MemoryOperand> reads;
  std::vector<emu::MemoryOperand> writes;
  std::vector<emu::MemoryOperand> prefetches;
  /// A string instruction: all of the above are its first element, and the others follow by `size` bytes.
  bool is_string = false;
  bool repeats = false;
  /// bt, bts, btr, btc: the number of the bit, counted from the operand, whatever its size.
  std::optional<emu::Register> bit_offset;
  bool adds_al = false;             ///< xlat: al is added to the address
  std::uint32_t copied_frames = 0;  ///< enter: frame pointers read from below rbp
  bool narrow_addresses = false;    ///< a prefix cuts base + index + displacement to 32 bits
};

OperandList operand_list(const emu::Instruction& instruction, std::span<const std::uint8_t> bytes);

}  // namespace fiberscope::core
