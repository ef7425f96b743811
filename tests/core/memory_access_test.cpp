// The accesses of steps against those that the code says by itself.
#include "core/memory_access.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/core/event_run.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

using emu::Address;

/// The data accesses of a step, without its fetch.
std::vector<StepAccess> data_of(const AccessedStep& step) {
  return {step.accesses.begin() + 1, step.accesses.end()};
}

TEST(MemoryAccess, OfTheSixteenInstructionsOfTheSwitch) {
  const auto trace = record(scenario_image("switch_to_context.elf"));
  AccessReader reader(*trace);
  const StepIndex switched = trace->switches().at(4).step;
  const StepIndex first = switched - 8;
  const std::uint64_t top = trace->state_at(first - 1).registers[emu::Register::rsp];
  const std::uint64_t cell = trace->state_at(first - 1).registers[emu::Register::rdi];
  const std::uint64_t other = trace->state_at(first - 1).registers[emu::Register::rsi];
  const auto write = [](std::uint64_t address) {
    return std::vector<StepAccess>{{AccessKind::write, Address{address}, 8, false}};
  };
  EXPECT_EQ(data_of(reader.at(first - 1)), write(top));  // call
  EXPECT_EQ(data_of(reader.at(first)), write(top - 8));  // push rbp
  EXPECT_TRUE(data_of(reader.at(first + 1)).empty());    // mov rbp, rsp
  for (std::uint64_t i = 2; i < 7; ++i) EXPECT_EQ(data_of(reader.at(first + i)), write(top - 8 * i));
  EXPECT_EQ(data_of(reader.at(first + 7)), write(cell));  // mov (rdi), rsp
  EXPECT_TRUE(data_of(reader.at(switched)).empty());      // mov rsp, rsi
  for (std::uint64_t i = 0; i < 7; ++i) {                 // six pops and ret
    const std::vector<StepAccess> read{{AccessKind::read, Address{other + 8 * i}, 8, false}};
    EXPECT_EQ(data_of(reader.at(switched + 1 + i)), read) << i;
  }
}

TEST(MemoryAccess, TheFetchIsTheInstruction) {
  const auto trace = record(scenario_image("switch_to_context.elf"));
  AccessReader reader(*trace);
  for (std::uint64_t step = 1; step <= trace->steps().value; step += 7) {
    const std::uint64_t rip = trace->state_at(StepIndex{step - 1}).registers[emu::Register::rip];
    const AccessedStep& accessed = reader.at(StepIndex{step});
    ASSERT_EQ(accessed.accesses.front().kind, AccessKind::fetch);
    EXPECT_EQ(accessed.accesses.front().address.value, rip);
    EXPECT_EQ(accessed.accesses.front().size, trace->templates()[accessed.instruction].size);
  }
}

/// Every byte that the trace says was written, and by which side, is in exactly one write.
void expect_all_writes(Trace& trace) {
  AccessReader reader(trace);
  for (StepIndex step{1}; step <= trace.steps(); step = step + 1) {
    std::map<std::uint64_t, int> written;  // by byte
    for (const StepAccess& access : reader.at(step).accesses)
      for (std::uint64_t i = 0; access.kind == AccessKind::write && i < access.size; ++i)
        ++written[access.address.value + i];
    std::map<std::uint64_t, int> recorded;
    for (const MemoryChange& change : trace.effects_of(step).memory)
      for (std::uint64_t i = 0; i < change.size; ++i) ++recorded[change.address.value + i];
    ASSERT_EQ(written, recorded) << "step " << step.value;
  }
}

TEST(MemoryAccess, EveryRecordedByteIsWrittenOnce) {
  for (const char* image : {"switch_to_context.elf", "user_ping_pong.elf", "windowed_switch.elf"}) {
    if (!builtin_file(std::string("images/") + image)) continue;
    expect_all_writes(*record(scenario_image(image)));
  }
}

TEST(MemoryAccess, WhatAnEventWroteIsItsOwn) {
  const EventRun run = record_events();
  expect_all_writes(*run.trace);
  AccessReader reader(*run.trace);
  const AccessedStep& step = reader.at(StepIndex{1});  // xor ebp, ebp; an interrupt and an exception behind it
  ASSERT_EQ(step.events.size(), 2U);
  const std::vector<StepAccess> data = data_of(step);
  ASSERT_EQ(data.size(), 3U);
  for (const StepAccess& access : data) EXPECT_TRUE(access.by_event && access.kind == AccessKind::write);
  EXPECT_NE(step.rsp_alone, step.event_rsp.at(0));
  EXPECT_EQ(step.event_rsp.at(0), step.event_rsp.at(1));
  EXPECT_EQ(step.rsp_after, step.event_rsp.at(1));
  const AccessedStep& push = reader.at(StepIndex{2});
  EXPECT_FALSE(data_of(push).at(0).by_event);
  EXPECT_TRUE(data_of(push).at(1).by_event);
}

}  // namespace
}  // namespace fiberscope::core
