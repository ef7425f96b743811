#include "core/step_template.h"

#include <algorithm>

#include "core/varint.h"

namespace fiberscope::core {
namespace {

std::uint8_t slot_or_none(const std::optional<emu::Register>& reg) {
  return reg ? static_cast<std::uint8_t>(emu::slot(*reg)) : OperandAddress::kNone;
}

OperandAddress operand_of(const emu::MemoryOperand& operand) {
  OperandAddress result;
  result.base = slot_or_none(operand.base);
  result.index = slot_or_none(operand.index);
  result.segment = slot_or_none(operand.segment_base);
  result.scale = operand.scale;
  result.size = static_cast<std::uint8_t>(std::min<std::uint32_t>(operand.size, 8));
  result.displacement = operand.displacement;
  return result;
}

void add_writes(StepTemplate& step, const emu::Instruction& instruction) {
  if (instruction.is_string) return;
  for (const emu::MemoryOperand& operand : instruction.memory) {
    if (!operand.is_write) continue;
    const bool whole =
        operand.size == 1 || operand.size == 2 || operand.size == 4 || operand.size == 8 || operand.size == 16;
    if (!whole) continue;
    OperandAddress write = operand_of(operand);
    step.writes.push_back(write);
    if (operand.size == 16) {
      write.displacement += 8;
      step.writes.push_back(write);
    }
  }
}

void add_source(StepTemplate& step, const emu::Instruction& instruction) {
  if (instruction.flow == emu::Flow::call && !step.writes.empty()) {
    step.source = StepTemplate::Source::constant;
    step.constant = step.next_address();
    return;
  }
  if (!instruction.transfer) return;
  const emu::Transfer& transfer = *instruction.transfer;
  if (transfer.to_memory && step.writes.empty()) return;
  if (transfer.to_register) step.target_slot = slot_or_none(transfer.to_register);
  step.source_size = transfer.size;
  if (transfer.from_register) {
    step.source = StepTemplate::Source::reg;
    step.source_slot = slot_or_none(transfer.from_register);
  } else if (transfer.from_memory && transfer.size <= 8) {
    step.source = StepTemplate::Source::memory;
    step.source_memory = operand_of(*transfer.from_memory);
    step.source_memory.size = transfer.size;
  }
}

void put_operand(VarintWriter& out, const OperandAddress& operand) {
  for (const std::uint8_t field : {operand.base, operand.index, operand.segment, operand.scale, operand.size})
    out.put(field);
  out.put_signed(operand.displacement);
}

OperandAddress get_operand(VarintReader& in) {
  OperandAddress operand;
  for (std::uint8_t* field : {&operand.base, &operand.index, &operand.segment, &operand.scale, &operand.size})
    *field = static_cast<std::uint8_t>(in.get());
  operand.displacement = in.get_signed();
  for (const std::uint8_t reg : {operand.base, operand.index, operand.segment})
    if (reg != OperandAddress::kNone && reg >= emu::kRegisterSlots)
      throw CorruptData("an operand names an unknown register");
  if (operand.size == 0 || operand.size > 8) throw CorruptData("an operand has an impossible size");
  return operand;
}

std::vector<std::uint8_t> get_slots(VarintReader& in) {
  std::vector<std::uint8_t> slots(std::min<std::uint64_t>(in.get(), emu::kRegisterSlots));
  for (std::uint8_t& slot : slots) {
    slot = static_cast<std::uint8_t>(in.get());
    if (slot >= emu::kRegisterSlots) throw CorruptData("an instruction names an unknown register");
  }
  return slots;
}

void put_slots(VarintWriter& out, const std::vector<std::uint8_t>& slots) {
  out.put(slots.size());
  out.put_bytes(slots);
}

}  // namespace

StepTemplate make_template(const emu::Disassembler& disassembler, emu::Address address,
                           std::span<const std::uint8_t> bytes) {
  StepTemplate step;
  step.address = address.value;
  step.size = static_cast<std::uint8_t>(std::min(bytes.size(), step.bytes.size()));
  std::copy_n(bytes.begin(), step.size, step.bytes.begin());
  const emu::WriteSet set = disassembler.write_set(bytes.first(step.size));
  step.slots = set.slots();
  step.certain = set.certain_slots();
  if (const auto instruction = disassembler.decode(address, bytes.first(step.size))) {
    add_writes(step, *instruction);
    add_source(step, *instruction);
  }
  return step;
}

std::vector<std::uint8_t> serialize(const StepTemplate& step) {
  VarintWriter out;
  put_slots(out, step.slots);
  put_slots(out, step.certain);
  out.put(step.writes.size());
  for (const OperandAddress& write : step.writes) put_operand(out, write);
  out.put(static_cast<std::uint8_t>(step.source));
  out.put(step.source_size);
  out.put(step.target_slot);
  if (step.source == StepTemplate::Source::reg) out.put(step.source_slot);
  if (step.source == StepTemplate::Source::memory) put_operand(out, step.source_memory);
  if (step.source == StepTemplate::Source::constant) out.put(step.constant);
  return {out.bytes().begin(), out.bytes().end()};
}

StepTemplate deserialize_template(std::uint64_t address, std::span<const std::uint8_t> bytes,
                                  std::span<const std::uint8_t> form) {
  StepTemplate step;
  step.address = address;
  if (bytes.size() > emu::kMaxInstructionSize) throw CorruptData("an instruction is longer than 15 bytes");
  step.size = static_cast<std::uint8_t>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), step.bytes.begin());
  VarintReader in(form);
  step.slots = get_slots(in);
  step.certain = get_slots(in);
  const std::uint64_t writes = in.get();
  if (writes > 64) throw CorruptData("an instruction has too many writes");
  for (std::uint64_t i = 0; i < writes; ++i) step.writes.push_back(get_operand(in));
  const std::uint64_t source = in.get();
  if (source > static_cast<std::uint64_t>(StepTemplate::Source::constant))
    throw CorruptData("an unknown kind of source");
  step.source = static_cast<StepTemplate::Source>(source);
  step.source_size = static_cast<std::uint8_t>(in.get());
  step.target_slot = static_cast<std::uint8_t>(in.get());
  if (step.source_size == 0 || step.source_size > 8) throw CorruptData("a source has an impossible size");
  if (step.source == StepTemplate::Source::reg) step.source_slot = static_cast<std::uint8_t>(in.get());
  if (step.source == StepTemplate::Source::memory) step.source_memory = get_operand(in);
  if (step.source == StepTemplate::Source::constant) step.constant = in.get();
  if (step.source_slot >= emu::kRegisterSlots) throw CorruptData("a source names an unknown register");
  return step;
}

}  // namespace fiberscope::core
