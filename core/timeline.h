#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/step.h"
#include "core/thread.h"

namespace fiberscope::core {

/// Of the clock of several processors; 1 … 8 divide it.
inline constexpr std::uint64_t kPartsOfRound = 840;

/// A stretch of steps that one thread ran: the steps first … last, both included.
struct Slice {
  ThreadId thread;
  StepIndex first;
  StepIndex last;
  CpuId cpu{};
};

/// The time from a thread's arrival on a processor to its leaving. The steps first … last are its own and those of the
/// other processors in between.
struct Stay {
  ThreadId thread;
  CpuId cpu;
  StepIndex first;
  StepIndex last;
  /// The same counted in steps of that processor alone, from 1; own_last < own_first where it ran none.
  std::uint64_t own_first = 1;
  std::uint64_t own_last = 0;
};

/// The time that a processor waits for an interrupt, behind its hlt: the steps first … last are all of other ones.
struct Idle {
  CpuId cpu;
  std::optional<ThreadId> thread;  ///< on whose stack it waits
  StepIndex first;
  StepIndex last;

  friend bool operator==(const Idle&, const Idle&) = default;
};

/// Who was on the CPU when, over the whole trace (so far).
struct Timeline {
  StepIndex steps;
  bool recording = false;       ///< the trace still grows
  std::vector<Thread> threads;  ///< those that ever had a stack, by id; as at the end of the trace
  std::vector<Slice> slices;    ///< ascending, no two overlap
  std::vector<Switch> switches;
  std::size_t processors = 1;
  /// Where there are several processors, whose steps alternate: no two of one processor overlap. In the order of
  /// `first` but for those that still last.
  std::vector<Stay> stays;
  std::vector<std::uint64_t> own_steps;  ///< of each processor, where there are several
  std::vector<Idle> idles;               ///< likewise, ascending by `first` for each processor
  /// Likewise, by cursor: the clock behind that step, before any event, in parts of a round (core/round_clock.h).
  std::vector<std::uint64_t> clock;

  /// The rounds of the clock behind a step. With one processor each step is a round.
  [[nodiscard]] double rounds_at(StepIndex cursor) const {
    if (clock.empty()) return static_cast<double>(cursor.value);
    const std::size_t at = cursor.value < clock.size() ? cursor.value : clock.size() - 1;
    return static_cast<double>(clock[at]) / static_cast<double>(kPartsOfRound);
  }
  [[nodiscard]] double rounds() const { return rounds_at(steps); }
};

}  // namespace fiberscope::core
