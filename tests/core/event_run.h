#pragma once
// A short run that no program of ours does, written record by record: events before the first step, two events behind
// one step, an event that moves rsp to another thread's stack, an event at the head of a chunk, output with awkward
// bytes.
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "asm/runtime/tcb.h"
#include "core/memory_sink.h"
#include "core/recorder.h"
#include "core/step_template.h"
#include "core/trace_file.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {

/// Raw records, as the machine's hooks write them, on a state that follows.
class RawLog {
 public:
  using RegisterValues = std::vector<std::pair<emu::Register, std::uint64_t>>;
  using Writes = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  ///< address, value of 8 bytes

  explicit RawLog(MachineState state) : state_(std::move(state)) {}

  /// The instruction at rip; `values` are those of its write set that change, the writes (address, value) of 8 bytes.
  void step(std::size_t size, const RegisterValues& values, const Writes& writes, std::uint64_t next_rip) {
    const std::uint64_t rip = state_.registers[emu::Register::rip];
    const StepTemplate step =
        make_template(disassembler_, emu::Address{rip}, state_.memory.copy(emu::Address{rip}, size));
    words_.insert(words_.end(),
                  {static_cast<std::uint64_t>(emu::RecordTag::step) | size << 8 | (2 * writes.size()) << 32, rip});
    put_writes(writes);
    for (const auto& [reg, value] : values) state_.registers[reg] = value;
    for (const std::uint8_t slot : step.slots) words_.push_back(state_.registers.slots[slot]);
    state_.registers[emu::Register::rip] = next_rip;
    ++steps_;
  }

  void event(emu::EventKind kind, std::uint8_t vector, const RegisterValues& values, const Writes& writes) {
    words_.insert(words_.end(),
                  {static_cast<std::uint64_t>(emu::RecordTag::event) | static_cast<std::uint64_t>(kind) << 8 |
                       values.size() << 16 | (2 * writes.size()) << 32,
                   vector, state_.registers[emu::Register::rip]});
    put_writes(writes);
    for (const auto& [reg, value] : values) {
      state_.registers[reg] = value;
      words_.insert(words_.end(), {emu::slot(reg), value});
    }
  }

  void output(const std::string& text) {
    words_.push_back(static_cast<std::uint64_t>(emu::RecordTag::output) | text.size() << 32);
    std::vector<std::uint64_t> bytes((text.size() + 7) / 8);
    std::memcpy(bytes.data(), text.data(), text.size());
    words_.insert(words_.end(), bytes.begin(), bytes.end());
  }

  /// The state after every record so far, kept for comparison with what is rebuilt.
  [[nodiscard]] const MachineState& state() const { return state_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  std::vector<std::uint64_t> take_words() { return std::exchange(words_, {}); }

 private:
  void put_writes(const Writes& writes) {
    for (const auto& [address, value] : writes) {
      words_.insert(words_.end(), {address | std::uint64_t{8} << 56, value});
      state_.memory.write(emu::Address{address}, value, 8);
    }
  }

  MachineState state_;
  emu::Disassembler disassembler_;
  std::vector<std::uint64_t> words_;
  std::uint64_t steps_ = 0;
};

struct EventRun {
  std::unique_ptr<Trace> trace;
  std::vector<MachineState> states;  ///< by cursor, as the records say
};

/// With a path also into a trace file.
inline EventRun record_events(const std::string& path = {}) {
  using emu::Register;
  const emu::Image image = scenario_image("switch_to_context.elf");
  auto machine = std::move(emu::Machine::boot(image)).value();
  tcb other{};
  other.id = 1;
  other.state = THREAD_READY;
  std::strcpy(other.name, "say \"hi\", =1");
  other.stack_base = image.symbol("stack_1")->address.value;
  other.stack_size = 0x2000;
  const std::uint64_t table = image.symbol("thread_table")->address.value;
  machine->memory().write_bytes(emu::Address{table + sizeof(tcb)},
                                {reinterpret_cast<const std::uint8_t*>(&other), sizeof other});

  EventRun run;
  run.trace =
      std::move(Trace::create(make_header(*machine, image, {{"scenario", "events"}, {"title", "A \"quoted\" title"}})))
          .value();
  RawLog log({machine->registers(), machine->memory()});
  BatchEncoder encoder(image, log.state(), {});
  MemorySink sink(*run.trace);
  std::unique_ptr<TraceFileWriter> file;
  if (!path.empty()) file = std::move(TraceFileWriter::create(path, run.trace->header())).value();
  const auto append = [&](const TraceBatch& batch) {
    sink.append(batch);
    if (file) file->append(batch);
  };
  append(encoder.begin());
  StepIndex first;
  const auto end_chunk = [&] {
    const std::vector<std::uint64_t> words = log.take_words();
    append(encoder.encode(words, first, log.state().registers[Register::rip]));
    first = StepIndex{log.steps()};
  };
  const std::uint64_t start = log.state().registers[Register::rip];
  const std::uint64_t main = image.symbol("main")->address.value;
  const std::uint64_t own = log.state().registers[Register::rsp];
  const std::uint64_t top = other.stack_base + other.stack_size;

  log.event(emu::EventKind::exception, 3, {{Register::rax, 7}, {Register::rip, start}}, {{own - 8, 0x1111}});
  run.states.push_back(log.state());
  log.step(2, {{Register::rbp, 0}, {Register::rflags, 0x46}}, {}, start + 2);  // xor ebp, ebp
  log.output("a,\"b\"\r\n\xff=1");
  log.event(emu::EventKind::interrupt, 32, {{Register::rsp, top - 16}, {Register::rflags, 2}, {Register::rip, main}},
            {{top - 8, own}, {top - 16, start + 2}});
  log.event(emu::EventKind::exception, 14, {{Register::cr2, 0xdead}, {Register::rip, main}}, {{top - 16, start + 3}});
  run.states.push_back(log.state());
  log.step(1, {{Register::rsp, top - 24}}, {{top - 24, 0}}, main + 1);  // push rbp
  log.output("say \"x\"");
  end_chunk();
  log.event(emu::EventKind::interrupt, 33, {{Register::rsp, own - 8}, {Register::rip, main + 1}},
            {{own - 8, main + 1}});
  run.states.push_back(log.state());
  log.step(3, {{Register::rbp, own - 8}}, {}, main + 4);  // mov rbp, rsp
  log.output("two\nlines");
  end_chunk();
  log.event(emu::EventKind::fault, 6, {{Register::rip, main + 4}}, {});
  run.states.push_back(log.state());
  end_chunk();
  emu::Stop stop;
  stop.reason = emu::Stop::Reason::fault;
  stop.vector = 6;
  stop.message = "#UD invalid opcode";
  sink.finish(stop);
  if (file) file->finish(stop);
  return run;
}

}  // namespace fiberscope::core
