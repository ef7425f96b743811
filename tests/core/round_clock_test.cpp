// Rounds counted from the trace, against the machine's own clock, which the guest reads.
#include "core/round_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/memory_sink.h"
#include "core/recorder.h"
#include "tests/emu/machine_guest.h"

namespace fiberscope::core {
namespace {

constexpr std::uint64_t kClockPort = 0xf40;

struct Program {
  const char* label;
  unsigned processors;
  std::uint64_t seed;
};

void PrintTo(const Program& program, std::ostream* out) {
  *out << program.label << " on " << program.processors << ", seed " << program.seed;
}

std::unique_ptr<Trace> record(const Program& program) {
  const emu::Image image = emu::machine_guest("processors");
  emu::MachineOptions options;
  options.processors = program.processors;
  options.seed = program.seed;
  auto machine = emu::Machine::boot(image, options);
  if (!machine) throw std::runtime_error(machine.error().message);
  (*machine)->cpu().write(emu::Register::rip, emu::symbol(image, program.label).value);
  (*machine)->memory().write(emu::symbol(image, "rounds"), 40, 8);
  auto trace = Trace::create(make_header(**machine, image, {{"seed", std::to_string(program.seed)}}));
  if (!trace) throw std::runtime_error(trace.error().message);
  MemorySink sink(**trace);
  const auto ring = std::make_unique<StepRing>();
  Recorder recorder(**machine, image, *ring, sink);
  recorder.run(1'000'000);
  return std::move(trace).value();
}

bool is_named(Trace& trace, StepIndex step, std::string_view mnemonic) {
  const auto& decoded = trace.decoded(trace.effects_of(step).instruction);
  return decoded.instruction && decoded.instruction->intel_mnemonic == mnemonic;
}

class RoundClockOfTrace : public ::testing::TestWithParam<Program> {};

TEST_P(RoundClockOfTrace, IsTheClockThatTheGuestReads) {
  const auto trace = record(GetParam());
  const std::vector<std::uint64_t>& clock = trace->timeline().clock;
  ASSERT_EQ(clock.size(), trace->steps().value + 1);
  std::size_t reads = 0;
  std::set<std::uint16_t> readers;
  std::set<std::uint16_t> halted;
  std::size_t while_halted = 0;
  for (StepIndex step{1}; step <= trace->steps(); step = step + 1) {
    const CpuId cpu = trace->cpu_of_step(step);
    if (is_named(*trace, step, "hlt")) halted.insert(cpu.value);
    if (!is_named(*trace, step, "in")) continue;
    const emu::RegisterFile& registers = trace->state_at(step).registers;
    if ((registers[emu::Register::rdx] & 0xffff) != kClockPort) continue;
    ASSERT_EQ(clock[step.value] / kPartsOfRound, registers[emu::Register::rax]) << "step " << step.value;
    ++reads;
    readers.insert(cpu.value);
    while_halted += halted.empty() ? 0 : 1;
  }
  EXPECT_GE(reads, 40U * GetParam().processors);
  EXPECT_EQ(readers.size(), GetParam().processors);
  // Halted processors let their turns pass, and the clock goes on.
  EXPECT_EQ(halted.size(), GetParam().processors - 1);
  EXPECT_GT(while_halted, 40U);
}

TEST_P(RoundClockOfTrace, AProcessorIsIdleFromItsHaltOn) {
  const auto trace = record(GetParam());
  const Timeline& timeline = trace->timeline();
  // Nobody interrupts: each but number 0 halts once, and waits until the end.
  ASSERT_EQ(timeline.idles.size(), GetParam().processors - 1);
  for (const Idle& idle : timeline.idles) {
    EXPECT_TRUE(is_named(*trace, idle.first - 1, "hlt"));
    EXPECT_EQ(trace->cpu_of_step(idle.first - 1), idle.cpu);
    EXPECT_EQ(idle.last, trace->steps());
    for (StepIndex step = idle.first; step <= idle.last; step = step + 1)
      EXPECT_NE(trace->cpu_of_step(step), idle.cpu) << "step " << step.value;
  }
}

INSTANTIATE_TEST_SUITE_P(All, RoundClockOfTrace,
                         ::testing::Values(Program{"clock_reads", 2, 0}, Program{"clock_reads", 3, 0},
                                           Program{"clock_reads", 2, 1}, Program{"clock_reads", 3, 77},
                                           Program{"clock_reads", 5, 2}, Program{"clock_reads", 8, 0},
                                           Program{"clock_reads", 8, 12345}));

TEST(IdleTimes, EndWhereTheInterruptComes) {
  const auto trace = record({"interrupting", 2, 0});
  // Number 1 waits with interrupts on, number 0 interrupts it, and it halts for good when it is done.
  const std::vector<Idle>& idles = trace->timeline().idles;
  ASSERT_EQ(idles.size(), 2U);
  EXPECT_EQ(idles[0].cpu, CpuId{1});
  ASSERT_GT(idles[0].last, idles[0].first);
  const auto interrupts_behind = [&](StepIndex step) {
    const auto events = trace->events_behind(step);
    return std::count_if(events.begin(), events.end(), [](const EventRecord& record) {
      return record.event.kind == emu::EventKind::interrupt && record.event.cpu == CpuId{1};
    });
  };
  EXPECT_EQ(interrupts_behind(idles[0].last), 1);
  for (StepIndex step = idles[0].first; step < idles[0].last; step = step + 1) EXPECT_EQ(interrupts_behind(step), 0);
  EXPECT_EQ(idles[1].last, trace->steps());
}

TEST(RoundClock, ATurnIsItsShareOfARound) {
  RoundClock clock(2, 0);
  clock.on_step({0}, false);
  EXPECT_EQ(clock.now(), kPartsOfRound) << "alone";
  ChunkEvent start;
  start.kind = emu::EventKind::start;
  start.cpu = {1};
  clock.on_event(start);
  clock.on_step({1}, false);
  clock.on_step({0}, false);
  EXPECT_EQ(clock.now(), 2 * kPartsOfRound) << "one turn each is a round";
  ChunkEvent read;
  read.kind = emu::EventKind::read;
  read.cpu = {1};
  clock.on_event(read);
  clock.on_step({0}, false);
  clock.on_step({1}, true);
  EXPECT_EQ(clock.now(), 3 * kPartsOfRound + kPartsOfRound / 2) << "an instruction in two halves: two turns";
  EXPECT_TRUE(clock.is_halted({1}));
  clock.on_step({0}, false);
  clock.on_step({0}, false);
  EXPECT_EQ(clock.now(), 5 * kPartsOfRound) << "between these two number 1 let its turn pass";
  ChunkEvent interrupt;
  interrupt.cpu = {1};
  clock.on_event(interrupt);
  EXPECT_FALSE(clock.is_halted({1}));
}

TEST(RoundClock, UnderAScheduleNoTurnPasses) {
  RoundClock clock(2, std::nullopt);
  clock.on_step({0}, false);
  clock.on_step({1}, false);
  clock.on_step({1}, false);
  EXPECT_EQ(clock.now(), 2 * kPartsOfRound) << "number 0 is not asked, but could go on";
  clock.on_step({0}, true);
  clock.on_step({1}, false);
  clock.on_step({1}, false);
  EXPECT_EQ(clock.now(), 4 * kPartsOfRound + kPartsOfRound / 2) << "number 1 is alone";
}

}  // namespace
}  // namespace fiberscope::core
