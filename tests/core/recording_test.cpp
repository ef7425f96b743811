// What is recorded is what the machine did: the recorder's write sets against an oracle that reads every register and
// all memory at every step, and time travel against runs from the start.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

emu::Image guest_image(const std::string& name) {
  if (builtin_file("images/" + name)) return scenario_image(name);
  auto image = emu::Image::load(std::string(FIBERSCOPE_GUEST_IMAGES) + "/" + name);
  if (!image) throw std::runtime_error(image.error().message);
  return std::move(image).value();
}

class Recording : public ::testing::TestWithParam<const char*> {};

TEST_P(Recording, EqualsTheOracleAtEveryStep) {
  const emu::Image image = guest_image(GetParam());
  const auto trace = record(image, 10'000);
  auto oracle = emu::Machine::boot(image);
  ASSERT_TRUE(oracle.ok()) << oracle.error().message;
  emu::Machine& machine = **oracle;
  ASSERT_GT(trace->steps().value, 500U);
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

INSTANTIATE_TEST_SUITE_P(EveryGuest, Recording,
                         ::testing::Values("switch_to_context.elf", "deadlock.elf", "sorting.elf", "switch_loop.elf"));

/// Walks a trace from a random cursor forward n, back k, forward k, and compares the three turning points with fresh
/// runs.
void walk(const emu::Image& image, Trace& trace) {
  const std::uint64_t steps = trace.steps().value;
  const auto from = *rc::gen::inRange<std::uint64_t>(0, steps + 1);
  const auto forward = *rc::gen::inRange<std::uint64_t>(0, std::min<std::uint64_t>(steps - from, 300) + 1);
  const auto back = *rc::gen::inRange<std::uint64_t>(0, std::min<std::uint64_t>(from + forward, 60) + 1);
  const auto expect_fresh = [&](std::uint64_t cursor) {
    auto fresh = emu::Machine::boot(image);
    (*fresh)->run(cursor);
    const MachineState& state = trace.state_at(StepIndex{cursor});
    RC_ASSERT(state.registers == (*fresh)->registers());
    RC_ASSERT(state.memory == (*fresh)->memory());
  };
  std::uint64_t cursor = from;
  trace.state_at(StepIndex{cursor});
  for (std::uint64_t i = 0; i < forward; ++i) trace.state_at(StepIndex{++cursor});
  expect_fresh(cursor);
  for (std::uint64_t i = 0; i < back; ++i) trace.state_at(StepIndex{--cursor});
  expect_fresh(cursor);
  for (std::uint64_t i = 0; i < back; ++i) trace.state_at(StepIndex{++cursor});
  expect_fresh(cursor);
}

RC_GTEST_PROP(TimeTravel, ForwardBackForwardEqualsFreshRuns, ()) {
  static const emu::Image kImage = scenario_image("switch_to_context.elf");
  static const auto kTrace = record(kImage);
  walk(kImage, *kTrace);
}

// Long enough for checkpoints of memory: 40 chunks.
RC_GTEST_PROP(TimeTravel, HoldsAcrossCheckpoints, ()) {
  static const emu::Image kImage = guest_image("sorting.elf");
  static const auto kTrace = record(kImage, 160'000);
  walk(kImage, *kTrace);
}

}  // namespace
}  // namespace fiberscope::core
