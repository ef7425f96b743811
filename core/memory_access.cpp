#include "core/memory_access.h"

#include <algorithm>

namespace fiberscope::core {
namespace {

using emu::Address;
using emu::Register;

constexpr std::uint64_t kDirectionFlag = 1 << 10;
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

void AccessReader::add_operand(const DecodedStep& code, const emu::MemoryOperand& operand, AccessKind kind,
                               std::uint64_t elements) {
  std::uint64_t address = code.address_of(operand, current_.before).value;
  const bool down = (current_.before[Register::rflags] & kDirectionFlag) != 0;
  const std::uint64_t stride = down ? -std::uint64_t{operand.size} : std::uint64_t{operand.size};
  for (std::uint64_t i = 0; i < elements; ++i, address += stride)
    current_.accesses.push_back({kind, Address{address}, operand.size, false});
}

void AccessReader::add_copied_frames(const DecodedStep& code) {
  for (std::uint32_t i = 1; i <= code.operands.copied_frames; ++i)
    current_.accesses.push_back(
        {AccessKind::read, Address{current_.before[Register::rbp] - std::uint64_t{kWord} * i}, kWord, false});
}

void AccessReader::add_writes(const DecodedStep& code, std::span<const MemoryChange> written, std::uint64_t elements) {
  const std::size_t first = current_.accesses.size();
  for (const emu::MemoryOperand& operand : code.operands.writes)
    add_operand(code, operand, AccessKind::write, elements);
  // The operands count only where they cover what was written and nothing else.
  const std::vector<emu::AddressRange> forecast = code.write_ranges(current_.before, elements);
  std::uint64_t foretold = 0;
  for (const emu::AddressRange& range : forecast) foretold += range.size();
  std::uint64_t actual = 0;
  bool inside = true;
  for (const MemoryChange& change : written) {
    actual += change.size;
    inside &= std::any_of(forecast.begin(), forecast.end(), [&](const emu::AddressRange& range) {
      return range.low <= change.address && change.address + change.size <= range.high;
    });
  }
  if (inside && actual == foretold) return;
  current_.accesses.resize(first);
  for (const MemoryChange& change : written)
    current_.accesses.push_back({AccessKind::write, change.address, change.size, false});
}

const AccessedStep& AccessReader::at(StepIndex step) {
  current_.step = step;
  current_.before = trace_.state_before(step).registers;
  const StepEffects& effects = trace_.effects_of(step);
  const DecodedStep& decoded = trace_.decoded(effects.instruction);
  const StepTemplate& code = trace_.templates()[effects.instruction];

  current_.instruction = effects.instruction;
  current_.decoded = decoded.instruction ? &*decoded.instruction : nullptr;
  current_.rip_alone = effects.rip_alone();
  current_.rsp_alone = current_.before[Register::rsp];
  std::uint64_t rcx = current_.before[Register::rcx];
  for (const RegisterChange& change : effects.own_registers()) {
    if (change.reg == Register::rsp) current_.rsp_alone = change.new_value;
    if (change.reg == Register::rcx) rcx = change.new_value;
  }
  current_.accesses.clear();
  current_.accesses.push_back({AccessKind::fetch, Address{code.address}, code.size, false});
  const std::uint64_t elements = decoded.elements(current_.before[Register::rcx], rcx);
  for (const emu::MemoryOperand& operand : decoded.operands.reads)
    add_operand(decoded, operand, AccessKind::read, elements);
  for (const emu::MemoryOperand& operand : decoded.operands.prefetches)
    add_operand(decoded, operand, AccessKind::prefetch, elements);
  add_copied_frames(decoded);
  add_writes(decoded, effects.own_memory(), elements);

  current_.events = effects.events;
  current_.event_rsp.clear();
  current_.rsp_after = current_.rsp_alone;
  for (std::size_t event = 0; event < effects.events.size(); ++event) {
    const bool is_last = event + 1 == effects.events.size();
    const std::size_t end = is_last ? effects.registers.size() : effects.event_starts[event + 1].registers;
    for (std::size_t i = effects.event_starts[event].registers; i < end && effects.events[event].cpu == effects.cpu;
         ++i)
      if (effects.registers[i].reg == Register::rsp) current_.rsp_after = effects.registers[i].new_value;
    current_.event_rsp.push_back(current_.rsp_after);
  }
  for (StepAccess& access : current_.accesses) access.cpu = effects.cpu;
  std::size_t event = 0;
  for (std::size_t i = effects.own_memory().size(); i < effects.memory.size(); ++i) {
    while (event + 1 < effects.events.size() && effects.event_starts[event + 1].memory <= i) ++event;
    const MemoryChange& change = effects.memory[i];
    if (!trace_.is_hidden(change.address))  // a kernel's books are a model
      current_.accesses.push_back({AccessKind::write, change.address, change.size, true, effects.events[event].cpu});
  }
  return current_;
}

}  // namespace fiberscope::core
