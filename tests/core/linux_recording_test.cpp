// What is recorded of a Linux program is what the engine and the kernel did, at every cursor.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "core/memory_sink.h"
#include "core/recorder.h"
#include "core/space_layout.h"
#include "core/target.h"
#include "core/trace.h"
#include "core/trace_file.h"
#include "core/unwinder.h"
#include "emu/linux_books.h"
#include "tests/core/recorded_file.h"
#include "tests/emu/linux_guest.h"

namespace fiberscope::core {
namespace {

constexpr std::uint64_t kPlenty = 10'000'000;

std::unique_ptr<Trace> record_linux(const emu::Image& image, const std::vector<std::string>& arguments = {},
                                    std::uint64_t quantum = 10'000) {
  const auto machine = emu::boot_linux(image, arguments, quantum);
  auto trace = Trace::create(make_header(*machine, image, {}));
  if (!trace) throw std::runtime_error(trace.error().message);
  MemorySink sink(**trace);
  const auto ring = std::make_unique<StepRing>();
  Recorder recorder(*machine, image, *ring, sink);
  recorder.run(kPlenty);
  return std::move(trace).value();
}

/// At these cursors the trace is already in the handler, while a machine that was stopped there has not yet tried the
/// instruction.
bool raised_at(const Trace& trace, std::uint64_t step) {
  for (const EventRecord& record : trace.events_behind(StepIndex{step})) {
    const auto kind = record.event.kind;
    const bool fault =
        kind == emu::EventKind::signal && record.event.error_code == 0 &&
        record.text.find(" delivered at ") != std::string::npos &&
        (record.event.vector == SIGSEGV || record.event.vector == SIGILL || record.event.vector == SIGFPE);
    if (fault || kind == emu::EventKind::fault) return true;
  }
  return false;
}

/// Only what the program was given: the rest of the machine's room is zero in both.
bool same_memory(const emu::Memory& recorded, const emu::Memory& actual, bool whole) {
  if (whole) return recorded == actual;
  for (const emu::Region& region : actual.regions()) {
    if (!region.writable) continue;
    for (const emu::Memory::RightsRun& run : actual.rights_in(region.range)) {
      if (!run.rights.writable) continue;
      const auto left = recorded.bytes_at(run.range.low).first(run.range.size());
      const auto right = actual.bytes_at(run.range.low).first(run.range.size());
      if (!std::equal(left.begin(), left.end(), right.begin())) return false;
    }
  }
  return true;
}

/// A second machine, stopped at every `stride`th step from `first` on and read in full.
void expect_oracle(Trace& trace, const emu::Image& image, const std::vector<std::string>& arguments = {},
                   std::uint64_t quantum = 10'000, std::uint64_t stride = 1) {
  const auto machine = emu::boot_linux(image, arguments, quantum);
  int differences = 0;
  for (std::uint64_t step = 0; step <= trace.steps().value && differences < 5; step += stride) {
    machine->run(step);
    ASSERT_EQ(machine->steps(), step);
    if (raised_at(trace, step)) continue;
    const MachineState& recorded = trace.state_at(StepIndex{step});
    const emu::RegisterFile actual = machine->registers();
    for (std::size_t i = 0; i < emu::kRegisterSlots; ++i) {
      if (recorded.registers.slots[i] == actual.slots[i]) continue;
      ++differences;
      ADD_FAILURE() << "step " << step << ": " << emu::register_name(static_cast<emu::Register>(i)) << " is "
                    << std::hex << actual.slots[i] << ", recorded " << recorded.registers.slots[i];
    }
    if (!same_memory(recorded.memory, machine->memory(), step % 1000 == 0)) {
      ++differences;
      ADD_FAILURE() << "step " << step << ": memory differs";
    }
  }
  machine->run(kPlenty);
  const MachineState& last = trace.state_at(trace.steps());
  EXPECT_TRUE(last.registers == machine->registers());
  EXPECT_TRUE(last.memory == machine->memory());
}

class LinuxOracle : public testing::TestWithParam<const char*> {};

TEST_P(LinuxOracle, EveryStepIsRecordedAsItWas) {
  const emu::Image image = emu::linux_guest(GetParam());
  const auto trace = record_linux(image);
  ASSERT_TRUE(trace->stop().has_value());
  EXPECT_EQ(trace->stop()->reason, emu::Stop::Reason::exited) << trace->stop()->message;
  EXPECT_EQ(trace->output_until(trace->steps()), emu::run_program(GetParam()).output);
  expect_oracle(*trace, image);
}

INSTANTIATE_TEST_SUITE_P(Small, LinuxOracle,
                         testing::Values("contexts", "faults", "frames", "jumps", "signal_stack", "waits"),
                         [](const auto& named) { return std::string(named.param); });

TEST(LinuxRecording, TasksEqualTheOracle) {
  const emu::Image image = emu::linux_guest("threads");
  for (const std::uint64_t quantum : {3U, 100U}) {
    const auto trace = record_linux(image, {}, quantum);
    const auto switches = std::count_if(trace->events().begin(), trace->events().end(), [](const EventRecord& record) {
      return record.event.kind == emu::EventKind::task;
    });
    EXPECT_GT(switches, 20);
    const auto first = std::find_if(trace->events().begin(), trace->events().end(), [](const EventRecord& record) {
      return record.event.kind == emu::EventKind::task;
    });
    EXPECT_EQ(first->event.step.value % quantum, 0U) << "slices follow each other while there is one task";
    expect_oracle(*trace, image, {}, quantum, 7);
  }
}

/// Several address spaces: what is laid out, and every frame that is not.
TEST(LinuxRecording, ProcessesEqualTheOracle) {
  for (const char* name : {"processes", "execs", "forked_threads"}) {
    const emu::Image image = emu::linux_guest(name);
    const auto trace = record_linux(image, {}, 1009);
    EXPECT_EQ(trace->stop()->reason, emu::Stop::Reason::exited) << trace->stop()->message;
    expect_oracle(*trace, image, {}, 1009, 211);
    // Backwards, so that no seek can go on from the one before.
    const auto forwards = [&](StepIndex cursor) { return trace->state_at(cursor); };
    for (std::uint64_t step = trace->steps().value; step > 0; step -= std::min<std::uint64_t>(step, 9973)) {
      const MachineState sought = forwards(StepIndex{step});
      const std::uint32_t space = trace->space_at(StepIndex{step});
      trace->state_at(StepIndex{0});
      for (std::uint64_t way = step > 700 ? step - 700 : 0; way < step; way += 100) trace->state_at(StepIndex{way});
      ASSERT_TRUE(trace->state_at(StepIndex{step}) == sought) << name << ", step " << step;
      ASSERT_EQ(trace->space_at(StepIndex{step}), space);
    }
  }
}

/// A byte's last writer, by playing everything from the start: through forks, copies and changes of space.
TEST(LinuxRecording, TheLastWriterIsFoundInEverySpace) {
  const emu::Image image = emu::linux_guest("processes");
  const auto trace = record_linux(image);
  const emu::Symbol global = *image.symbol("global");
  const emu::Symbol page = *image.symbol("page");
  for (const emu::Address address : {global.address, page.address + 4095}) {
    std::map<std::uint64_t, std::uint64_t> writer;  // by the frame's address, found by our own walk
    int compared = 0;
    for (std::uint64_t step = 1; step <= trace->steps().value; ++step) {
      const StepEffects& effects = trace->effects_of(StepIndex{step});
      const auto note = [&](const MemoryChange& change) {
        for (std::uint64_t i = 0; i < change.size; ++i)
          if ((change.physical.value + i) % emu::kPageSize == address.value % emu::kPageSize)
            writer[change.physical.value + i] = step;
      };
      for (const MemoryChange& change : effects.memory) note(change);
      if (step % 23 != 0) continue;
      const std::vector<std::pair<std::uint64_t, std::uint64_t>> known(writer.begin(), writer.end());
      std::uint64_t frame = address.value;
      const std::uint32_t space = trace->space_at(StepIndex{step});
      const emu::Memory& memory = trace->state_at(StepIndex{step}).memory;
      SpaceLayout::find(memory)->for_each_page(memory, space, [&](const SpaceLayout::Entry& entry) {
        if (entry.page == (address.value & ~(emu::kPageSize - 1)))
          frame = (entry.entry & emu::page_entry::kFrame) + address.value % emu::kPageSize;
      });
      const auto found = trace->last_write(address, 1, StepIndex{step});
      const auto expected = writer.find(frame);
      ASSERT_EQ(found.has_value(), expected != writer.end()) << "step " << step;
      if (found) {
        ASSERT_EQ(found->value, expected->second) << "step " << step;
        ++compared;
      }
    }
    EXPECT_GT(compared, 3);
  }
}

TEST(LinuxRecording, TheStepThatWritesAPageFirstIsOneStep) {
  const emu::Image image = emu::linux_guest("processes");
  const auto trace = record_linux(image);
  int copies = 0;
  for (const EventRecord& record : trace->events()) {
    if (record.event.kind != emu::EventKind::page_copy || record.event.vector != 1) continue;
    const std::string::size_type at = record.text.find("0x");
    const std::uint64_t page = std::stoull(record.text.substr(at), nullptr, 16);
    const StepIndex behind = record.event.step;
    const bool in_call = trace->events_behind(behind).size() > 1;
    if (in_call) continue;  // the kernel itself wrote
    // The event copied the page and wrote nothing of it; the next step is the instruction at which it came, and writes.
    const StepEffects& before = trace->effects_of(behind);
    ASSERT_EQ(before.events.size(), 1U);
    const StepEffects effects = trace->effects_of(behind + 1);
    EXPECT_EQ(effects.rip_before, record.event.rip_before.value);
    EXPECT_TRUE(std::any_of(effects.memory.begin(), effects.memory.end(), [&](const MemoryChange& change) {
      return change.address.value < page + emu::kPageSize && page < change.address.value + change.size;
    })) << record.text;
    ++copies;
  }
  EXPECT_GT(copies, 10);
}

TEST(LinuxRecording, LargeOnesEqualTheOracleAtSampledSteps) {
  for (const char* name : {"hello", "memory", "preemption_real", "preemption_virtual"}) {
    const emu::Image image = emu::linux_guest(name);
    const auto trace = record_linux(image);
    expect_oracle(*trace, image, {}, 10'000, 97);
  }
}

TEST(LinuxRecording, FatalFaultsEqualTheOracle) {
  const emu::Image image = emu::linux_guest("endings");
  for (const char* how : {"null", "overflow", "overflow_handled", "gate", "breakpoint"}) {
    const auto trace = record_linux(image, {how});
    expect_oracle(*trace, image, {how}, 10'000, 501);
    ASSERT_FALSE(trace->events().empty());
    EXPECT_EQ(trace->events().back().text.rfind("SIG", 0), 0U) << trace->events().back().text;
  }
}

TEST(LinuxRecording, EventsSayWhatTheKernelDid) {
  const emu::Image image = emu::linux_guest("faults");
  const auto trace = record_linux(image);
  const EventRecord* signal = nullptr;
  const EventRecord* write = nullptr;
  for (const EventRecord& record : trace->events()) {
    if (record.event.kind == emu::EventKind::signal && signal == nullptr) signal = &record;
    if (record.event.kind == emu::EventKind::system_call && record.event.vector == 1) write = &record;
  }
  ASSERT_NE(signal, nullptr);
  EXPECT_EQ(signal->event.vector, 11U);
  EXPECT_EQ(signal->text.rfind("SIGSEGV, write to unmapped 0x10, delivered at 0x", 0), 0U) << signal->text;
  EXPECT_NE(signal->text.find("(main+"), std::string::npos) << signal->text;
  EXPECT_NE(signal->text.find("(leave)"), std::string::npos) << signal->text;
  ASSERT_NE(write, nullptr);
  EXPECT_EQ(write->text.rfind("write(1, 0x", 0), 0U) << write->text;
  // What the program printed stands at the step of its call.
  ASSERT_EQ(trace->output().size(), 1U);
  EXPECT_EQ(trace->output().front().step, write->event.step);
  // The call's own step gives the return address and the flags, as the processor does; the kernel's event the answer.
  const StepEffects& effects = trace->effects_of(write->event.step);
  ASSERT_EQ(effects.event_starts.size(), 1U);
  for (std::size_t i = 0; i < effects.registers.size(); ++i) {
    const emu::Register reg = effects.registers[i].reg;
    if (i < effects.event_starts[0].registers) {
      EXPECT_TRUE(reg == emu::Register::rcx || reg == emu::Register::r11) << emu::register_name(reg);
    } else {
      EXPECT_EQ(reg, emu::Register::rax);
    }
  }
}

TEST(LinuxRecording, ChainsGoThroughSignalFrames) {
  for (const char* name : {"faults", "frames"}) {
    const emu::Image image = emu::linux_guest(name);
    const auto trace = record_linux(image);
    const Unwinder unwinder(trace->image(), trace->debug());
    int handlers = 0;
    for (const EventRecord& record : trace->events()) {
      if (record.event.kind != emu::EventKind::signal || record.text.find(" delivered at ") == std::string::npos)
        continue;
      // Of several behind one step the cursor shows the last one's handler.
      if (trace->events_behind(record.event.step).back().event.rip_before != record.event.rip_before) continue;
      // At the handler's first instruction and in the middle of it, on the first task's stack or the alternate one.
      for (const std::uint64_t later : {0U, 6U}) {
        const MachineState& state = trace->state_at(record.event.step + later);
        const emu::Region* stack = state.memory.region_at(emu::Address{state.registers[emu::Register::rsp]});
        ASSERT_NE(stack, nullptr);
        const UnwoundChain chain = unwinder.running(state.registers, state.memory, stack->range);
        std::vector<std::string> functions;
        for (const UnwoundFrame& frame : chain.frames)
          if (const auto symbol = trace->image().symbol_at(frame.rip)) functions.push_back(symbol->name);
        const auto restorer = std::find(functions.begin(), functions.end(), "__restore_rt");
        ASSERT_NE(restorer, functions.end()) << record.text << "; " << chain.frames.size() << " frames";
        ASSERT_NE(std::find(restorer, functions.end(), "main"), functions.end()) << record.text;
        EXPECT_EQ(functions.back(), "_start");
        EXPECT_TRUE(chain.complete);
        // The interrupted frame is exactly where the signal came.
        const auto at = static_cast<std::size_t>(restorer - functions.begin());
        EXPECT_EQ(chain.frames[at + 1].rip, record.event.rip_before);
        EXPECT_TRUE(chain.frames[at + 1].rip_is_exact);
      }
      ++handlers;
    }
    EXPECT_GE(handlers, 4) << name;
  }
}

TEST(LinuxRecording, AStaticProgramIsATarget) {
  const auto target = resolve_target(FIBERSCOPE_LINUX_GUESTS "/threads");
  ASSERT_TRUE(target.ok()) << target.error().message;
  EXPECT_EQ(target->machine.profile, emu::MachineProfile::linux_user);
  EXPECT_EQ(target->meta().at("profile"), "linux");
  const auto dynamic = resolve_target("/bin/sh");
  ASSERT_FALSE(dynamic.ok());
  EXPECT_NE(dynamic.error().message.find("-static"), std::string::npos) << dynamic.error().message;
}

/// The command line, the recorder's own process and the file, which opens without the program.
TEST(LinuxRecording, TheFileHoldsEverything) {
  const TestFolder folder;
  const std::string path = folder.path() / "hello.fscope";
  const std::string command =
      FIBERSCOPE_PROGRAM " run " FIBERSCOPE_LINUX_GUESTS "/hello -o " + path + " -- one 'and two' > /dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const emu::Image image = emu::linux_guest("hello");
  const auto memory = record_linux(image, {"one", "and two"});
  auto reader = TraceFileReader::open(path);
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  auto trace = Trace::create((*reader)->header());
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  auto update = (*reader)->poll();
  ASSERT_TRUE(update.ok()) << update.error().message;
  (*trace)->append(std::move(update->batch));
  ASSERT_TRUE(update->stop.has_value());
  EXPECT_EQ(update->stop->code, 7);
  EXPECT_EQ((*trace)->meta("profile"), "linux");
  EXPECT_NE((*trace)->output_until((*trace)->steps()).find("2: and two\n"), std::string::npos);
  ASSERT_EQ((*trace)->events().size(), memory->events().size());
  for (std::size_t i = 0; i < memory->events().size(); ++i) {
    const EventRecord& stored = (*trace)->events()[i];
    EXPECT_EQ(stored.text, memory->events()[i].text);
    EXPECT_EQ(stored.event.vector, memory->events()[i].event.vector);
    EXPECT_EQ(stored.event.kind, memory->events()[i].event.kind);
  }
  EXPECT_TRUE(std::any_of(memory->events().begin(), memory->events().end(), [](const EventRecord& record) {
    return record.event.vector > 255;
  })) << "numbers of calls need more than a byte";
  EXPECT_TRUE((*trace)->state_at((*trace)->steps()) == memory->state_at(memory->steps()));
}

TEST(LinuxRecording, ATraceOfAnArenaIsNotLargerForIt) {
  const emu::Image image = emu::linux_guest("hello");
  const auto machine = emu::boot_linux(image);
  const TraceHeader header = make_header(*machine, image, {});
  std::size_t held = 0;
  for (const emu::LoadedRegion& region : header.regions)
    if (region.region.name == "heap" || region.region.name == "mappings") held += region.contents.size();
  EXPECT_EQ(held, 0U);
}

}  // namespace
}  // namespace fiberscope::core
