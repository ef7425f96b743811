#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/times.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <limits>

#include "emu/linux_calls.h"
#include "emu/linux_kernel.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMicrosecond = 1'000;
constexpr std::uint64_t kTick = 10'000'000;  // AT_CLKTCK says 100 a second

timespec as_timespec(std::uint64_t time) {
  return {static_cast<time_t>(time / kSecond), static_cast<long>(time % kSecond)};
}
timeval as_timeval(std::uint64_t time) {
  return {static_cast<time_t>(time / kSecond), static_cast<suseconds_t>(time % kSecond / kMicrosecond)};
}

bool is_valid(const timespec& time) {
  return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < static_cast<long>(kSecond);
}
bool is_valid(const timeval& time) {
  return time.tv_sec >= 0 && time.tv_usec >= 0 && time.tv_usec < 1'000'000;
}

std::uint64_t nanoseconds(const timespec& time) {
  constexpr std::uint64_t kLongest = std::numeric_limits<std::int64_t>::max() / 4;
  return std::min<std::uint64_t>(static_cast<std::uint64_t>(time.tv_sec), kLongest / kSecond) * kSecond +
         static_cast<std::uint64_t>(time.tv_nsec);
}

/// What a clock shows; nothing for one that there is not.
std::optional<timespec> read_clock(const LinuxKernel& kernel, int clock) {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE: {
      timespec time = as_timespec(kernel.clock().now());
      time.tv_sec += kLinuxEpoch;
      return time;
    }
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
      return as_timespec(kernel.clock().now());
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID:
      return as_timespec(kernel.clock().used());
    default:
      return std::nullopt;
  }
}

std::int64_t do_clock_gettime(LinuxKernel& kernel, LinuxCall& call) {
  const auto time = read_clock(kernel, call.integer(0));
  if (!time) return -EINVAL;
  return kernel.memory().write_value(call.address(1), *time) ? 0 : -EFAULT;
}

std::int64_t do_clock_getres(LinuxKernel& kernel, LinuxCall& call) {
  if (!read_clock(kernel, call.integer(0))) return -EINVAL;
  const timespec resolution = as_timespec(kernel.clock().nanoseconds_per_step);
  return call[1] == 0 || kernel.memory().write_value(call.address(1), resolution) ? 0 : -EFAULT;
}

std::int64_t do_gettimeofday(LinuxKernel& kernel, LinuxCall& call) {
  timeval time = as_timeval(kernel.clock().now());
  time.tv_sec += kLinuxEpoch;
  return call[0] == 0 || kernel.memory().write_value(call.address(0), time) ? 0 : -EFAULT;
}

std::int64_t do_time(LinuxKernel& kernel, LinuxCall& call) {
  const std::int64_t seconds = kLinuxEpoch + static_cast<std::int64_t>(kernel.clock().now() / kSecond);
  if (call[0] != 0 && !kernel.memory().write_value(call.address(0), seconds)) return -EFAULT;
  return seconds;
}

std::int64_t do_times(LinuxKernel& kernel, LinuxCall& call) {
  tms times{};
  times.tms_utime = static_cast<clock_t>(kernel.clock().used() / kTick);
  if (call[0] != 0 && !kernel.memory().write_value(call.address(0), times)) return -EFAULT;
  return static_cast<std::int64_t>(kernel.clock().now() / kTick);
}

std::int64_t do_getrusage(LinuxKernel& kernel, LinuxCall& call) {
  rusage usage;
  std::memset(&usage, 0, sizeof usage);
  usage.ru_utime = as_timeval(kernel.clock().used());
  return kernel.memory().write_value(call.address(1), usage) ? 0 : -EFAULT;
}

/// `time` and `remaining` are the indexes of the arguments.
std::int64_t sleep_until(LinuxKernel& kernel, LinuxCall& call, std::uint64_t deadline, Address remaining) {
  if (deadline <= kernel.clock().now()) return 0;
  LinuxWait wait;
  wait.kind = LinuxWait::Kind::sleep;
  wait.deadline = deadline;
  wait.remaining = remaining;
  kernel.wait(call, std::move(wait));
  return 0;
}

std::int64_t do_nanosleep(LinuxKernel& kernel, LinuxCall& call) {
  const auto time = kernel.memory().read_value<timespec>(call.address(0));
  if (!time) return -EFAULT;
  if (!is_valid(*time)) return -EINVAL;
  return sleep_until(kernel, call, kernel.clock().now() + nanoseconds(*time), call.address(1));
}

std::int64_t do_clock_nanosleep(LinuxKernel& kernel, LinuxCall& call) {
  const auto time = kernel.memory().read_value<timespec>(call.address(2));
  if (!time) return -EFAULT;
  const int clock = call.integer(0);
  if (!is_valid(*time) || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME))
    return -EINVAL;
  if ((call[1] & TIMER_ABSTIME) == 0)
    return sleep_until(kernel, call, kernel.clock().now() + nanoseconds(*time), call.address(3));
  timespec moment = *time;
  if (clock == CLOCK_REALTIME) moment.tv_sec = std::max<time_t>(moment.tv_sec - kLinuxEpoch, 0);
  return sleep_until(kernel, call, nanoseconds(moment), {});
}

std::int64_t do_setitimer(LinuxKernel& kernel, LinuxCall& call) {
  if (call[0] >= LinuxTimers::kTimers) return -EINVAL;
  const itimerval before = kernel.timers().get(call[0], kernel.clock());
  itimerval wanted{};
  if (call[1] != 0) {
    const auto value = kernel.memory().read_value<itimerval>(call.address(1));
    if (!value) return -EFAULT;
    if (!is_valid(value->it_value) || !is_valid(value->it_interval)) return -EINVAL;
    wanted = *value;
  }
  kernel.timers().set(call[0], wanted, kernel.clock());
  if (call[2] != 0 && !kernel.memory().write_value(call.address(2), before)) return -EFAULT;
  return 0;
}

std::int64_t do_getitimer(LinuxKernel& kernel, LinuxCall& call) {
  if (call[0] >= LinuxTimers::kTimers) return -EINVAL;
  const itimerval value = kernel.timers().get(call[0], kernel.clock());
  return kernel.memory().write_value(call.address(1), value) ? 0 : -EFAULT;
}

std::int64_t do_alarm(LinuxKernel& kernel, LinuxCall& call) {
  const timeval left = kernel.timers().get(ITIMER_REAL, kernel.clock()).it_value;
  itimerval wanted{};
  wanted.it_value.tv_sec = static_cast<time_t>(static_cast<unsigned>(call[0]));
  kernel.timers().set(ITIMER_REAL, wanted, kernel.clock());
  // Rounded to the nearest second, but never to 0 while it runs.
  const std::int64_t seconds =
      left.tv_sec + (left.tv_usec >= 500'000 || (left.tv_sec == 0 && left.tv_usec > 0) ? 1 : 0);
  return seconds;
}

constexpr LinuxCallEntry kCalls[] = {{SYS_clock_gettime, "dp", do_clock_gettime},
                                     {SYS_clock_getres, "dp", do_clock_getres},
                                     {SYS_gettimeofday, "pp", do_gettimeofday},
                                     {SYS_time, "p", do_time},
                                     {SYS_times, "p", do_times},
                                     {SYS_getrusage, "dp", do_getrusage},
                                     {SYS_nanosleep, "pp", do_nanosleep},
                                     {SYS_clock_nanosleep, "dxpp", do_clock_nanosleep},
                                     {SYS_setitimer, "wpp", do_setitimer},
                                     {SYS_getitimer, "wp", do_getitimer},
                                     {SYS_alarm, "u", do_alarm}};

}  // namespace

std::span<const LinuxCallEntry> linux_time_calls() {
  return kCalls;
}

}  // namespace fiberscope::emu
