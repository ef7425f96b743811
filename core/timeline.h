#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/step.h"
#include "core/thread.h"

namespace fiberscope::core {

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
};

}  // namespace fiberscope::core
