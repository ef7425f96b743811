// Steps are counted exactly, whatever stops the CPU; two runs are the same; code that changes is noticed.
#include "emu/cpu.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/emu/machine_guest.h"

namespace fiberscope::emu {
namespace {

const Image& control() {
  static const Image kImage = machine_guest("control");
  return kImage;
}

/// rip and registers after every step of a run that stops at each of them.
std::vector<RegisterFile> states(const std::string& label) {
  const auto machine = boot_at(control(), label);
  std::vector<RegisterFile> result{machine->registers()};
  while (machine->run(result.size()).reason == Stop::Reason::limit) {
    EXPECT_EQ(machine->steps(), result.size());
    result.push_back(machine->registers());
  }
  if (machine->steps() == result.size()) result.push_back(machine->registers());
  return result;
}

TEST(CpuTest, StopsAtEveryLimitExactly) {
  const std::vector<RegisterFile> expected = states("_start");
  ASSERT_GT(expected.size(), 40U);
  for (std::size_t limit = 0; limit < expected.size() - 1; ++limit) {
    const auto machine = boot_at(control());
    EXPECT_EQ(machine->run(limit).reason, Stop::Reason::limit);
    EXPECT_EQ(machine->steps(), limit);
    EXPECT_TRUE(machine->registers() == expected[limit]) << "limit " << limit;
    // Going on from there loses and doubles nothing.
    const Stop stop = machine->run(1000);
    EXPECT_EQ(stop.reason, Stop::Reason::exited);
    EXPECT_EQ(machine->steps(), expected.size() - 1);
    EXPECT_TRUE(machine->registers() == expected.back()) << "limit " << limit;
    EXPECT_EQ(machine->console(), "!");
  }
}

TEST(CpuTest, ALoopOfOneInstructionIsManyStepsAndARepIsOne) {
  const std::uint64_t loop = symbol(control(), "one_instruction_loop").value;
  const std::vector<RegisterFile> all = states("_start");
  std::size_t at_loop = 0;
  for (const RegisterFile& state : all) at_loop += state[Register::rip] == loop ? 1 : 0;
  EXPECT_EQ(at_loop, 5U) << "five times at the loop instruction";
  for (std::size_t i = 1; i < all.size(); ++i) {
    const bool again = all[i][Register::rip] == all[i - 1][Register::rip];
    EXPECT_TRUE(!again || all[i][Register::rip] == loop) << "step " << i;
  }
}

TEST(CpuTest, TwoRunsWriteTheSameLog) {
  for (const char* name : {"control", "instructions", "interrupts"}) {
    const Image image = machine_guest(name);
    std::vector<std::uint64_t> logs[2];
    for (auto& log : logs) {
      const auto machine = boot_at(image);
      LogSink sink;
      machine->set_sink(&sink);
      machine->run(100'000);
      machine->set_sink(nullptr);
      log = sink.words();
    }
    ASSERT_GT(logs[0].size(), 100U);
    EXPECT_TRUE(logs[0] == logs[1]) << name;
  }
}

TEST(CpuTest, TheClockCountsSteps) {
  const auto machine = boot_at(control(), "clocks");
  ASSERT_EQ(machine->run(1000).reason, Stop::Reason::exited);
  const RegisterFile registers = machine->registers();
  EXPECT_EQ(registers[Register::r9], 3U) << "rdtscp is the fourth step";
  EXPECT_EQ(registers[Register::r10], 12U);
}

TEST(CpuTest, TheClockReadAsAModelRegisterIsNotTheHosts) {
  std::uint64_t low[2];
  for (std::uint64_t& value : low) {
    const auto machine = boot_at(control(), "clocks");
    machine->run(1000);
    value = machine->registers()[Register::r8];
    EXPECT_LT(machine->registers()[Register::r11], 1000U);
  }
  EXPECT_EQ(low[0], low[1]);
}

TEST(CpuTest, StopsFromOutside) {
  const auto machine = boot_at(control(), "spin");
  machine->request_stop();
  EXPECT_EQ(machine->run(1'000'000).reason, Stop::Reason::stopped);
  EXPECT_LT(machine->steps(), 1'000'000U);
}

TEST(CpuTest, ASinkThatClosesStopsTheGuestBeforeAStepThatItCannotTake) {
  class Closing final : public StepSink {
   public:
    StepBuffer* acquire(std::uint64_t first) override {
      if (first > 0) return nullptr;
      return &*buffer;
    }
    void publish(StepBuffer& full) override { steps += full.steps.load(); }
    std::unique_ptr<StepBuffer> buffer = std::make_unique<StepBuffer>();
    std::uint64_t steps = 0;
  };
  const auto machine = boot_at(control(), "spin");
  Closing sink;
  machine->set_sink(&sink);
  EXPECT_EQ(machine->run(1'000'000).reason, Stop::Reason::stopped);
  EXPECT_EQ(machine->steps(), StepBuffer::kMaxSteps);
  EXPECT_EQ(sink.steps, StepBuffer::kMaxSteps);
}

TEST(CpuTest, CodeThatChangesItselfRunsAsChanged) {
  const auto machine = boot_at(control(), "changing");
  const Stop stop = machine->run(10'000);
  ASSERT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
  EXPECT_EQ(stop.code, 16 * 17 / 2) << "1 + 2 + … + 16, negated twice";
  const auto next = boot_at(control(), "changing_next");
  EXPECT_EQ(next->run(100).code, 5) << "an instruction changed by the one before it";
}

class RewritingTest : public testing::TestWithParam<const char*> {};

TEST_P(RewritingTest, RenewsTheEngineWhenItHasTranslatedMuch) {
  constexpr std::uint64_t kRounds = 2400;  // of 400 instructions: more than one engine takes
  const auto machine = boot_at(control(), GetParam());
  machine->cpu().write(Register::r15, kRounds);
  const Stop stop = machine->run(10'000'000);
  ASSERT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
  EXPECT_EQ(static_cast<std::uint64_t>(stop.code), kRounds / 8 * (0 + 1 + 2 + 3 + 4 + 5 + 6 + 7));
  EXPECT_EQ(machine->registers()[Register::r13], 400 * kRounds);
  EXPECT_EQ(machine->steps(), 2 + kRounds * (3 + 2 + 400 + 3) + 3) << "none twice";
  EXPECT_GE(machine->cpu().engines(), 2U);
}
INSTANTIATE_TEST_SUITE_P(Cpu, RewritingTest, testing::Values("rewriting", "rewriting_itself"),
                         [](const auto& test) { return test.param; });

TEST(CpuTest, AFrameThatLandsOnCodeIsNoticed) {
  const auto machine = boot_at(control(), "frame_on_code");
  const Stop stop = machine->run(1000);
  EXPECT_EQ(machine->registers()[Register::rbx], 5U) << "as it was at first";
  EXPECT_EQ(stop.reason, Stop::Reason::fault) << stop.message;
  EXPECT_EQ(stop.rip, symbol(control(), "framed"));
  EXPECT_EQ(stop.address.value, 0x10000000U);
}

}  // namespace
}  // namespace fiberscope::emu
