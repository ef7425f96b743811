#pragma once
#include <vector>

#include "core/thread.h"
#include "core/trace_data.h"

namespace fiberscope::core {

/// The CPU passed from one thread to the next. Through a scheduler with a stack of its own that takes two switches.
struct Handoff {
  StepIndex step;  ///< of the last of its switches
  std::optional<ThreadId> from;
  std::optional<ThreadId> to;
  SwitchReason reason = SwitchReason::unknown;  ///< of the first
};

/// Joins the switches into a scheduler's stack with those out of it; one that leads back to the same thread is none.
std::vector<Handoff> join_handoffs(const std::vector<Switch>& switches, const std::vector<ThreadRecord>& threads);

}  // namespace fiberscope::core
