#include "core/decoded_step.h"

namespace fiberscope::core {
namespace {

using emu::Address;
using emu::AddressRange;
using emu::Register;

constexpr std::uint64_t kDirectionFlag = 1 << 10;
constexpr std::uint64_t kNarrow = 0xffffffff;

}  // namespace

DecodedStep decode_step(const emu::Disassembler& disassembler, Address address, std::span<const std::uint8_t> bytes) {
  DecodedStep step;
  step.instruction = disassembler.decode(address, bytes);
  if (step.instruction) step.operands = operand_list(*step.instruction, bytes.first(step.instruction->size));
  return step;
}

std::uint64_t DecodedStep::elements(std::uint64_t rcx_before, std::uint64_t rcx_after) const {
  if (!operands.repeats) return 1;
  const std::uint64_t count = rcx_before - rcx_after;
  return operands.narrow_addresses ? count & kNarrow : count;
}

Address DecodedStep::address_of(const emu::MemoryOperand& operand, const emu::RegisterFile& before) const {
  emu::MemoryOperand plain = operand;
  plain.segment_base.reset();
  std::uint64_t address = emu::effective_address(plain, before, instruction->address + instruction->size).value;
  if (operands.adds_al) address += before[Register::rax] & 0xff;
  if (operands.narrow_addresses) address &= kNarrow;
  if (operand.segment_base) address += before[*operand.segment_base];
  if (operands.bit_offset) {
    // The register is a signed number of bits, of the operand's width; the access is one operand at the word it names.
    const std::uint32_t bits = operand.size * 8;
    const unsigned shift = 64 - bits;
    const auto offset = static_cast<std::int64_t>(before[*operands.bit_offset] << shift) >> static_cast<int>(shift);
    const std::int64_t words = (offset - static_cast<std::int64_t>(static_cast<std::uint64_t>(offset) % bits)) / bits;
    address += static_cast<std::uint64_t>(words * operand.size);
  }
  return Address{address};
}

void DecodedStep::add_range(std::vector<AddressRange>& ranges, const emu::MemoryOperand& operand,
                            const emu::RegisterFile& before, std::uint64_t elements) const {
  if (elements == 0) return;
  const Address first = address_of(operand, before);
  const std::uint64_t rest = (elements - 1) * operand.size;
  const bool down = operands.repeats && (before[Register::rflags] & kDirectionFlag) != 0;
  ranges.push_back(down ? AddressRange{first - rest, first + operand.size}
                        : AddressRange{first, first + rest + operand.size});
}

std::vector<AddressRange> DecodedStep::read_ranges(const emu::RegisterFile& before, std::uint64_t elements) const {
  std::vector<AddressRange> ranges;
  for (const emu::MemoryOperand& operand : operands.reads) add_range(ranges, operand, before, elements);
  if (operands.copied_frames > 0) {
    const Address rbp{before[Register::rbp]};
    ranges.push_back({rbp - std::uint64_t{8} * operands.copied_frames, rbp});
  }
  return ranges;
}

std::vector<AddressRange> DecodedStep::write_ranges(const emu::RegisterFile& before, std::uint64_t elements) const {
  std::vector<AddressRange> ranges;
  for (const emu::MemoryOperand& operand : operands.writes) add_range(ranges, operand, before, elements);
  return ranges;
}

}  // namespace fiberscope::core
