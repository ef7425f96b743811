// Several processors under a schedule, and their store buffers: every value is worked out by hand from the bodies.
#include "emu/processor_schedule.h"

#include <gtest/gtest.h>

#include "asm/replay_runtime/store_buffers.h"
#include "emu/store_buffer.h"
#include "tests/emu/machine_guest.h"

namespace fiberscope::emu {
namespace {

const Image& guest() {
  static const Image image = machine_guest("store_buffers");
  return image;
}

// The guest declares what the machine writes.
static_assert(sizeof(store_buffer) == StoreBuffer::kMirrorSize);
static_assert(static_cast<std::size_t>(STORE_BUFFER_ENTRIES) == StoreBuffer::kEntries);

/// Two bodies of the guest on a processor each, under a schedule.
class ScheduledProcessors {
 public:
  ScheduledProcessors(const std::string& first, const std::string& second, std::vector<ScheduleItem> schedule,
                      bool store_buffers) {
    MachineOptions options;
    options.processors = 2;
    options.store_buffers = store_buffers;
    options.schedule = std::move(schedule);
    options.bodies = {body(1, first), body(2, second)};
    machine_ = Machine::boot(guest(), options).value();
    machine_->cpu().write(Register::rip, symbol(guest(), "start").value);
    machine_->memory().write(symbol(guest(), "first"), symbol(guest(), first).value, 8);
    machine_->memory().write(symbol(guest(), "second"), symbol(guest(), second).value, 8);
  }

  Stop run() { return machine_->run(10'000); }
  /// Until the instruction at that label, plus so many bytes, is the next one of the processor.
  void run_to(unsigned processor, const std::string& label, std::uint64_t bytes) {
    const std::uint64_t rip = symbol(guest(), label).value + bytes;
    for (std::uint64_t step = 1; step < 10'000 && machine_->registers(processor)[Register::rip] != rip; ++step)
      machine_->run(step);
    ASSERT_EQ(machine_->registers(processor)[Register::rip], rip);
  }
  [[nodiscard]] std::uint64_t word(const std::string& name) const {
    return word_at(*machine_, symbol(guest(), name), 4);
  }
  [[nodiscard]] std::vector<BufferedStore> buffer(unsigned processor) const {
    return StoreBuffer::from_mirror(machine_->memory(),
                                    symbol(guest(), StoreBuffer::kSymbol) + StoreBuffer::kMirrorSize * processor);
  }

 private:
  static ThreadBody body(std::uint32_t thread, const std::string& name) {
    return {thread, {symbol(guest(), name), symbol(guest(), name + "_end")}, {}};
  }
  std::unique_ptr<Machine> machine_;
};

ScheduleItem turn(std::uint32_t thread, std::uint64_t steps) {
  return {thread, steps, false};
}
ScheduleItem drain(std::uint32_t thread) {
  return {thread, 1, true};
}

TEST(ProcessorSchedule, OneAfterTheOther) {
  ScheduledProcessors run("store_x", "store_y", {turn(1, 3), turn(2, 3)}, false);
  EXPECT_EQ(run.run().reason, Stop::Reason::exited);
  EXPECT_EQ(run.word("a"), 0U) << "read before y was stored";
  EXPECT_EQ(run.word("b"), 1U);
}

TEST(ProcessorSchedule, TurnsMayInterleave) {
  ScheduledProcessors run("store_x", "store_y", {turn(2, 1), turn(1, 2), turn(2, 2), turn(1, 1)}, false);
  EXPECT_EQ(run.run().reason, Stop::Reason::exited);
  EXPECT_EQ(run.word("a"), 1U);
  EXPECT_EQ(run.word("b"), 1U);
}

TEST(ProcessorSchedule, AnInstructionThatIsNotAtomicTakesTwoSteps) {
  ScheduledProcessors lost("add", "add_too", {turn(1, 1), turn(2, 1), turn(1, 1), turn(2, 1)}, false);
  EXPECT_EQ(lost.run().reason, Stop::Reason::exited);
  EXPECT_EQ(lost.word("x"), 1U) << "both have read 0";
  ScheduledProcessors both("add", "add_too", {turn(1, 2), turn(2, 2)}, false);
  EXPECT_EQ(both.run().reason, Stop::Reason::exited);
  EXPECT_EQ(both.word("x"), 2U);
}

TEST(ProcessorSchedule, AStackIsNobodyElsesAndItsInstructionsAreOneStep) {
  ScheduledProcessors run("add_on_stack", "store_y", {turn(1, 4), turn(2, 3)}, true);
  const Stop stop = run.run();
  EXPECT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
  EXPECT_EQ(run.word("a"), 5U);
}

TEST(StoreBuffers, BothMayReadTheOldValue) {
  ScheduledProcessors run("store_x", "store_y", {turn(1, 3), turn(2, 3), drain(1), drain(1), drain(2), drain(2)}, true);
  EXPECT_EQ(run.run().reason, Stop::Reason::exited);
  EXPECT_EQ(run.word("a"), 0U);
  EXPECT_EQ(run.word("b"), 0U) << "x = 1 was still in the buffer of processor 0";
  EXPECT_EQ(run.word("x"), 1U);
  EXPECT_EQ(run.word("y"), 1U);
}

TEST(StoreBuffers, AStoreThatHasDrainedIsSeen) {
  ScheduledProcessors run("store_x", "store_y",
                          {turn(1, 1), drain(1), turn(2, 3), drain(2), drain(2), turn(1, 2), drain(1)}, true);
  EXPECT_EQ(run.run().reason, Stop::Reason::exited);
  EXPECT_EQ(run.word("a"), 1U);
  EXPECT_EQ(run.word("b"), 1U);
}

TEST(StoreBuffers, AreSeenInMemoryAndForwardToTheirOwnProcessor) {
  ScheduledProcessors run("forward", "store_y",
                          {turn(1, 5), turn(2, 3), drain(1), drain(1), drain(1), drain(1), drain(2), drain(2)}, true);
  run.run_to(1, "store_y", 0);
  run.run_to(0, "forward_end", 0);
  EXPECT_EQ(run.word("a"), 0U);
  EXPECT_EQ(run.word("x"), 0U) << "memory holds nothing yet";
  const Address x = symbol(guest(), "x");
  EXPECT_EQ(
      run.buffer(0),
      (std::vector<BufferedStore>{
          {x, 2, 0x0102}, {symbol(guest(), "y"), 4, 0x05060708}, {x, 1, 0x09}, {symbol(guest(), "a"), 4, 0x0109}}));
  EXPECT_TRUE(run.buffer(1).empty());
  EXPECT_EQ(run.run().reason, Stop::Reason::exited);
  EXPECT_EQ(run.word("x"), 0x0109U);
  EXPECT_EQ(run.word("y"), 1U) << "the younger one's drains came last";
  EXPECT_EQ(run.word("b"), 0U);
  EXPECT_TRUE(run.buffer(0).empty());
}

TEST(StoreBuffers, EmptyThemselvesBehindTheScheduleBeforeAnythingElse) {
  ScheduledProcessors run("store_x", "store_y", {turn(1, 3), turn(2, 3)}, true);
  EXPECT_EQ(run.run().reason, Stop::Reason::exited);
  EXPECT_EQ(run.word("x"), 1U);
  EXPECT_EQ(run.word("y"), 1U);
}

/// Which processor acts next, and that it did: three of them, of which the last has no thread of the schedule.
TEST(ProcessorSchedule, EachDrainComesBehindAStepOfOneThatOnlyWaits) {
  const AddressRange first{{0x100}, {0x104}};
  const AddressRange second{{0x200}, {0x204}};
  ProcessorSchedule schedule({{1, first, {{0x100}}}, {2, second, {{0x200}}}}, {drain(1), drain(2), turn(1, 1)}, 3);
  using Place = ProcessorSchedule::Place;
  std::vector<Place> places = {Place{true, false, first.low, {0x1000}, 2}, Place{true, false, second.low, {0x2000}, 1},
                               Place{true, false, {0x300}, {0x3000}, 0}};
  const auto next = [&] {
    const auto act = schedule.next(places);
    EXPECT_TRUE(act) << schedule.error();
    return act.value_or(ProcessorSchedule::Act{9, false});
  };
  for (const unsigned processor : {0U, 1U}) {
    ProcessorSchedule::Act act = next();
    EXPECT_EQ(act.processor, 2U);
    EXPECT_FALSE(act.drains);
    schedule.took(2, {0x300}, true);
    act = next();
    EXPECT_EQ(act.processor, processor);
    EXPECT_TRUE(act.drains);
    --places[processor].buffered;
    schedule.drained();
  }
  ProcessorSchedule::Act act = next();
  EXPECT_EQ(act.processor, 0U);
  EXPECT_FALSE(act.drains);
  EXPECT_EQ(schedule.thread_on(1), 2U);
  EXPECT_EQ(schedule.thread_on(2), 0U);
}

/// Why the schedule cannot be followed.
std::string problem(const std::string& first, std::vector<ScheduleItem> schedule) {
  ScheduledProcessors run(first, "store_y", std::move(schedule), true);
  const Stop stop = run.run();
  EXPECT_EQ(stop.reason, Stop::Reason::schedule) << stop.message;
  return stop.message;
}

TEST(ProcessorSchedule, TheFirstHalfOfAnInstructionOnAStackIsNoStep) {
  EXPECT_NE(problem("add_on_stack", {turn(1, 5)}).find("thread 1 has only 4 steps"), std::string::npos);
}

TEST(StoreBuffers, WhatWaitsForThemSaysSo) {
  EXPECT_NE(
      problem("fence_x", {turn(1, 2), turn(2, 3)}).find("item 1 of 2, T1x2, cannot be followed: after 1 of these"),
      std::string::npos);
  EXPECT_NE(problem("add_locked", {turn(1, 2)}).find("D1 comes first"), std::string::npos);
  EXPECT_NE(problem("store_x", {drain(1)}).find("store buffer is empty"), std::string::npos);
  EXPECT_NE(problem("store_x", {turn(1, 4)}).find("thread 1 has only 3 steps"), std::string::npos);
  EXPECT_NE(problem("store_x", {turn(3, 1)}).find("thread 3 does not begin"), std::string::npos);
  EXPECT_NE(problem("full", {turn(1, 33)}).find("waits until"), std::string::npos);
  ScheduledProcessors fenced("fence_x", "store_y", {turn(1, 1), drain(1), turn(1, 3), turn(2, 3)}, true);
  EXPECT_EQ(fenced.run().reason, Stop::Reason::exited);
}

TEST(StoreBuffers, NeedProcessorsAndASchedule) {
  MachineOptions options;
  options.store_buffers = true;
  EXPECT_FALSE(Machine::boot(guest(), options).ok());
  options.processors = 2;
  EXPECT_FALSE(Machine::boot(guest(), options).ok());
}

}  // namespace
}  // namespace fiberscope::emu
