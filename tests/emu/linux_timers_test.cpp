#include "emu/linux_timers.h"

#include <gtest/gtest.h>

#include <csignal>

namespace fiberscope::emu {
namespace {

constexpr itimerval kEveryTen = {{0, 10}, {0, 4}};  // microseconds: first after 4, then every 10

TEST(LinuxTimers, StrikeAtExactMoments) {
  LinuxTimers timers;
  LinuxClock clock;
  clock.steps = 100;
  timers.set(ITIMER_REAL, kEveryTen, clock);
  EXPECT_EQ(timers.steps_until_next(clock), 4000U);
  for (std::uint64_t moment = 4100; moment < 50'000; moment += 10'000) {
    clock.steps = moment - 1;
    EXPECT_TRUE(timers.expire(clock).empty());
    EXPECT_EQ(timers.steps_until_next(clock), 1U);
    clock.steps = moment;
    EXPECT_EQ(timers.expire(clock), std::vector<int>{SIGALRM});
    EXPECT_TRUE(timers.expire(clock).empty());
  }
  // Who is late is struck once, and then when it would have been.
  clock.steps += 25'000;
  EXPECT_EQ(timers.expire(clock).size(), 1U);
  EXPECT_EQ(timers.steps_until_next(clock), 5000U);
}

TEST(LinuxTimers, EachRunsInItsOwnTime) {
  LinuxTimers timers;
  LinuxClock clock;
  clock.nanoseconds_per_step = 100;
  timers.set(ITIMER_VIRTUAL, kEveryTen, clock);
  timers.set(ITIMER_REAL, kEveryTen, clock);
  EXPECT_EQ(timers.steps_until_next(clock), 40U);
  EXPECT_EQ(timers.real_deadline(), 4000U);
  clock.skipped = 4000;  // everybody waited
  EXPECT_EQ(timers.expire(clock), std::vector<int>{SIGALRM});
  clock.steps = 40;
  clock.own_steps = 40;  // the rest were another process's
  EXPECT_EQ(timers.expire(clock), std::vector<int>{SIGVTALRM});
  EXPECT_EQ(timers.get(ITIMER_VIRTUAL, clock).it_value.tv_usec, 10);
  EXPECT_EQ(timers.get(ITIMER_PROF, clock).it_value.tv_usec, 0);
  timers.set(ITIMER_VIRTUAL, {}, clock);
  timers.set(ITIMER_REAL, {}, clock);
  EXPECT_FALSE(timers.steps_until_next(clock).has_value());
}

}  // namespace
}  // namespace fiberscope::emu
