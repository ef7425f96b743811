#pragma once
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/snapshot_builder.h"
#include "core/thread_table.h"
#include "tests/scenarios/scenario_run.h"

namespace fiberscope::tests {

/// A scenario's trace, asked by names. Steps are numbers, to count with.
class FiberRun {
 public:
  explicit FiberRun(const std::string& scenario)
      : scenario_(scenario_run(scenario).scenario()), trace_(*scenario_run(scenario).trace) {}

  [[nodiscard]] std::uint64_t steps() const { return trace_.steps().value; }
  [[nodiscard]] core::Trace& trace() { return trace_; }
  [[nodiscard]] const std::vector<core::Switch>& switches() const { return trace_.switches(); }

  std::uint64_t reg(std::uint64_t cursor, emu::Register which) {
    return trace_.state_at(core::StepIndex{cursor}).registers[which];
  }
  std::uint64_t word(std::uint64_t cursor, std::uint64_t address) {
    return trace_.state_at(core::StepIndex{cursor}).memory.read(emu::Address{address}, 8).value();
  }
  std::uint64_t last_word(const std::string& name, std::uint64_t index = 0) {
    return word(steps(), symbol(name) + 8 * index);
  }
  [[nodiscard]] std::uint64_t symbol(const std::string& name) const {
    return trace_.image().symbol(name)->address.value;
  }

  /// Function of the step's instruction, and its AT&T text.
  std::string function(std::uint64_t step) { return place(step).first; }
  std::string text(std::uint64_t step) { return place(step).second; }
  std::vector<std::uint64_t> steps_at(const std::string& function, const std::string& text) {
    std::vector<std::uint64_t> found;
    for (std::uint64_t step = 1; step <= steps(); ++step)
      if (place(step) == std::pair{function, text}) found.push_back(step);
    return found;
  }

  /// The name of the thread whose step it was.
  std::string thread(std::uint64_t step) {
    const auto id = trace_.thread_of_step(core::StepIndex{step});
    return id ? name(*id, step) : "nobody";
  }
  std::string name(core::ThreadId id, std::uint64_t cursor) { return info(id, cursor).name; }
  core::Thread info(core::ThreadId id, std::uint64_t cursor) {
    const auto threads = table_->read(trace_.state_at(core::StepIndex{cursor}).memory);
    const core::Thread* found = core::find_thread(threads, id);
    return found == nullptr ? core::Thread{} : *found;
  }
  core::ThreadId id(const std::string& name) {
    for (const core::ThreadRecord& record : trace_.threads())
      if (record.thread.name == name) return record.thread.id;
    throw std::runtime_error("no thread " + name);
  }

  core::Snapshot snapshot(std::uint64_t cursor) { return builder_.build(core::StepIndex{cursor}); }
  /// Functions on a thread's stack, outermost first.
  std::vector<std::string> chain(const std::string& thread, std::uint64_t cursor) {
    std::vector<std::string> functions;
    for (const core::StackView& stack : snapshot(cursor).stacks)
      if (stack.thread == id(thread))
        for (const core::Frame& frame : stack.frames) functions.push_back(frame.function);
    return functions;
  }

 private:
  std::pair<std::string, std::string> place(std::uint64_t step) {
    const std::uint32_t instruction = trace_.effects_of(core::StepIndex{step}).instruction;
    const auto known = places_.find(instruction);
    if (known != places_.end()) return known->second;
    const core::StepTemplate& code = trace_.templates()[instruction];
    const auto decoded = disassembler_.decode(emu::Address{code.address}, {code.bytes.data(), code.size});
    const auto at = trace_.image().symbol_at(emu::Address{code.address});
    std::pair place{at ? at->name : std::string(),
                    core::instruction_text(decoded->att_mnemonic, decoded->att_operands)};
    return places_.emplace(instruction, std::move(place)).first->second;
  }

  const core::Scenario& scenario_;
  core::Trace& trace_;
  std::optional<core::ThreadTable> table_ = core::ThreadTable::find(trace_.image());
  core::SnapshotBuilder builder_{trace_, &scenario_, "en"};
  emu::Disassembler disassembler_;
  std::map<std::uint32_t, std::pair<std::string, std::string>> places_;
};

}  // namespace fiberscope::tests
