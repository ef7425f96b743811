// What is recorded of several processors is what each of them did, whatever way one comes to a cursor.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "core/memory_sink.h"
#include "core/recorder.h"
#include "core/trace_file.h"
#include "core/trace_session.h"
#include "tests/emu/machine_guest.h"

namespace fiberscope::core {
namespace {

struct Program {
  const char* label;
  unsigned processors;
  std::uint64_t seed;
  std::uint64_t rounds;
};

void PrintTo(const Program& program, std::ostream* out) {
  *out << program.label << " on " << program.processors << ", seed " << program.seed;
}

const emu::Image& guest() {
  static const emu::Image image = emu::machine_guest("processors");
  return image;
}

std::unique_ptr<emu::Machine> boot(const Program& program) {
  emu::MachineOptions options;
  options.processors = program.processors;
  options.seed = program.seed;
  auto machine = emu::Machine::boot(guest(), options);
  if (!machine) throw std::runtime_error(machine.error().message);
  (*machine)->cpu().write(emu::Register::rip, emu::symbol(guest(), program.label).value);
  (*machine)->memory().write(emu::symbol(guest(), "rounds"), program.rounds, 8);
  return std::move(machine).value();
}

std::unique_ptr<Trace> record(const Program& program) {
  const auto machine = boot(program);
  auto trace = Trace::create(make_header(*machine, guest(), {}));
  if (!trace) throw std::runtime_error(trace.error().message);
  MemorySink sink(**trace);
  const auto ring = std::make_unique<StepRing>();
  Recorder recorder(*machine, guest(), *ring, sink);
  recorder.run(1'000'000);
  return std::move(trace).value();
}

/// An exception that will be delivered before the next step is not yet in the machine.
bool is_settled(const Trace& trace, StepIndex step) {
  for (const EventRecord& record : trace.events_behind(step))
    if (record.event.kind == emu::EventKind::exception || record.event.kind == emu::EventKind::fault) return false;
  return true;
}

class ProcessorsRecording : public testing::TestWithParam<Program> {};

TEST_P(ProcessorsRecording, EqualsTheMachineOnEveryProcessorAtEveryStep) {
  const auto trace = record(GetParam());
  ASSERT_TRUE(trace->stop().has_value());
  EXPECT_EQ(trace->stop()->reason, emu::Stop::Reason::exited) << trace->stop()->message;
  const auto machine = boot(GetParam());
  const std::uint64_t stride = 1 + trace->steps().value / 3000;
  for (StepIndex step{0}; step <= trace->steps(); step = step + stride) {
    machine->run(step.value);
    ASSERT_EQ(machine->steps(), step.value);
    if (step == trace->steps() || !is_settled(*trace, step)) continue;
    for (std::uint16_t cpu = 0; cpu < GetParam().processors; ++cpu)
      ASSERT_TRUE(trace->state_at(step, CpuId{cpu}).registers == machine->registers(cpu))
          << "step " << step.value << ", processor " << cpu;
    ASSERT_TRUE(trace->state_at(step).memory == machine->memory()) << "step " << step.value;
  }
}

TEST_P(ProcessorsRecording, EachStepChangesTheRegistersOfItsOwnProcessor) {
  const auto trace = record(GetParam());
  for (StepIndex step{1}; step <= trace->steps(); step = step + 1) {
    const CpuId cpu = trace->cpu_of_step(step);
    std::vector<emu::RegisterFile> before;
    for (std::uint16_t i = 0; i < GetParam().processors; ++i)
      before.push_back(trace->state_at(step - 1, CpuId{i}).registers);
    const StepEffects effects = trace->effects_of(step);
    ASSERT_EQ(effects.cpu, cpu);
    ASSERT_EQ(before[cpu.value][emu::Register::rip], effects.rip_before) << "step " << step.value;
    for (std::uint16_t i = 0; i < GetParam().processors; ++i) {
      emu::RegisterFile expected = before[i];
      for (const RegisterChange& change : effects.registers_of(CpuId{i})) expected[change.reg] = change.new_value;
      const emu::RegisterFile& after = trace->state_at(step, CpuId{i}).registers;
      if (CpuId{i} == cpu) {
        ASSERT_EQ(after[emu::Register::rip], effects.rip_after) << "step " << step.value;
        expected[emu::Register::rip] = effects.rip_after;
      }
      ASSERT_TRUE(expected == after) << "step " << step.value << ", processor " << i;
    }
  }
}

TEST_P(ProcessorsRecording, IsTheSameForwardsAndBackwards) {
  const auto trace = record(GetParam());
  const auto other = record(GetParam());
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    const StepIndex step{random() % (trace->steps().value + 1)};
    for (const StepIndex at : {step, step.value > 0 ? step - 1 : step}) {
      for (std::uint16_t cpu = 0; cpu < GetParam().processors; ++cpu)
        ASSERT_TRUE(trace->state_at(at, CpuId{cpu}).registers == other->state_at(at, CpuId{cpu}).registers);
    }
    const MachineState kept = trace->state_at(step);
    trace->state_at(StepIndex{random() % (trace->steps().value + 1)});
    ASSERT_TRUE(trace->state_at(step) == kept);
  }
}

TEST_P(ProcessorsRecording, ComesBackFromItsFile) {
  const auto trace = record(GetParam());
  const std::string path =
      (std::filesystem::temp_directory_path() / ("fiberscope_processors_" + std::to_string(getpid()) + ".fscope"))
          .string();
  {
    const auto machine = boot(GetParam());
    auto file = TraceFileWriter::create(path, make_header(*machine, guest(), {}));
    ASSERT_TRUE(file.ok()) << file.error().message;
    const auto ring = std::make_unique<StepRing>();
    Recorder recorder(*machine, guest(), *ring, **file);
    recorder.run(1'000'000);
  }
  auto session = TraceSession::open(path);
  ASSERT_TRUE(session.ok()) << session.error().message;
  Trace& read = (*session)->trace();
  ASSERT_EQ(read.processors(), GetParam().processors);
  ASSERT_EQ(read.steps(), trace->steps());
  ASSERT_EQ(read.events().size(), trace->events().size());
  for (std::size_t i = 0; i < read.events().size(); ++i)
    ASSERT_EQ(read.events()[i].event.cpu, trace->events()[i].event.cpu);
  for (StepIndex step{0}; step <= read.steps(); step = step + 1 + read.steps().value / 200) {
    ASSERT_EQ(read.cpu_of_step(step), trace->cpu_of_step(step));
    ASSERT_TRUE(read.state_at(step) == trace->state_at(step)) << "step " << step.value;
  }
  std::filesystem::remove(path);
}

INSTANTIATE_TEST_SUITE_P(All, ProcessorsRecording,
                         testing::Values(Program{"count_plain", 2, 0, 40}, Program{"count_plain", 3, 5, 40},
                                         Program{"spin", 2, 0, 8}, Program{"spin", 4, 9, 8},
                                         Program{"changing_code", 2, 3, 1}, Program{"timers", 3, 0, 1},
                                         Program{"interrupting", 2, 4, 1}, Program{"forms", 2, 0, 1},
                                         Program{"count_three_steps", 8, 1, 900}));

TEST(ProcessorsTrace, AFirstHalfSaysWhatWasRead) {
  const auto trace = record({"count_plain", 2, 0, 3});
  std::size_t reads = 0;
  for (const EventRecord& record : trace->events()) {
    if (record.event.kind != emu::EventKind::read) continue;
    ++reads;
    EXPECT_EQ(record.event.vector, 4U) << "bytes";
    EXPECT_NE(record.text.find("has read 0x"), std::string::npos) << record.text;
  }
  EXPECT_EQ(reads, 6U);
}

TEST(ProcessorsTrace, TheLastWriterOfARegisterIsOfItsProcessor) {
  const auto trace = record({"count_three_steps", 2, 0, 20});
  for (StepIndex cursor{1}; cursor <= trace->steps(); cursor = cursor + 7) {
    for (std::uint16_t cpu = 0; cpu < 2; ++cpu) {
      // By hand: back over the steps.
      std::optional<StepIndex> expected;
      for (StepIndex step = cursor; step.value > 0 && !expected; step = step - 1) {
        for (const RegisterChange& change : trace->effects_of(step).registers_of(CpuId{cpu}))
          if (change.reg == emu::Register::rax) expected = step;
        const StepTemplate& ran = trace->templates()[trace->effects_of(step).instruction];
        const bool certain = std::find(ran.certain.begin(), ran.certain.end(), 0) != ran.certain.end();
        if (certain && trace->cpu_of_step(step) == CpuId{cpu}) expected = step;
      }
      ASSERT_EQ(trace->last_write(emu::Register::rax, cursor, CpuId{cpu}), expected) << cursor.value;
    }
  }
}

}  // namespace
}  // namespace fiberscope::core
