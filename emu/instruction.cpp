#include "emu/instruction.h"

namespace fiberscope::emu {

Address effective_address(const MemoryOperand& operand, const RegisterFile& before, Address next_instruction) {
  std::uint64_t address = static_cast<std::uint64_t>(operand.displacement);
  if (operand.base) address += *operand.base == Register::rip ? next_instruction.value : before[*operand.base];
  if (operand.index) address += before[*operand.index] * operand.scale;
  if (operand.segment_base) address += before[*operand.segment_base];
  return Address{address};
}

}  // namespace fiberscope::emu
