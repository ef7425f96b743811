#include "core/export/record_walk.h"

#include <algorithm>

#include "core/varint.h"

namespace fiberscope::core {
namespace {

class Walk {
 public:
  Walk(Trace& trace, RecordVisitor& visitor) : trace_(trace), visitor_(visitor), texts_(trace) {}

  void run() {
    for (std::uint16_t i = 0; i < trace_.processors(); ++i)
      cpus_.push_back(
          {trace_.state_at(StepIndex{0}, CpuId{i}).registers[emu::Register::rsp], trace_.first_owner(CpuId{i})});
    const emu::RegisterFile start = trace_.state_at(StepIndex{0}).registers;
    for (; next_event_ < trace_.events().size() && trace_.events()[next_event_].event.step == StepIndex{0};
         ++next_event_)
      tell_event(StepIndex{0}, {}, {});
    tell_output(StepIndex{0});
    tell_switches(StepIndex{0}, std::nullopt, CpuId{}, cpus_.front().rsp);
    visitor_.on_cursor(StepIndex{0}, CpuId{}, start);
    for (StepIndex step{1}; step <= trace_.steps(); step = step + 1) tell_step(step);
  }

 private:
  void tell_step(StepIndex step) {
    const StepEffects& effects = trace_.effects_of(step);
    const std::size_t own_registers =
        effects.events.empty() ? effects.registers.size() : effects.event_starts.front().registers;
    const std::size_t own_memory = effects.events.empty() ? effects.memory.size() : effects.event_starts.front().memory;
    StepRecord record;
    record.step = step;
    record.cpu = effects.cpu;
    Processor& cpu = cpus_.at(effects.cpu.value);
    record.thread = cpu.thread;
    record.template_index = effects.instruction;
    record.instruction = &texts_.of(effects.instruction);
    record.registers = std::span(effects.registers).first(own_registers);
    record.memory = std::span(effects.memory).first(own_memory);
    record.rip = effects.rip_alone();
    const std::uint64_t rsp_before = cpu.rsp;
    follow_rsp(cpu, record.registers);
    record.rsp = cpu.rsp;
    visitor_.on_step(record);
    tell_output(step);
    const bool last = effects.events.empty();
    tell_switches(step, last ? std::nullopt : std::optional(emu::Address{effects.rip_before}), effects.cpu, rsp_before);
    for (std::size_t i = 0; i < effects.events.size(); ++i) {
      const bool is_last = i + 1 == effects.events.size();
      const StepEffects::EventStart from = effects.event_starts[i];
      const StepEffects::EventStart to = is_last
                                             ? StepEffects::EventStart{effects.registers.size(), effects.memory.size()}
                                             : effects.event_starts[i + 1];
      const auto registers = std::span(effects.registers).subspan(from.registers, to.registers - from.registers);
      const CpuId event_cpu = effects.events[i].cpu;
      const std::uint64_t before = cpus_.at(event_cpu.value).rsp;
      follow_rsp(cpus_[event_cpu.value], registers);
      tell_event(step, registers, std::span(effects.memory).subspan(from.memory, to.memory - from.memory));
      tell_switches(step, is_last ? std::nullopt : std::optional(effects.events[i].rip_before), event_cpu, before);
    }
    visitor_.on_cursor(step, record.cpu, trace_.state_at(step).registers);
  }

  struct Processor {
    std::uint64_t rsp = 0;
    std::optional<ThreadId> thread;
  };

  static void follow_rsp(Processor& cpu, std::span<const RegisterChange> changes) {
    for (const RegisterChange& change : changes)
      if (change.reg == emu::Register::rsp) cpu.rsp = change.new_value;
  }

  void tell_event(StepIndex step, std::span<const RegisterChange> registers, std::span<const MemoryChange> memory) {
    const std::vector<EventRecord>& events = trace_.events();
    if (step.value > 0) {
      if (next_event_ >= events.size() || events[next_event_].event.step != step)
        throw CorruptData("the steps hold an event that the table of events does not");
    }
    const EventRecord& event = events[next_event_];
    visitor_.on_event({&event, cpus_.at(event.event.cpu.value).thread, registers, memory});
    if (step.value > 0) ++next_event_;
  }

  /// Those of the step that the record at `address` made; all that are left where nothing else of the step follows.
  void tell_switches(StepIndex step, std::optional<emu::Address> address, CpuId cpu, std::uint64_t rsp_before) {
    const std::vector<Switch>& switches = trace_.switches();
    for (; next_switch_ < switches.size() && switches[next_switch_].step <= step; ++next_switch_) {
      const Switch& entry = switches[next_switch_];
      const std::uint64_t rsp = cpus_[cpu.value].rsp;
      if (address && (entry.cpu != cpu || entry.address != *address || rsp_before == rsp)) return;
      visitor_.on_switch({&entry, rsp_before, rsp});
      cpus_.at(entry.cpu.value).thread = entry.to;
    }
  }

  void tell_output(StepIndex step) {
    const std::vector<OutputRecord>& output = trace_.output();
    for (; next_output_ < output.size() && output[next_output_].step <= step; ++next_output_)
      visitor_.on_output(output[next_output_]);
  }

  Trace& trace_;
  RecordVisitor& visitor_;
  InstructionTexts texts_;
  std::vector<Processor> cpus_;  ///< as they are behind what has been told
  std::size_t next_event_ = 0;
  std::size_t next_switch_ = 0;
  std::size_t next_output_ = 0;
};

}  // namespace

void walk_records(Trace& trace, RecordVisitor& visitor) {
  Walk(trace, visitor).run();
}

}  // namespace fiberscope::core
