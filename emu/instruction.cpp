#include "emu/instruction.h"

namespace fiberscope::emu {

Address effective_address(const MemoryOperand& operand, const RegisterFile& before, Address next_instruction) {
  std::uint64_t address = static_cast<std::uint64_t>(operand.displacement);
  if (operand.base) address += *operand.base == Register::rip ? next_instruction.value : before[*operand.base];
  if (operand.index) address += before[*operand.index] * operand.scale;
  if (operand.segment_base) address += before[*operand.segment_base];
  return Address{address};
}

AddressRange accessed_range(const Instruction& instruction, const MemoryOperand& operand, const RegisterFile& before,
                            std::uint64_t elements) {
  constexpr std::uint64_t kDirectionFlag = 1 << 10;
  const Address first = effective_address(operand, before, instruction.address + instruction.size);
  if (!instruction.repeats) return {first, first + operand.size};
  if (elements == 0) return {first, first};
  const std::uint64_t rest = (elements - 1) * operand.size;
  const bool down = (before[Register::rflags] & kDirectionFlag) != 0;
  return down ? AddressRange{first - rest, first + operand.size} : AddressRange{first, first + rest + operand.size};
}

}  // namespace fiberscope::emu
