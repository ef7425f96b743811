#include "core/export/csv_export.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "core/event_names.h"
#include "core/export/csv_table.h"
#include "core/export/record_walk.h"
#include "core/thread_names.h"
#include "core/thread_source.h"

namespace fiberscope::core {
namespace {

std::string join_registers(std::span<const RegisterChange> changes, std::optional<std::uint64_t> rip) {
  std::string text;
  for (const RegisterChange& change : changes)
    text += fmt::format("{}{}=0x{:016x}", text.empty() ? "" : ";", emu::register_name(change.reg), change.new_value);
  if (rip) text += fmt::format("{}rip=0x{:016x}", text.empty() ? "" : ";", *rip);
  return text;
}

std::string join_memory(std::span<const MemoryChange> changes) {
  std::string text;
  for (const MemoryChange& change : changes)
    text += fmt::format("{}0x{:016x}:{}=0x{:016x}", text.empty() ? "" : ";", change.address.value, change.size,
                        change.new_value);
  return text;
}

/// Blanks between the bytes: a spreadsheet would read 41e5 as a number.
std::string spaced(const std::string& hex) {
  std::string text;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    if (i > 0 && i % 2 == 0) text += ' ';
    text += hex[i];
  }
  return text;
}

class StepTable final {
 public:
  StepTable(const Trace& trace, ExportStream& out)
      : names_(trace),
        table_(out, {"step", "thread", "thread_name", "cpu", "address", "symbol", "bytes", "text", "rsp", "registers",
                     "memory"}) {}

  void add(const StepRecord& step) {
    const InstructionText& text = *step.instruction;
    table_.number(step.step.value)
        .thread(step.thread)
        .text(step.thread ? names_.of(step.thread) : "")
        .number(step.cpu.value)
        .word(text.address.value)
        .text(text.symbol)
        .text(spaced(text.bytes))
        .text(text.text)
        .word(step.rsp)
        .text(join_registers(step.registers, step.rip))
        .text(join_memory(step.memory))
        .end_row();
  }

 private:
  ThreadNames names_;
  CsvTable table_;
};

class StepWriter final : public RecordVisitor {
 public:
  StepWriter(const Trace& trace, ExportStream& out) : steps_(trace, out) {}
  void on_step(const StepRecord& step) override { steps_.add(step); }

 private:
  StepTable steps_;
};

/// A file of the set. Failures name it.
class CsvFile {
 public:
  CsvFile(const std::filesystem::path& folder, const char* name) : path_(folder / name) {
    errno = 0;
    file_.open(path_, std::ios::binary | std::ios::trunc);
    if (!file_) throw ExportFailure(path_.string() + ": " + std::strerror(errno));
  }
  ExportStream& stream() { return stream_; }
  void finish() {
    try {
      stream_.finish();
    } catch (const ExportFailure& failure) {
      throw ExportFailure(path_.string() + ": " + failure.what());
    }
    file_.close();
    if (!file_) throw ExportFailure(path_.string() + ": it could not be written to its end");
  }

 private:
  std::filesystem::path path_;
  std::ofstream file_;
  ExportStream stream_{file_};
};

class SetWriter final : public RecordVisitor {
 public:
  SetWriter(Trace& trace, const std::filesystem::path& folder)
      : trace_(trace), names_(trace), folder_(folder), steps_(trace, steps_file_.stream()) {
    registers_.text("step");
    for (const emu::Register reg : kColumns) registers_.text(emu::register_name(reg));
    registers_.text("cpu").end_row();
  }

  void on_step(const StepRecord& step) override {
    steps_.add(step);
    add_writes(step.step, "step", step.thread, step.cpu, step.memory);
  }

  void on_event(const MachineEvent& event) override {
    const ChunkEvent& what = event.record->event;
    events_.number(what.step.value)
        .thread(event.thread)
        .text(event_name(what.kind))
        .number(what.vector)
        .number(what.error_code)
        .word(what.rip_before.value)
        .text(event.record->text)
        .text(join_registers(event.registers, std::nullopt))
        .text(join_memory(event.memory))
        .number(what.cpu.value)
        .end_row();
    add_writes(what.step, "event", event.thread, what.cpu, event.memory);
  }

  void on_switch(const SwitchRecord& record) override {
    const Switch& entry = *record.entry;
    switches_.number(entry.step.value)
        .thread(entry.from)
        .text(entry.from ? names_.of(entry.from) : "")
        .thread(entry.to)
        .text(entry.to ? names_.of(entry.to) : "")
        .text(to_string(entry.reason))
        .text(entry.at)
        .word(entry.address.value)
        .word(record.from_rsp)
        .word(record.to_rsp)
        .number(entry.cpu.value)
        .end_row();
  }

  void on_output(const OutputRecord& output) override {
    std::string hex;
    for (const char c : output.bytes)
      hex += fmt::format("{}{:02x}", hex.empty() ? "" : " ", static_cast<std::uint8_t>(c));
    output_.number(output.step.value).text(output.bytes).text(hex).end_row();
  }

  void on_cursor(StepIndex cursor, CpuId cpu, const emu::RegisterFile& registers) override {
    registers_.number(cursor.value);
    for (const emu::Register reg : kColumns) registers_.word(registers[reg]);
    registers_.number(cpu.value).end_row();
  }

  void add_threads() {
    const Timeline& timeline = trace_.timeline();
    const auto table = ThreadSource::find(trace_.image(), trace_.state_at(StepIndex{0}).memory);
    std::vector<Thread> at_end;
    if (table) at_end = table->read(trace_.state_at(trace_.steps()).memory);
    for (const ThreadRecord& record : trace_.threads()) {
      const Thread* last = find_thread(at_end, record.thread.id);
      const Thread& thread = last != nullptr ? *last : record.thread;
      std::uint64_t steps = 0;
      for (const Slice& slice : timeline.slices)
        if (slice.thread == thread.id) steps += slice.last.value - slice.first.value + 1;
      const auto switches_in = std::count_if(timeline.switches.begin(), timeline.switches.end(),
                                             [&](const Switch& entry) { return entry.to == thread.id; });
      threads_.number(thread.id.value)
          .text(names_.of(thread.id))
          .text(to_string(thread.kind))
          .text(to_string(thread.state))
          .word(thread.stack.low.value)
          .word(thread.stack.high.value)
          .word(thread.saved_rsp.value)
          .word(thread.tcb.value)
          .number(record.first_seen.value)
          .number(steps)
          .number(static_cast<std::uint64_t>(switches_in))
          .end_row();
    }
  }

  void finish() {
    for (CsvFile* file :
         {&steps_file_, &registers_file_, &memory_file_, &switches_file_, &events_file_, &output_file_, &threads_file_})
      file->finish();
  }

 private:
  static constexpr emu::Register kColumns[] = {
      emu::Register::rax, emu::Register::rbx, emu::Register::rcx,   emu::Register::rdx, emu::Register::rsi,
      emu::Register::rdi, emu::Register::rbp, emu::Register::rsp,   emu::Register::r8,  emu::Register::r9,
      emu::Register::r10, emu::Register::r11, emu::Register::r12,   emu::Register::r13, emu::Register::r14,
      emu::Register::r15, emu::Register::rip, emu::Register::rflags};

  void add_writes(StepIndex step, std::string_view by, std::optional<ThreadId> thread, CpuId cpu,
                  std::span<const MemoryChange> changes) {
    for (const MemoryChange& change : changes) {
      const auto& regions = trace_.header().regions;
      const auto region = std::find_if(regions.begin(), regions.end(), [&](const emu::LoadedRegion& loaded) {
        return loaded.region.range.contains(change.address);
      });
      memory_.number(step.value)
          .text(by)
          .thread(thread)
          .word(change.address.value)
          .text(region == regions.end() ? "" : region->region.name)
          .number(change.size)
          .word(change.old_value)
          .word(change.new_value)
          .number(cpu.value)
          .end_row();
    }
  }

  Trace& trace_;
  ThreadNames names_;
  std::filesystem::path folder_;
  CsvFile steps_file_{folder_, "steps.csv"};
  CsvFile registers_file_{folder_, "registers.csv"};
  CsvFile memory_file_{folder_, "memory.csv"};
  CsvFile switches_file_{folder_, "switches.csv"};
  CsvFile events_file_{folder_, "events.csv"};
  CsvFile output_file_{folder_, "output.csv"};
  CsvFile threads_file_{folder_, "threads.csv"};
  StepTable steps_;
  CsvTable registers_{registers_file_.stream()};
  CsvTable memory_{memory_file_.stream(), {"step", "by", "thread", "address", "region", "size", "old", "new", "cpu"}};
  CsvTable switches_{
      switches_file_.stream(),
      {"step", "from", "from_name", "to", "to_name", "reason", "at", "address", "from_rsp", "to_rsp", "cpu"}};
  CsvTable events_{events_file_.stream(),
                   {"step", "thread", "event", "vector", "error_code", "rip", "text", "registers", "memory", "cpu"}};
  CsvTable output_{output_file_.stream(), {"step", "text", "bytes"}};
  CsvTable threads_{threads_file_.stream(),
                    {"thread", "name", "kind", "state", "stack_low", "stack_high", "saved_rsp", "tcb", "first_seen",
                     "steps", "switches_in"}};
};

}  // namespace

void export_csv_steps(Trace& trace, ExportStream& out) {
  StepWriter writer(trace, out);
  walk_records(trace, writer);
}

void export_csv_set(Trace& trace, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw ExportFailure(folder + ": " + error.message());
  SetWriter writer(trace, folder);
  walk_records(trace, writer);
  writer.add_threads();
  writer.finish();
}

}  // namespace fiberscope::core
