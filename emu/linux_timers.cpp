#include "emu/linux_timers.h"

#include <algorithm>
#include <csignal>

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kMicrosecond = 1000;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr int kSignals[] = {SIGALRM, SIGVTALRM, SIGPROF};

std::uint64_t nanoseconds(const timeval& value) {
  return static_cast<std::uint64_t>(value.tv_sec) * kSecond + static_cast<std::uint64_t>(value.tv_usec) * kMicrosecond;
}

/// Rounded up: a timer that runs is never said to be 0.
timeval as_timeval(std::uint64_t time) {
  const std::uint64_t microseconds = (time + kMicrosecond - 1) / kMicrosecond;
  return {static_cast<time_t>(microseconds / 1'000'000), static_cast<suseconds_t>(microseconds % 1'000'000)};
}

}  // namespace

std::uint64_t LinuxTimers::time_of(std::uint64_t which, const LinuxClock& clock) {
  return which == ITIMER_REAL ? clock.now() : clock.used();
}

itimerval LinuxTimers::get(std::uint64_t which, const LinuxClock& clock) const {
  const Timer& timer = timers_[which];
  itimerval value{};
  value.it_interval = as_timeval(timer.interval);
  const std::uint64_t now = time_of(which, clock);
  if (timer.deadline) value.it_value = as_timeval(std::max(*timer.deadline, now + 1) - now);
  return value;
}

void LinuxTimers::set(std::uint64_t which, const itimerval& value, const LinuxClock& clock) {
  Timer& timer = timers_[which];
  timer.interval = nanoseconds(value.it_interval);
  timer.deadline.reset();
  if (const std::uint64_t first = nanoseconds(value.it_value); first != 0)
    timer.deadline = time_of(which, clock) + first;
}

std::vector<int> LinuxTimers::expire(const LinuxClock& clock) {
  std::vector<int> signals;
  for (std::uint64_t which = 0; which < kTimers; ++which) {
    Timer& timer = timers_[which];
    const std::uint64_t now = time_of(which, clock);
    if (!timer.deadline || *timer.deadline > now) continue;
    signals.push_back(kSignals[which]);
    if (timer.interval == 0) {
      timer.deadline.reset();
    } else {
      *timer.deadline += ((now - *timer.deadline) / timer.interval + 1) * timer.interval;
    }
  }
  return signals;
}

std::optional<std::uint64_t> LinuxTimers::steps_until_next(const LinuxClock& clock) const {
  std::optional<std::uint64_t> nearest;
  for (std::uint64_t which = 0; which < kTimers; ++which) {
    if (!timers_[which].deadline) continue;
    const std::uint64_t now = time_of(which, clock);
    const std::uint64_t left = *timers_[which].deadline <= now ? 0 : *timers_[which].deadline - now;
    const std::uint64_t steps = (left + clock.nanoseconds_per_step - 1) / clock.nanoseconds_per_step;
    if (!nearest || steps < *nearest) nearest = steps;
  }
  return nearest;
}

}  // namespace fiberscope::emu
