#include <algorithm>

#include "core/chunk.h"
#include "core/forecast.h"
#include "core/zstd_codec.h"

namespace fiberscope::core {
namespace {

using emu::Register;

constexpr std::size_t kRsp = emu::slot(Register::rsp);

}  // namespace

void StepEffects::clear() {
  instruction = 0;
  cpu = {};
  registers.clear();
  memory.clear();
  events.clear();
  event_starts.clear();
  rip_before = 0;
  rip_after = 0;
}

std::vector<RegisterChange> StepEffects::registers_of(CpuId processor) const {
  std::vector<RegisterChange> result;
  if (processor == cpu) result.assign(own_registers().begin(), own_registers().end());
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].cpu != processor) continue;
    const std::size_t end = i + 1 < events.size() ? event_starts[i + 1].registers : registers.size();
    for (std::size_t at = event_starts[i].registers; at < end; ++at) result.push_back(registers[at]);
  }
  return result;
}

std::uint64_t StepEffects::rip_alone() const {
  for (const ChunkEvent& event : events)
    if (event.cpu == cpu) return event.rip_before.value;
  return rip_after;
}

ChunkDecoder::ChunkDecoder(const Chunk& chunk, const std::vector<StepTemplate>& templates, StepState& state,
                           StepEffects* head)
    : chunk_(chunk), templates_(templates), state_(state), body_(decompress(chunk.body, chunk.body_size)) {
  VarintReader body(body_);
  const auto stream = [&body] { return body.get_bytes(body.get()); };
  flow_ = FlowReader(stream(), templates.size(), chunk.registers.size(), chunk.cpu.value);
  for (VarintReader* values : {&values_, &writes_, &events_}) *values = VarintReader(stream());
  state_.set_all_registers(chunk.cpu, chunk.registers);
  state_.lay_out(chunk.space);
  read_flow(state_.registers()[Register::rip]);
  apply_events(head);
}

void ChunkDecoder::read_flow(std::uint64_t rip_behind) {
  while ((ahead_ = flow_.next()) == FlowReader::Item::cpu) {
    state_.registers()[Register::rip] = rip_behind + flow_.rip_distance();
    state_.select(CpuId{flow_.cpu()});
    rip_behind = state_.registers()[Register::rip];
  }
  if (ahead_ == FlowReader::Item::event) event_rip_before_ = events_.get();
}

/// Stands behind an event only.
void ChunkDecoder::change_space() {
  while (ahead_ == FlowReader::Item::space) {
    state_.lay_out(flow_.space());
    read_flow(state_.registers()[Register::rip]);
  }
}

std::uint64_t ChunkDecoder::rip_before_next() {
  switch (ahead_) {
    case FlowReader::Item::step:
    case FlowReader::Item::explicit_step:
      return templates_[flow_.instruction()].address;
    case FlowReader::Item::event:
      return event_rip_before_;
    case FlowReader::Item::cpu:  // neither is ever the next one
    case FlowReader::Item::space:
    case FlowReader::Item::end:
      break;
  }
  return chunk_.rip_after;
}

bool ChunkDecoder::next(StepEffects* effects) {
  if (ahead_ == FlowReader::Item::end) return false;
  const CpuId cpu{flow_.cpu()};
  state_.select(cpu);  // whoever looked at the state may have looked at another one
  const StepTemplate& step = templates_[flow_.instruction()];
  emu::RegisterFile& registers = state_.registers();
  if (effects != nullptr) {
    effects->clear();
    effects->instruction = flow_.instruction();
    effects->cpu = cpu;
    effects->rip_before = step.address;
  }
  const std::uint64_t source = foretold_source(step, state_);
  apply_writes(step, ahead_ == FlowReader::Item::step, source, effects);
  for (const std::uint8_t slot : step.slots) {
    const std::uint64_t old = registers.slots[slot];
    std::uint64_t value = 0;
    if (slot < emu::kGeneralRegisters) {
      value = (slot == step.target_slot ? source : old) + static_cast<std::uint64_t>(values_.get_signed());
    } else {
      value = old ^ values_.get();
    }
    if (value == old) continue;
    registers.slots[slot] = value;
    if (effects != nullptr) effects->registers.push_back({static_cast<Register>(slot), old, value});
  }
  ++done_;
  if (done_ > chunk_.steps) throw CorruptData("a chunk holds more steps than its entry says");
  read_flow(step.next_address());
  // Where another processor goes on, the change to it has told where this one stands.
  if (state_.cpu() == cpu) registers[Register::rip] = rip_before_next();
  if (effects != nullptr) effects->rip_after = state_.machine().of(cpu)[Register::rip];
  apply_events(effects);
  return true;
}

void ChunkDecoder::apply_writes(const StepTemplate& step, bool expected, std::uint64_t source, StepEffects* effects) {
  const emu::RegisterFile& registers = state_.registers();
  if (!expected) {
    const std::uint64_t base = registers.slots[kRsp];
    for (std::uint64_t count = writes_.get(); count > 0; --count) apply_explicit_write(base, effects);
    return;
  }
  for (std::size_t i = 0; i < step.writes.size(); ++i) {
    const OperandAddress& operand = step.writes[i];
    const bool foretold =
        i == 0 && step.source != StepTemplate::Source::none && step.target_slot == OperandAddress::kNone;
    const std::uint64_t address =
        operand_address(operand, registers, step.next_address()) + static_cast<std::uint64_t>(writes_.get_signed());
    const std::uint64_t forecast = foretold ? source : state_.read(address, operand.size);
    store(address, truncated(forecast + static_cast<std::uint64_t>(writes_.get_signed()), operand.size), operand.size,
          effects);
  }
}

void ChunkDecoder::apply_explicit_write(std::uint64_t base, StepEffects* effects) {
  const std::uint64_t size = writes_.get();
  std::uint64_t address = base + static_cast<std::uint64_t>(writes_.get_signed());
  if (size == emu::kBlockWrite) {
    auto bytes = writes_.get_bytes(writes_.get());
    while (!bytes.empty()) {
      const std::size_t count = std::min<std::size_t>(bytes.size(), 8 - address % 8);
      std::uint64_t value = 0;
      std::memcpy(&value, bytes.data(), count);
      store(address, value, count, effects);
      bytes = bytes.subspan(count);
      address += count;
    }
    return;
  }
  if (size == 0 || size > 8) throw CorruptData("a write has an impossible size");
  store(address, truncated(state_.read(address, size) + static_cast<std::uint64_t>(writes_.get_signed()), size), size,
        effects);
}

void ChunkDecoder::store(std::uint64_t address, std::uint64_t value, std::size_t size, StepEffects* effects) {
  const std::size_t left = emu::kPageSize - address % emu::kPageSize;
  if (size > left && !state_.is_flat()) {
    // Two frames.
    store(address, truncated(value, left), left, effects);
    store(address + left, value >> (8 * left), size - left, effects);
    return;
  }
  if (effects != nullptr)
    effects->memory.push_back({emu::Address{address}, static_cast<std::uint8_t>(size), state_.read(address, size),
                               value, emu::Address{state_.physical(address)}});
  state_.write(address, value, size);
}

void ChunkDecoder::apply_events(StepEffects* effects) {
  emu::RegisterFile& registers = state_.registers();
  while (ahead_ == FlowReader::Item::event) {
    ChunkEvent event;
    event.step = chunk_.first + done_;
    event.rip_before = emu::Address{event_rip_before_};
    event.cpu = state_.cpu();
    registers[Register::rip] = event_rip_before_;
    event.kind = static_cast<emu::EventKind>(events_.get());
    event.vector = static_cast<std::uint32_t>(events_.get());
    event.error_code = static_cast<std::uint32_t>(events_.get());
    if (effects != nullptr) effects->event_starts.push_back({effects->registers.size(), effects->memory.size()});
    const std::uint64_t base = registers.slots[kRsp];
    for (std::uint64_t count = writes_.get(); count > 0; --count) apply_explicit_write(base, effects);
    for (std::uint64_t count = events_.get(); count > 0; --count) {
      const std::uint64_t slot = events_.get();
      if (slot >= emu::kRegisterSlots) throw CorruptData("an event names an unknown register");
      const std::uint64_t old = registers.slots[slot];
      registers.slots[slot] = old ^ events_.get();
      if (effects != nullptr) effects->registers.push_back({static_cast<Register>(slot), old, registers.slots[slot]});
    }
    if (effects != nullptr) {
      effects->events.push_back(event);
      if (event.cpu == effects->cpu) effects->rip_after = registers[Register::rip];
    }
    read_flow(registers[Register::rip]);
    change_space();
  }
}

std::vector<std::uint32_t> instructions_of(const Chunk& chunk, std::size_t templates) {
  const std::vector<std::uint8_t> bytes = decompress(chunk.body, chunk.body_size);
  VarintReader body(bytes);
  FlowReader flow(body.get_bytes(body.get()), templates, chunk.registers.size(), chunk.cpu.value);
  std::vector<std::uint32_t> instructions;
  instructions.reserve(std::min(chunk.steps, kChunkSteps));
  for (auto item = flow.next(); item != FlowReader::Item::end; item = flow.next())
    if (item == FlowReader::Item::step || item == FlowReader::Item::explicit_step)
      instructions.push_back(flow.instruction());
  if (instructions.size() != chunk.steps)
    throw CorruptData("a chunk holds another number of steps than its entry says");
  return instructions;
}

ChunkProcessors processors_of(const Chunk& chunk, std::size_t templates) {
  const std::vector<std::uint8_t> bytes = decompress(chunk.body, chunk.body_size);
  VarintReader body(bytes);
  FlowReader flow(body.get_bytes(body.get()), templates, chunk.registers.size(), chunk.cpu.value);
  ChunkProcessors processors;
  for (auto item = flow.next(); item != FlowReader::Item::end; item = flow.next()) {
    if (item == FlowReader::Item::cpu) continue;
    const bool event = item == FlowReader::Item::event;
    (event ? processors.events : processors.steps).push_back(flow.cpu());
    if (!event) processors.instructions.push_back(flow.instruction());
  }
  processors.last = flow.cpu();
  if (processors.steps.size() != chunk.steps)
    throw CorruptData("a chunk holds another number of steps than its entry says");
  return processors;
}

}  // namespace fiberscope::core
