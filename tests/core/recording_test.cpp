// What is recorded is what the machine did: the recorder's write sets against an oracle that reads every register and all
// memory at every step, and time travel against a run from the start.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/memory_sink.h"
#include "core/recorder.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

TEST(Recording, EqualsTheOracleAtEveryStep) {
  const emu::Image image = scenario_image("switch_to_context.elf");
  const auto trace = record(image);
  auto oracle = emu::Machine::boot(image);
  ASSERT_TRUE(oracle.ok()) << oracle.error().message;
  emu::Machine& machine = **oracle;
  ASSERT_GT(trace->steps().value, 1000U);
  for (std::uint64_t step = 0; step <= trace->steps().value; ++step) {
    if (step > 0) machine.run(step);
    const MachineState& recorded = trace->state_at(StepIndex{step});
    const emu::RegisterFile actual = machine.registers();
    for (std::size_t i = 0; i < emu::kRegisterSlots; ++i)
      ASSERT_EQ(recorded.registers.slots[i], actual.slots[i])
          << "step " << step << ", " << emu::register_name(static_cast<emu::Register>(i));
    ASSERT_TRUE(recorded.memory == machine.memory()) << "memory at step " << step;
  }
}

RC_GTEST_PROP(Recording, ForwardBackForwardEqualsAFreshRun, ()) {
  static const emu::Image kImage = scenario_image("switch_to_context.elf");
  static const auto kTrace = record(kImage);
  const std::uint64_t steps = kTrace->steps().value;
  const std::uint64_t cursor = *rc::gen::inRange<std::uint64_t>(0, steps + 1);
  const std::uint64_t forward = *rc::gen::inRange<std::uint64_t>(0, steps - cursor + 1);
  const std::uint64_t back = *rc::gen::inRange<std::uint64_t>(0, cursor + forward + 1);
  kTrace->state_at(StepIndex{cursor});
  for (std::uint64_t i = 1; i <= forward; ++i) kTrace->state_at(StepIndex{cursor + i});
  for (std::uint64_t i = 1; i <= std::min<std::uint64_t>(back, 40); ++i) kTrace->state_at(StepIndex{cursor + forward - i});
  const std::uint64_t there = cursor + forward - back;
  auto fresh = emu::Machine::boot(kImage);
  (*fresh)->run(there);
  const MachineState& state = kTrace->state_at(StepIndex{there});
  RC_ASSERT(state.registers == (*fresh)->registers());
  RC_ASSERT(state.memory == (*fresh)->memory());
}

}  // namespace
}  // namespace fiberscope::core
