#include "core/story.h"

#include <fmt/format.h>

#include "core/expected_end.h"
#include "core/handoff.h"
#include "core/thread_names.h"
#include "core/unwinder.h"
#include "emu/shown_name.h"

namespace fiberscope::core {
namespace {

std::string counted(std::uint64_t count, std::string_view one, std::string_view several) {
  return fmt::format("{} {}", count, count == 1 ? one : several);
}

std::string_view why(SwitchReason reason) {
  switch (reason) {
    case SwitchReason::start:
      return "it starts the other one";
    case SwitchReason::dispatch:
      return "it lets the other one run";
    case SwitchReason::yield:
      return "it gives up the CPU";
    case SwitchReason::block:
      return "it must wait";
    case SwitchReason::wake:
      return "it woke the other one";
    case SwitchReason::exit:
      return "it has ended";
    case SwitchReason::timer:
      return "the timer interrupted it";
    case SwitchReason::signal:
      return "a signal was delivered";
    case SwitchReason::kernel:
      return "by way of the kernel";
    case SwitchReason::unknown:
      break;
  }
  return "reason unknown";
}

class Storyteller {
 public:
  explicit Storyteller(Trace& trace) : trace_(trace), names_(trace), unwinder_(trace.image(), trace.debug()) {}

  std::string tell(const Scenario* scenario) {
    text_ = describe_run(trace_) + "\n";
    std::size_t number = 0;
    for (const Switch& entry : trace_.switches()) {
      tell_output(entry.step);
      tell_switch(++number, entry);
    }
    tell_output(trace_.steps());
    end_output_line();
    if (trace_.stop()) {
      text_ += fmt::format("\nstep {}: the run ends: {}\n", trace_.steps().value, trace_.stop()->message);
      if (scenario != nullptr) text_ += fmt::format("This is {}.\n", compare_end(scenario->expected, trace_));
    }
    return std::move(text_);
  }

 private:
  void tell_switch(std::size_t number, const Switch& entry) {
    const std::string from = names_.of(entry.from);
    const std::string to = names_.of(entry.to);
    const std::string cpu = trace_.processors() == 1 ? "" : fmt::format(" on cpu {}", entry.cpu.value);
    const bool starts_processor = !entry.from && entry.reason == SwitchReason::start;
    std::string reason = entry.from         ? std::string(why(entry.reason))
                         : starts_processor ? "another processor started this one"
                                            : "rsp was on no thread's stack";
    if (!entry.to) reason += "; rsp goes to no thread's stack";
    const std::string at = !entry.at.empty()          ? ", in " + entry.at
                           : entry.address.value == 0 ? ""
                                                      : fmt::format(", in {:#x}", entry.address.value);
    text_ += fmt::format("\nswitch {} at step {}{}: {} -> {} ({}: {}){}\n", number, entry.step.value, cpu, from, to,
                         to_string(entry.reason), reason, at);
    if (entry.from) {
      const emu::RegisterFile before = registers_left(entry);
      const emu::AddressRange stack = stack_of(*entry.from);
      // Behind the step another address space may be laid out. What led there (a system call) wrote no stack.
      const bool left_space = entry.step.value > 0 && trace_.space_at(entry.step) != trace_.space_at(entry.step - 1);
      const MachineState& left = trace_.state_at(left_space ? entry.step - 1 : entry.step);
      tell_side(from, "left at", before[emu::Register::rsp], stack, unwinder_.running(before, left.memory, stack));
    }
    const MachineState& after = trace_.state_at(entry.step, entry.cpu);
    if (entry.to) {
      const emu::AddressRange stack = stack_of(*entry.to);
      tell_side(to, "goes on at", after.registers[emu::Register::rsp], stack,
                unwinder_.running(after.registers, after.memory, stack));
    }
  }

  /// The registers of the leaving thread just before rsp moved: by the step itself, or by an event behind it.
  emu::RegisterFile registers_left(const Switch& entry) {
    if (entry.step.value == 0) return trace_.state_at(entry.step, entry.cpu).registers;
    emu::RegisterFile registers = trace_.state_at(entry.step - 1, entry.cpu).registers;
    const emu::AddressRange target = entry.to ? stack_of(*entry.to) : emu::AddressRange{};
    for (const RegisterChange& change : trace_.effects_of(entry.step).registers_of(entry.cpu)) {
      const emu::AddressRange own = entry.to ? target : stack_of(*entry.from);
      const bool is_there = own.contains(emu::Address{change.new_value}) || change.new_value == own.high.value;
      const bool arrives = is_there == entry.to.has_value();
      if (change.reg == emu::Register::rsp && arrives) break;
      registers[change.reg] = change.new_value;
    }
    registers[emu::Register::rip] = entry.address.value;
    return registers;
  }

  void tell_side(const std::string& name, std::string_view what, std::uint64_t rsp, emu::AddressRange stack,
                 const UnwoundChain& chain) {
    std::string used = "not on its own stack";
    if (rsp == stack.high.value || stack.contains(emu::Address{rsp}))
      used = fmt::format("{} bytes of its stack in use", stack.high.value - rsp);
    text_ += fmt::format("    {} {} rsp 0x{:016x}, {}\n", name, what, rsp, used);
    std::string calls;
    for (auto frame = chain.frames.rbegin(); frame != chain.frames.rend(); ++frame) {
      // A return address belongs to the call before it; the first frame of a new thread returns to a function's very
      // start.
      auto symbol = trace_.image().symbol_at(frame->rip_is_exact ? frame->rip : frame->rip - 1);
      if (!symbol) symbol = trace_.image().symbol_at(frame->rip);
      if (!calls.empty()) calls += " > ";
      calls += symbol ? emu::shown_name(symbol->name) : fmt::format("{:#x}", frame->rip.value);
    }
    if (!calls.empty()) text_ += fmt::format("        in {}{}\n", chain.complete ? "" : "... > ", calls);
  }

  emu::AddressRange stack_of(ThreadId thread) const {
    for (const ThreadRecord& record : trace_.threads())
      if (record.thread.id == thread) return record.thread.stack;
    return {};
  }

  void tell_output(StepIndex until) {
    const auto& output = trace_.output();
    for (; next_output_ < output.size() && output[next_output_].step <= until; ++next_output_) {
      for (const char byte : output[next_output_].bytes) {
        if (byte == '\n') {
          end_output_line();
          continue;
        }
        if (line_.empty()) line_step_ = output[next_output_].step;
        line_ += byte;
      }
    }
  }

  void end_output_line() {
    if (line_.empty()) return;
    text_ += fmt::format("\nprinted from step {} on: {}\n", line_step_.value, line_);
    line_.clear();
  }

  Trace& trace_;
  ThreadNames names_;
  Unwinder unwinder_;
  std::string text_;
  std::size_t next_output_ = 0;
  std::string line_;
  StepIndex line_step_;
};

}  // namespace

std::string run_name(const Trace& trace) {
  for (const char* name : {"scenario", "target"})
    if (!trace.meta(name).empty()) return trace.meta(name);
  return trace.header().image_name;
}

std::string describe_run(const Trace& trace) {
  std::string name = run_name(trace);
  const std::string title = trace.meta("title");
  if (!title.empty()) name += ": " + title;
  std::string switches = counted(trace.switches().size(), "switch", "switches");
  const std::size_t handoffs = join_handoffs(trace).size();
  if (handoffs != trace.switches().size()) switches += fmt::format(" in {}", counted(handoffs, "handoff", "handoffs"));
  const std::string processors = trace.processors() == 1 ? "" : fmt::format(" on {} processors", trace.processors());
  return fmt::format("{}\n{}{}, {}, {}; {}\n", name, counted(trace.steps().value, "step", "steps"), processors,
                     counted(trace.threads().size(), "thread", "threads"), switches,
                     trace.stop() ? trace.stop()->message : "the recording did not come to its end");
}

std::string tell_story(Trace& trace, const Scenario* scenario) {
  return Storyteller(trace).tell(scenario);
}

}  // namespace fiberscope::core
