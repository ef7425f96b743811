// The schedules of a race are schedules of the machine that was explored: each can be followed there, ends with the
// pair in the promised order, and what is read is what the same execution reads without store buffers.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/explore/schedule.h"
#include "core/explore/schedule_path.h"
#include "tests/core/explore/ask.h"

namespace fiberscope::core::explore {
namespace {

ExploreRequest with_buffers(ExploreRequest request) {
  request.memory = "tso";
  return request;
}

ExploreRequest in_turns(ExploreRequest request) {
  request.scheduler = "rr";
  return request;
}

const Touch* touch_of(const ExecutedStep& step, const std::string& variable, bool writes) {
  for (const Touch& touch : step.touches)
    if (touch.variable == variable && touch.writes() == writes) return &touch;
  return nullptr;
}

/// The steps without drains, each with what it read from memory or its own buffer.
std::vector<std::pair<std::uint64_t, std::vector<std::int64_t>>> reads_of(const std::vector<ExecutedStep>& steps) {
  std::vector<std::pair<std::uint64_t, std::vector<std::int64_t>>> all;
  for (const ExecutedStep& step : steps) {
    if (step.drain) continue;
    all.push_back({step.rip, {}});
    for (const Touch& touch : step.touches)
      if (!touch.writes() && touch.value) all.back().second.push_back(*touch.value);
  }
  return all;
}

std::vector<ExecutedStep> follow(const Answer& answer, const MachineModel& model,
                                 const std::vector<std::uint8_t>& actions) {
  const auto followed = follow_schedule(answer.asked.program, model, answer.asked.options.scheduler, actions);
  if (!followed) {
    ADD_FAILURE() << followed.error().message;
    return {};
  }
  EXPECT_NE(followed->path.end, SchedulePath::End::impossible) << followed->path.schedule << ": " << followed->path.why;
  return followed->path.execution.steps;
}

void check(const Answer& answer, const Race& race, bool forward) {
  const auto& way = forward ? race.first_before : race.second_before;
  const Race::Access& early = forward ? race.first : race.second;
  const Race::Access& late = forward ? race.second : race.first;
  if (way.empty()) return;
  const std::size_t threads = answer.asked.program.threads.size();
  SCOPED_TRACE(race.variable + ": " + schedule_text(way, threads));
  const auto steps = follow(answer, answer.asked.options.model, way);
  ASSERT_EQ(steps.size(), way.size());

  // Behind the last step of the schedule are the drains of what it stored, and nothing else.
  std::size_t last = steps.size() - 1;
  while (steps[last].drain) {
    EXPECT_EQ(steps[last].thread, late.thread);
    --last;
  }
  EXPECT_EQ(steps[last].thread, late.thread);
  EXPECT_EQ(steps[last].rip, late.rip);
  std::size_t first = last;
  while (first > 0 && (steps[first].thread != early.thread || steps[first].rip != early.rip)) --first;
  ASSERT_EQ(steps[first].thread, early.thread);
  ASSERT_EQ(steps[first].rip, early.rip);

  // The earlier store is in memory when the later access comes, the later one at the end.
  std::optional<std::int64_t> memory;
  bool reached = !early.is_write;
  for (std::size_t i = 0; i < last; ++i) {
    const Touch* write = touch_of(steps[i], race.variable, true);
    if (write == nullptr || write->kind != Touch::Kind::write) continue;
    memory = write->value;
    reached = reached || (i >= first && steps[i].thread == early.thread);
  }
  EXPECT_TRUE(reached);
  if (const Touch* read = touch_of(steps[last], race.variable, false); read != nullptr && memory) {
    EXPECT_EQ(read->kind, Touch::Kind::read);
    EXPECT_EQ(read->value, memory);
  }
  if (late.is_write) {
    EXPECT_TRUE(std::any_of(steps.begin() + static_cast<std::ptrdiff_t>(last), steps.end(), [&](const auto& step) {
      const Touch* write = touch_of(step, race.variable, true);
      return write != nullptr && write->kind == Touch::Kind::write;
    }));
  }

  MachineModel direct = answer.asked.options.model;
  direct.tso = false;
  std::vector<std::uint8_t> without;
  std::copy_if(way.begin(), way.end(), std::back_inserter(without), [&](std::uint8_t one) { return one < threads; });
  EXPECT_EQ(reads_of(steps), reads_of(follow(answer, direct, without)));
}

/// The number of schedules that were looked at.
std::size_t check_all(const ExploreRequest& request) {
  SCOPED_TRACE(request.target.empty() ? request.threads.front() : request.target);
  const Answer answer = ask(request);
  std::size_t schedules = 0;
  for (const Race& race : answer.found.races) {
    EXPECT_FALSE(race.first_before.empty() && race.second_before.empty());
    schedules += (race.first_before.empty() ? 0 : 1) + (race.second_before.empty() ? 0 : 1);
    check(answer, race, true);
    check(answer, race, false);
  }
  return schedules;
}

TEST(Races, OneOfAStoreBufferIsShownWithItsDrains) {
  const Answer answer = ask(with_buffers(typed({"x=1; y=1", "z=y; w=x"})));
  ASSERT_EQ(answer.found.races.size(), 2U);
  // By hand: T1 stores x, which must reach memory before the third step of T2 loads it; T2 has stored z before.
  EXPECT_EQ(answer.found.races[0].variable, "x");
  EXPECT_EQ(schedule_text(answer.found.races[0].first_before, 2), "T2x2 D2 T1x1 D1 T2x1");
  EXPECT_EQ(schedule_text(answer.found.races[0].second_before, 2), "T2x2 D2 T2x1 T1x1 D1");
}

TEST(Races, SchedulesUnderStoreBuffersCanBeFollowed) {
  EXPECT_GE(check_all(with_buffers(file("message.c"))), 3U);
  EXPECT_EQ(check_all(file("store_buffering.litmus")), 4U);
  EXPECT_EQ(check_all(file("store_buffering_mfence.litmus")), 4U);
  EXPECT_EQ(check_all(with_buffers(typed({"x=1; a=y", "y=1; b=x"}))), 4U);
  EXPECT_EQ(check_all(with_buffers(typed({"x=x+1", "x=x+1"}))), 6U);
  EXPECT_EQ(check_all(with_buffers(typed({"x=x+1; y=y+x", "x=x+1; y=y+x", "x=2"}))) % 2, 0U);
  EXPECT_GE(check_all(with_buffers(file("peterson.c"))), 2U);
  EXPECT_GE(check_all(with_buffers(file("peterson_fence.c"))), 2U);
  EXPECT_GE(check_all(with_buffers(file("ticket_lock.c"))), 1U);
  check_all(with_buffers(file("join.c")));
  check_all(with_buffers(file("bounded_buffer.c")));
}

TEST(Races, AnInstructionOfTwoStepsUnderStoreBuffers) {
  ExploreRequest request = with_buffers(typed({"x=x+1", "x=x+1"}, "O2"));  // add dword ptr [x], 1
  EXPECT_GE(check_all(request), 2U);
}

TEST(Races, SchedulesOfTurnsCanBeFollowed) {
  // Behind T2, whose turn comes after that of T1, it is the turn of T3: T1 does not come between.
  for (const char* scheduler : {"rr", "rr=1", "rr=2"}) {
    ExploreRequest request = typed({"x=1; y=1", "a=x; b=y", "y=2; x=2"});
    request.scheduler = scheduler;
    SCOPED_TRACE(scheduler);
    EXPECT_GE(check_all(request), 2U);
  }
  EXPECT_GE(check_all(in_turns(typed({"x=x+1", "x=x+1"}))), 4U);
}

}  // namespace
}  // namespace fiberscope::core::explore
