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
};

/// Who was on the CPU when, over the whole trace (so far).
struct Timeline {
  StepIndex steps;
  bool recording = false;       ///< the trace still grows
  std::vector<Thread> threads;  ///< those that ever had a stack, by id; as at the end of the trace
  std::vector<Slice> slices;    ///< ascending, no two overlap
  std::vector<Switch> switches;
};

}  // namespace fiberscope::core
