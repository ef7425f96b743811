#include "tests/scenarios/golden_text.h"

#include <fmt/format.h>

#include <regex>
#include <set>
#include <utility>

#include "core/event_names.h"
#include "core/handoff.h"
#include "core/thread_source.h"
#include "emu/disassembler.h"

namespace fiberscope::tests {
namespace {

using core::StepIndex;

std::string name_of(const std::vector<core::Thread>& threads, std::optional<core::ThreadId> id) {
  const core::Thread* thread = id ? core::find_thread(threads, *id) : nullptr;
  return thread == nullptr ? "nobody" : thread->name;
}

class Writer {
 public:
  explicit Writer(ScenarioRun& run)
      : trace_(*run.trace),
        image_(trace_.image()),
        table_(core::ThreadSource::find(image_, trace_.state_at(core::StepIndex{0}).memory)) {
    const auto main = image_.symbol("main");
    if (run.scenario().profile == core::Profile::linux_user && main) silent_until_ = main->address;
  }

  std::string write() {
    if (trace_.processors() > 1) return write_processors();
    // How far a run that never ends gets until its limit depends on the compiler: only what its threads did is told.
    const bool limited = trace_.stop()->reason == emu::Stop::Reason::limit && !trace_.switches().empty();
    const StepIndex last = limited ? trace_.switches().back().step : trace_.steps();
    for (std::uint64_t at = 1; at <= last.value; ++at) {
      step(StepIndex{at});
      if (silent_until_ && address_of(StepIndex{at}) == *silent_until_) silent_until_.reset();
      tell_switch(StepIndex{at});
      for (const core::EventRecord& record : trace_.events_behind(StepIndex{at})) {
        if (silent_until_) continue;
        end_pass();
        text_ += fmt::format("{} {}\n", core::event_name(record.event.kind), record.event.vector);
      }
    }
    end_pass();
    const emu::Stop& stop = *trace_.stop();
    text_ += fmt::format("end: {}", emu::to_string(stop.reason));
    if (stop.reason == emu::Stop::Reason::exited) text_ += fmt::format(" {}", stop.code);
    text_ += "\n--- output\n" + trace_.output_until(trace_.steps());
    return text_;
  }

 private:
  /// How the steps of several processors interleave depends on the compiler: what stays is each routine's code, and
  /// what comes of it.
  std::string write_processors() {
    std::map<std::string, std::map<std::uint64_t, std::string>> routines;
    for (StepIndex at{1}; at <= trace_.steps(); at = at + 1) {
      const core::StepTemplate& step = trace_.templates()[trace_.effects_of(at).instruction];
      const std::string& routine = routine_at(step);
      if (routine.empty()) continue;
      const auto [entry, is_new] = routines[routine].try_emplace(step.address);
      if (!is_new) continue;
      const auto decoded = disassembler_.decode(emu::Address{step.address}, {step.bytes.data(), step.size});
      if (decoded)
        entry->second = fmt::format("    {} {}", mnemonic(*decoded), without_addresses(decoded->att_operands));
      while (entry->second.ends_with(' ')) entry->second.pop_back();
    }
    text_ = fmt::format("{} processors\n", trace_.processors());
    for (const auto& [name, lines] : routines) {
      text_ += fmt::format("  {}\n", name);
      for (const auto& [address, line] : lines) text_ += line + "\n";
    }
    for (const core::Thread& thread : table_->read(trace_.state_at(trace_.steps()).memory))
      if (thread.kind != core::ThreadKind::scheduler)
        text_ += fmt::format("{} {}\n", thread.name, core::to_string(thread.state));
    return text_ + fmt::format("end: {} {}\n--- output\n{}", emu::to_string(trace_.stop()->reason), trace_.stop()->code,
                               trace_.output_until(trace_.steps()));
  }

  emu::Address address_of(StepIndex at) {
    return emu::Address{trace_.templates()[trace_.effects_of(at).instruction].address};
  }

  /// Routines of assembly files; what C compiles to differs from one compiler to the next.
  const std::string& routine_at(const core::StepTemplate& step) {
    const auto [entry, fresh] = routines_.try_emplace(step.address);
    if (!fresh) return entry->second;
    const auto line = trace_.debug().line_at(emu::Address{step.address});
    const auto symbol = image_.symbol_at(emu::Address{step.address});
    if (line && symbol && line->file.ends_with(".S")) entry->second = symbol->name;
    return entry->second;
  }

  void step(StepIndex at) {
    const core::StepTemplate& step = trace_.templates()[trace_.effects_of(at).instruction];
    const std::string& routine = routine_at(step);
    if (routine != pass_) end_pass();
    if (routine.empty()) return;
    pass_ = routine;
    ++pass_steps_;
    const auto decoded = disassembler_.decode(emu::Address{step.address}, {step.bytes.data(), step.size});
    lines_ +=
        decoded ? fmt::format("    {} {}", mnemonic(*decoded), without_addresses(decoded->att_operands)) : "    (bad)";
    while (lines_.ends_with(' ')) lines_.pop_back();
    lines_ += '\n';
  }

  /// Capstone 4 calls a move of 64 bits to or from xmm movd, Capstone 5 movq, as the manual does.
  static std::string mnemonic(const emu::Instruction& instruction) {
    return instruction.att_mnemonic == "movd" ? "movq" : instruction.att_mnemonic;
  }

  /// Numbers of four digits and more are places in code or data.
  static std::string without_addresses(const std::string& operands) {
    static const std::regex kAddress("0x[0-9a-f]{4,}");
    return std::regex_replace(operands, kAddress, "ADDRESS");
  }

  void end_pass() {
    if (pass_.empty()) return;
    text_ += fmt::format("  {}: {} steps\n", pass_, pass_steps_);
    if (told_.insert(lines_).second) text_ += lines_;
    text_ += switches_;
    pass_.clear();
    lines_.clear();
    switches_.clear();
    pass_steps_ = 0;
  }

  void tell_switch(StepIndex at) {
    const core::Switch* last = trace_.last_switch(at);
    if (last == nullptr || last->step != at) return;
    const std::vector<core::Thread> threads =
        table_ ? table_->read(trace_.state_at(at).memory) : std::vector<core::Thread>{};
    std::string states;
    for (const core::Thread& thread : threads)
      states += fmt::format(" {}={}", thread.name, core::to_string(thread.state));
    switches_ += fmt::format("switch {} -> {} ({}){}\n", name_of(threads, last->from), name_of(threads, last->to),
                             core::to_string(last->reason), states);
    if (pass_.empty()) text_ += std::exchange(switches_, {});
  }

  core::Trace& trace_;
  /// How a Linux program comes to main depends on the C library's release.
  std::optional<emu::Address> silent_until_;
  const emu::Image& image_;
  std::optional<core::ThreadSource> table_;
  emu::Disassembler disassembler_;
  std::map<std::uint64_t, std::string> routines_;
  std::set<std::string> told_;
  std::string pass_;
  std::string lines_;     ///< of the pass under way
  std::string switches_;  ///< in it
  std::uint64_t pass_steps_ = 0;
  std::string text_;
};

}  // namespace

std::string golden_text(ScenarioRun& run) {
  return Writer(run).write();
}

}  // namespace fiberscope::tests
