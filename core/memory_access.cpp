#include "core/memory_access.h"

#include <algorithm>

namespace fiberscope::core {
namespace {

using emu::Address;
using emu::Register;

constexpr std::uint64_t kDirectionFlag = 1 << 10;
constexpr std::uint64_t kNarrow = 0xffffffff;
constexpr std::uint32_t kWord = 8;

}  // namespace

std::string_view to_string(AccessKind kind) {
  switch (kind) {
    case AccessKind::fetch:
      return "fetch";
    case AccessKind::read:
      return "read";
    case AccessKind::write:
      return "write";
    case AccessKind::prefetch:
      break;
  }
  return "prefetch";
}

const AccessReader::Plan& AccessReader::plan_of(std::uint32_t instruction) {
  if (instruction >= plans_.size()) plans_.resize(trace_.templates().size());
  std::optional<Plan>& known = plans_[instruction];
  if (known) return *known;
  Plan& plan = known.emplace();
  const StepTemplate& step = trace_.templates()[instruction];
  const std::span<const std::uint8_t> bytes(step.bytes.data(), step.size);
  plan.decoded = disassembler_.decode(Address{step.address}, bytes);
  if (plan.decoded) plan.operands = operand_list(*plan.decoded, bytes);
  return plan;
}

std::uint64_t AccessReader::address_of(const Plan& plan, const emu::MemoryOperand& operand) const {
  const emu::RegisterFile& before = current_.before;
  emu::MemoryOperand plain = operand;
  plain.segment_base.reset();
  std::uint64_t address = emu::effective_address(plain, before, plan.decoded->address + plan.decoded->size).value;
  if (plan.operands.adds_al) address += before[Register::rax] & 0xff;
  if (plan.operands.narrow_addresses) address &= kNarrow;
  if (operand.segment_base) address += before[*operand.segment_base];
  if (plan.operands.bit_offset) {
    // The register is a signed number of bits, of the operand's width; the access is one operand at the word it names.
    const std::uint32_t bits = operand.size * 8;
    const unsigned shift = 64 - bits;
    const auto offset =
        static_cast<std::int64_t>(before[*plan.operands.bit_offset] << shift) >> static_cast<int>(shift);
    const std::int64_t words = (offset - static_cast<std::int64_t>(static_cast<std::uint64_t>(offset) % bits)) / bits;
    address += static_cast<std::uint64_t>(words * operand.size);
  }
  return address;
}

void AccessReader::add_operand(const Plan& plan, const emu::MemoryOperand& operand, AccessKind kind,
                               std::uint64_t elements) {
  std::uint64_t address = address_of(plan, operand);
  const bool down = (current_.before[Register::rflags] & kDirectionFlag) != 0;
  const std::uint64_t stride = down ? -std::uint64_t{operand.size} : std::uint64_t{operand.size};
  for (std::uint64_t i = 0; i < elements; ++i, address += stride)
    current_.accesses.push_back({kind, Address{address}, operand.size, false});
}

void AccessReader::add_copied_frames(const Plan& plan) {
  for (std::uint32_t i = 1; i <= plan.operands.copied_frames; ++i)
    current_.accesses.push_back(
        {AccessKind::read, Address{current_.before[Register::rbp] - std::uint64_t{kWord} * i}, kWord, false});
}

void AccessReader::add_writes(const Plan& plan, std::span<const MemoryChange> written, std::uint64_t elements) {
  const std::size_t first = current_.accesses.size();
  for (const emu::MemoryOperand& operand : plan.operands.writes)
    add_operand(plan, operand, AccessKind::write, elements);
  // The operands count only where they cover what was written and nothing else.
  std::uint64_t forecast = 0;
  for (std::size_t i = first; i < current_.accesses.size(); ++i) forecast += current_.accesses[i].size;
  std::uint64_t actual = 0;
  bool inside = true;
  for (const MemoryChange& change : written) {
    actual += change.size;
    inside &= std::any_of(plan.operands.writes.begin(), plan.operands.writes.end(), [&](const auto& operand) {
      const std::uint64_t at = address_of(plan, operand);
      const std::uint64_t length = operand.size * elements;
      const bool down = plan.operands.repeats && (current_.before[Register::rflags] & kDirectionFlag) != 0;
      const std::uint64_t low = down ? at + operand.size - length : at;
      return change.address.value - low < length && change.size <= length - (change.address.value - low);
    });
  }
  if (inside && actual == forecast) return;
  current_.accesses.resize(first);
  for (const MemoryChange& change : written)
    current_.accesses.push_back({AccessKind::write, change.address, change.size, false});
}

const AccessedStep& AccessReader::at(StepIndex step) {
  current_.step = step;
  current_.before = trace_.state_at(step - 1).registers;
  const StepEffects& effects = trace_.effects_of(step);
  const Plan& plan = plan_of(effects.instruction);
  const bool has_events = !effects.events.empty();
  const std::size_t own_registers = has_events ? effects.event_starts.front().registers : effects.registers.size();
  const std::size_t own_writes = has_events ? effects.event_starts.front().memory : effects.memory.size();
  const StepTemplate& code = trace_.templates()[effects.instruction];

  current_.instruction = effects.instruction;
  current_.decoded = plan.decoded ? &*plan.decoded : nullptr;
  current_.rip_alone = has_events ? effects.events.front().rip_before.value : effects.rip_after;
  current_.rsp_alone = current_.before[Register::rsp];
  std::uint64_t rcx = current_.before[Register::rcx];
  for (std::size_t i = 0; i < own_registers; ++i) {
    if (effects.registers[i].reg == Register::rsp) current_.rsp_alone = effects.registers[i].new_value;
    if (effects.registers[i].reg == Register::rcx) rcx = effects.registers[i].new_value;
  }
  current_.accesses.clear();
  current_.accesses.push_back({AccessKind::fetch, Address{code.address}, code.size, false});
  std::uint64_t elements = 1;
  if (plan.operands.repeats) elements = current_.before[Register::rcx] - rcx;
  if (plan.operands.repeats && plan.operands.narrow_addresses) elements &= kNarrow;
  for (const emu::MemoryOperand& operand : plan.operands.reads) add_operand(plan, operand, AccessKind::read, elements);
  for (const emu::MemoryOperand& operand : plan.operands.prefetches)
    add_operand(plan, operand, AccessKind::prefetch, elements);
  add_copied_frames(plan);
  const std::span<const MemoryChange> written(effects.memory);
  add_writes(plan, written.first(own_writes), elements);

  current_.events = effects.events;
  current_.event_rsp.clear();
  current_.rsp_after = current_.rsp_alone;
  for (std::size_t event = 0; event < effects.events.size(); ++event) {
    const bool is_last = event + 1 == effects.events.size();
    const std::size_t end = is_last ? effects.registers.size() : effects.event_starts[event + 1].registers;
    for (std::size_t i = effects.event_starts[event].registers; i < end; ++i)
      if (effects.registers[i].reg == Register::rsp) current_.rsp_after = effects.registers[i].new_value;
    current_.event_rsp.push_back(current_.rsp_after);
  }
  for (const MemoryChange& change : written.subspan(own_writes))
    current_.accesses.push_back({AccessKind::write, change.address, change.size, true});
  return current_;
}

}  // namespace fiberscope::core
