#include "core/export/text_export.h"

#include <algorithm>
#include <string>

#include "core/export/record_walk.h"
#include "core/story.h"
#include "core/thread_names.h"

namespace fiberscope::core {
namespace {

class TextWriter final : public RecordVisitor {
 public:
  TextWriter(Trace& trace, ExportStream& out) : trace_(trace), out_(out), names_(trace) {
    for (const ThreadRecord& record : trace.threads())
      name_width_ = std::max(name_width_, names_.of(record.thread.id).size());
    step_width_ = std::max<std::size_t>(5, std::to_string(trace.steps().value).size());
  }

  void write_head() {
    out_.put(describe_run(trace_));
    for (const ThreadRecord& record : trace_.threads()) {
      const Thread& thread = record.thread;
      out_.print("thread {}: {} ({}), stack [0x{:016x}, 0x{:016x})\n", thread.id.value, names_.of(thread.id),
                 to_string(thread.kind), thread.stack.low.value, thread.stack.high.value);
    }
    out_.put("\n");
    line_ = fmt::format("{:>{}}{}  {:<{}}  {:<18}  {:<26}  {:<42}  {}", "step", step_width_,
                        trace_.processors() == 1 ? "" : "  cpu", "thread", name_width_, "address", "symbol",
                        "instruction", "what it changed");
    put_line();
  }

  void on_step(const StepRecord& step) override {
    const InstructionText& text = *step.instruction;
    line_ = fmt::format("{:>{}}{}  {:<{}}  0x{:016x}  {:<26}  {:<42}  ", step.step.value, step_width_,
                        trace_.processors() == 1 ? std::string() : fmt::format("  {:>3}", step.cpu.value),
                        names_.of(step.thread), name_width_, text.address.value, text.symbol, text.text);
    first_change_ = true;
    add_changes(step.registers, step.memory);
    if (step.rip != text.address.value + text.size) add_jump(step.rip);
    put_line();
  }

  void on_event(const MachineEvent& event) override {
    end_output();
    line_ = fmt::format("{:>{}}  ** {}: ", event.record->event.step.value, step_width_, event.record->text);
    first_change_ = true;
    add_changes(event.registers, event.memory);
    put_line();
  }

  void on_switch(const SwitchRecord& record) override {
    end_output();
    const Switch& entry = *record.entry;
    ++switches_;
    line_ = fmt::format("======= switch {} at step {}{}: {} -> {} ({})", switches_, entry.step.value,
                        trace_.processors() == 1 ? std::string() : fmt::format(" on cpu {}", entry.cpu.value),
                        names_.of(entry.from), names_.of(entry.to), to_string(entry.reason));
    if (!entry.at.empty()) line_ += " in " + entry.at;
    if (entry.from) line_ += fmt::format("; {} left at rsp 0x{:016x}", names_.of(entry.from), record.from_rsp);
    if (entry.to) line_ += fmt::format("; {} goes on at rsp 0x{:016x}", names_.of(entry.to), record.to_rsp);
    line_ += " =======";
    put_line();
  }

  void on_output(const OutputRecord& output) override {
    for (const char byte : output.bytes) {
      if (byte == '\n') {
        end_output();
      } else {
        printed_ += byte;
      }
    }
  }

  void write_end() {
    end_output();
    line_ = trace_.stop() ? "the run ends: " + trace_.stop()->message : "the recording did not come to its end";
    put_line();
  }

 private:
  void add(const std::string& change) {
    if (!first_change_) line_ += ", ";
    first_change_ = false;
    line_ += change;
  }

  void add_changes(std::span<const RegisterChange> registers, std::span<const MemoryChange> memory) {
    for (const RegisterChange& change : registers)
      add(fmt::format("{} {:#x} -> {:#x}", emu::register_name(change.reg), change.old_value, change.new_value));
    for (const MemoryChange& change : memory)
      if (!trace_.is_hidden(change.address))  // the books of a Linux program's kernel are too much to read
        add(fmt::format("[{:#x}] {:#x} -> {:#x}", change.address.value, change.old_value, change.new_value));
  }

  void add_jump(std::uint64_t rip) {
    const std::string symbol = emu::symbolized(trace_.image(), emu::Address{rip});
    add(symbol.empty() ? fmt::format("to {:#x}", rip) : "to " + symbol);
  }

  void end_output() {
    if (printed_.empty()) return;
    line_ = fmt::format("{:>{}}  printed: {}", "", step_width_, printed_);
    printed_.clear();
    put_line();
  }

  void put_line() {
    while (!line_.empty() && line_.back() == ' ') line_.pop_back();
    out_.put(line_);
    out_.put("\n");
  }

  Trace& trace_;
  ExportStream& out_;
  ThreadNames names_;
  std::size_t name_width_ = 6;
  std::size_t step_width_ = 5;
  std::uint64_t switches_ = 0;
  std::string line_;
  bool first_change_ = true;
  std::string printed_;  ///< of the line under way
};

}  // namespace

void export_text(Trace& trace, ExportStream& out) {
  TextWriter writer(trace, out);
  writer.write_head();
  walk_records(trace, writer);
  writer.write_end();
}

}  // namespace fiberscope::core
