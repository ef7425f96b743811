// The arrows of the state diagram, against the state bytes at every cursor.
#include "core/state_history.h"

#include <gtest/gtest.h>

#include <map>

#include "core/thread_table.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

TEST(StateHistory, EqualsTheStatesAtEveryCursor) {
  const emu::Image image = scenario_image("switch_to_context.elf");
  const auto trace = record(image);
  const ThreadTable table = ThreadTable::find(image).value();
  std::map<ThreadId, ThreadState> states;
  std::map<ThreadId, std::vector<StateChange>> changes;
  for (std::uint64_t cursor = 0; cursor <= trace->steps().value; ++cursor) {
    for (const Thread& thread : table.read(trace->state_at(StepIndex{cursor}).memory)) {
      const auto [known, fresh] = states.try_emplace(thread.id, cursor == 0 ? thread.state : ThreadState::unused);
      if (known->second != thread.state)
        changes[thread.id].insert(changes[thread.id].begin(),
                                  {StepIndex{cursor}, thread.id, known->second, thread.state, {}, {}});
      known->second = thread.state;
    }
  }
  ASSERT_EQ(changes.size(), 3U);
  StateHistory history(*trace);
  for (const Thread& thread : table.read(trace->state_at(trace->steps()).memory)) {
    const auto told = history.last_changes(thread, trace->steps(), 1000);
    const auto& expected = changes[thread.id];
    ASSERT_EQ(told.size(), expected.size()) << thread.name;
    for (std::size_t i = 0; i < told.size(); ++i) {
      EXPECT_EQ(told[i].step, expected[i].step);
      EXPECT_EQ(told[i].from, expected[i].from);
      EXPECT_EQ(told[i].to, expected[i].to);
    }
    // Nobody but the thread that runs can change anything.
    for (const StateChange& change : told) EXPECT_EQ(change.by, trace->thread_at(change.step - 1));
  }
}

TEST(StateHistory, NamesWhoMovedAThread) {
  const emu::Image image = scenario_image("switch_to_context.elf");
  const auto trace = record(image);
  const ThreadTable table = ThreadTable::find(image).value();
  StateHistory history(*trace);
  const auto threads = table.read(trace->state_at(trace->steps()).memory);
  const auto consumer = history.last_changes(threads.at(2), trace->steps(), 1);
  ASSERT_EQ(consumer.size(), 1U);
  EXPECT_EQ(consumer[0].to, ThreadState::finished);
  EXPECT_EQ(consumer[0].by, ThreadId{2});
  EXPECT_EQ(consumer[0].function, "thread_exit");
  const auto first = history.last_changes(threads.at(2), trace->steps(), 1000).back();
  EXPECT_EQ(first.to, ThreadState::init);
  EXPECT_EQ(first.by, ThreadId{0}) << "main made it";
}

TEST(StateHistory, KnowsOnlyThePast) {
  const emu::Image image = scenario_image("switch_to_context.elf");
  const auto trace = record(image);
  const ThreadTable table = ThreadTable::find(image).value();
  StateHistory history(*trace);
  const Thread producer = table.read(trace->state_at(trace->steps()).memory).at(1);
  const auto all = history.last_changes(producer, trace->steps(), 1000);
  const auto before_last = history.last_changes(producer, all.front().step - 1, 1000);
  EXPECT_EQ(before_last.size() + 1, all.size());
  EXPECT_TRUE(history.last_changes(producer, StepIndex{0}, 3).empty());
}

}  // namespace
}  // namespace fiberscope::core
