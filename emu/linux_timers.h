#pragma once
#include <sys/time.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace fiberscope::emu {

/// What CLOCK_REALTIME shows at the start of each run, in seconds: the first of January 2024.
inline constexpr std::int64_t kLinuxEpoch = 1'704'067'200;

/// The clocks of a process. Its time is the steps it has run, so each run is the same: a step takes so many
/// nanoseconds, and while every task waits the clock jumps to the nearest deadline.
struct LinuxClock {
  std::uint64_t nanoseconds_per_step = 1;
  std::uint64_t steps = 0;
  std::uint64_t own_steps = 0;  ///< of the process
  std::uint64_t skipped = 0;    ///< nanoseconds that were jumped over

  /// Since the start; all the clocks of clock_gettime count from it.
  [[nodiscard]] std::uint64_t now() const { return steps * nanoseconds_per_step + skipped; }
  /// The process's time on the CPU.
  [[nodiscard]] std::uint64_t used() const { return own_steps * nanoseconds_per_step; }
  /// How many more steps until that moment.
  [[nodiscard]] std::uint64_t steps_until(std::uint64_t moment) const {
    return moment <= now() ? 0 : (moment - now() + nanoseconds_per_step - 1) / nanoseconds_per_step;
  }
};

/// setitimer's three timers: ITIMER_REAL runs with the clock, ITIMER_VIRTUAL and ITIMER_PROF with time on the CPU, all
/// of which is the program's, since what the kernel does takes no time here.
class LinuxTimers {
 public:
  static constexpr std::uint64_t kTimers = 3;

  [[nodiscard]] itimerval get(std::uint64_t which, const LinuxClock& clock) const;
  void set(std::uint64_t which, const itimerval& value, const LinuxClock& clock);
  /// The signals of those that have run out, which begin anew if they have an interval.
  std::vector<int> expire(const LinuxClock& clock);
  /// Steps until the next one runs out; nothing if none is set.
  [[nodiscard]] std::optional<std::uint64_t> steps_until_next(const LinuxClock& clock) const;
  /// When the one that runs while nobody does runs out.
  [[nodiscard]] std::optional<std::uint64_t> real_deadline() const { return timers_[ITIMER_REAL].deadline; }

 private:
  struct Timer {
    std::optional<std::uint64_t> deadline;  ///< in its own time
    std::uint64_t interval = 0;
  };
  static std::uint64_t time_of(std::uint64_t which, const LinuxClock& clock);

  std::array<Timer, kTimers> timers_;
};

}  // namespace fiberscope::emu
