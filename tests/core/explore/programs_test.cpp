// Locks and other programs whose verdicts are in the textbooks.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/core/explore/ask.h"

namespace fiberscope::core::explore {
namespace {

ExploreRequest with(ExploreRequest request, const std::string& memory) {
  request.memory = memory;
  return request;
}

using Ends = std::set<std::int64_t>;

Ends ends(const Answer& answer, const std::string& name) {
  Ends values;
  for (const auto& [value, count] : answer.ends(name)) values.insert(value);
  return values;
}

TEST(Programs, PetersonsLockNeedsSequentialConsistency) {
  const Answer sc = ask(file("peterson.c"));
  EXPECT_EQ(ends(sc, "count"), (Ends{2}));
  EXPECT_EQ(sc.found.schedules.text(), "infinite") << "waiting may go on for ever";
  EXPECT_TRUE(sc.found.deadlocks.empty());
  EXPECT_TRUE(sc.found.livelocks.empty());
  EXPECT_EQ(ends(ask(with(file("peterson.c"), "tso")), "count"), (Ends{1, 2}));
  EXPECT_EQ(ends(ask(with(file("peterson_fence.c"), "tso")), "count"), (Ends{2}));
}

/// A C program in a file of its own.
ExploreRequest program(const std::string& text) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("program-" + std::to_string(::getpid()) + ".c")).string();
  std::ofstream(path) << text;
  ExploreRequest request;
  request.target = path;
  return request;
}

/// Store buffering with calls of the runtime between, which are no plain accesses either.
TEST(Programs, ACallOfTheRuntimeWaitsForTheStoresBeforeIt) {
  const ExploreRequest request =
      with(program("#include <fiberscope.h>\nint x, y, a, b, m, n;\nvoid thread_1(void) { x = 1; signal(&m); a = y; }\n"
                   "void thread_2(void) { y = 1; signal(&n); b = x; }\n"),
           "tso");
  const Answer answer = ask(request);
  std::filesystem::remove(request.target);
  EXPECT_EQ(answer.found.outcomes.size(), 3U);
  EXPECT_EQ(answer.outcome({1, 1, 0, 0, 1, 1}), nullptr) << "each would have read before the other stored";
}

/// Locked instructions synchronise, and so does what --sync names: no race. Plain ones race.
TEST(Programs, WhatSynchronisesDoesNotRace) {
  const ExploreRequest locked = program(
      "int x;\nvoid thread_1(void) { __atomic_fetch_add(&x, 1, 5); }\nvoid thread_2(void) { __atomic_fetch_add(&x, 2, "
      "5); "
      "}\n");
  const Answer answer = ask(locked);
  std::filesystem::remove(locked.target);
  EXPECT_EQ(ends(answer, "x"), (Ends{3}));
  EXPECT_TRUE(answer.found.races.empty());
  ExploreRequest plain = typed({"x=1", "x=2"});
  EXPECT_EQ(ask(plain).found.races.size(), 1U);
  plain.sync = {"x"};
  EXPECT_TRUE(ask(plain).found.races.empty());
}

TEST(Programs, ATicketLockExcludes) {
  for (const char* memory : {"sc", "tso"}) {
    const Answer answer = ask(with(file("ticket_lock.c"), memory));
    EXPECT_TRUE(answer.found.complete);
    EXPECT_EQ(ends(answer, "count"), (Ends{2})) << memory;
    EXPECT_TRUE(answer.found.deadlocks.empty());
  }
}

TEST(Programs, ALockThatLooksFirstIsBroken) {
  ExploreRequest request = file("broken_lock.c");
  request.assertions = {"count==2"};
  const Answer answer = ask(request);
  EXPECT_EQ(ends(answer, "count"), (Ends{1, 2}));
  ASSERT_EQ(answer.found.violations.size(), 1U);
  EXPECT_FALSE(answer.found.violations[0].witness.empty());
}

TEST(Programs, PhilosophersDeadlock) {
  const Answer answer = ask(file("philosophers.c"));
  ASSERT_EQ(answer.found.deadlocks.size(), 1U);
  const Deadlock& deadlock = answer.found.deadlocks[0];
  ASSERT_EQ(deadlock.waiting.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(deadlock.waiting[i].thread, i);
    EXPECT_EQ(deadlock.waiting[i].waits_for, "lock(&fork[" + std::to_string((i + 1) % 3) + "])");
    EXPECT_EQ(deadlock.waiting[i].holders, (std::vector<std::size_t>{(i + 1) % 3}));
  }
  EXPECT_TRUE(answer.found.races.empty()) << answer.found.races[0].variable;
  EXPECT_TRUE(answer.found.races_complete);
  const Answer ordered = ask(file("philosophers_ordered.c"));
  EXPECT_TRUE(ordered.found.deadlocks.empty());
  EXPECT_EQ(ordered.found.outcomes.size(), 1U);
}

TEST(Programs, ABoundedBufferKeepsEverything) {
  const Answer answer = ask(file("bounded_buffer.c"));
  EXPECT_EQ(ends(answer, "sum"), (Ends{3}));
  EXPECT_TRUE(answer.found.deadlocks.empty());
  EXPECT_TRUE(answer.found.races.empty());
  const Answer wrong = ask(file("bounded_buffer_deadlock.c"));
  ASSERT_EQ(wrong.found.deadlocks.size(), 1U);
  EXPECT_EQ(wrong.found.deadlocks[0].waiting[0].waits_for, "lock(&mutex)");
  EXPECT_EQ(wrong.found.deadlocks[0].waiting[0].holders, (std::vector<std::size_t>{1}));
  EXPECT_EQ(wrong.found.deadlocks[0].waiting[1].waits_for, "wait(&items)");
}

TEST(Programs, RacesAreToldWithBothOrders) {
  const Answer answer = ask(typed({"x=1; y=1", "z=y; w=x"}));
  ASSERT_EQ(answer.found.races.size(), 2U);
  const Race& race = answer.found.races[0];
  EXPECT_EQ(race.variable, "x");
  EXPECT_EQ(race.first.source, "x=1");
  EXPECT_TRUE(race.first.is_write);
  EXPECT_FALSE(race.first.is_read);
  EXPECT_EQ(race.second.source, "w=x");
  EXPECT_FALSE(race.second.is_write);
  EXPECT_EQ(race.first_before.back(), 1);
  EXPECT_EQ(race.second_before.back(), 0);
  ExploreRequest declared = typed({"x=1; y=1", "z=y; w=x"});
  declared.sync = {"y"};
  // y orders nothing where it is read before it is written: x still races, y does not.
  const Answer synced = ask(declared);
  ASSERT_EQ(synced.found.races.size(), 1U);
  EXPECT_EQ(synced.found.races[0].variable, "x");
}

TEST(Programs, AMessageIsOrderedByItsFlagOnlyWhereTheFlagSynchronises) {
  ExploreRequest request = file("message.c");
  const Answer plain = ask(request);
  std::set<std::string> names;
  for (const Race& race : plain.found.races) names.insert(race.variable);
  EXPECT_EQ(names, (std::set<std::string>{"data", "ready"})) << "data is never adjacent, yet unordered";
  request.sync = {"ready"};
  const Answer synced = ask(request);
  EXPECT_TRUE(synced.found.races.empty());
  EXPECT_TRUE(synced.found.races_complete);
}

TEST(Programs, ThreadsThatWaitForEachOtherForEver) {
  const Answer answer = ask(file("livelock.c"));
  EXPECT_TRUE(answer.found.outcomes.empty());
  ASSERT_EQ(answer.found.livelocks.size(), 1U);
  EXPECT_EQ(answer.found.livelocks[0].loops.size(), 2U);
  EXPECT_TRUE(answer.found.deadlocks.empty());
}

TEST(Programs, JoinWaitsForTheOther) {
  const Answer answer = ask(file("join.c"));
  EXPECT_EQ(ends(answer, "seen"), (Ends{1}));
  EXPECT_TRUE(answer.found.races.empty());
}

TEST(Programs, WhatDoesNotFitIsToldByPreemptions) {
  ExploreRequest request = typed({"x=x+1; y=y+x; z=x+5*y", "x=x+1; y=y+x; z=x+5*y", "x=x+1; y=y+x; z=x+5*y"});
  const Answer whole = ask(request);
  ASSERT_TRUE(whole.found.complete);
  request.limits.max_states = 20'000;
  const Answer part = ask(request);
  EXPECT_FALSE(part.found.complete);
  EXPECT_NE(part.found.stop_reason.find("20000 states"), std::string::npos) << part.found.stop_reason;
  EXPECT_EQ(part.found.schedules.text(), "");
  EXPECT_EQ(part.found.complete_for.rfind("schedules with at most ", 0), 0U) << part.found.complete_for;
  EXPECT_NE(part.found.bound.find("PCT"), std::string::npos);
  const unsigned bound = static_cast<unsigned>(part.found.complete_for[23] - '0');
  // Exactly what the whole exploration reaches with so few preemptions is there, with the same number of them.
  for (const Outcome& outcome : whole.found.outcomes) {
    const Outcome* other = part.outcome(outcome.values);
    if (*outcome.preemptions <= bound) {
      ASSERT_NE(other, nullptr);
      EXPECT_EQ(other->preemptions, outcome.preemptions);
    }
  }
  for (const Outcome& outcome : part.found.outcomes) EXPECT_NE(whole.outcome(outcome.values), nullptr);
}

TEST(Programs, AnInterruptGivesWhatIsThere) {
  const std::atomic<bool> stop{true};
  ExploreRequest request = typed({"x=x+1", "x=x+1"});
  request.limits.stop = &stop;
  const Answer answer = ask(request);
  EXPECT_FALSE(answer.found.complete);
  EXPECT_EQ(answer.found.stop_reason, "interrupted");
}

}  // namespace
}  // namespace fiberscope::core::explore
