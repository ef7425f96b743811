#pragma once
#include <set>
#include <vector>

#include "core/thread.h"
#include "core/trace.h"

namespace fiberscope::core {

/// A CPU passed from one thread to the next. Through stacks that belong to no thread of its own that takes several
/// switches.
struct Handoff {
  StepIndex step;  ///< of the last of its switches
  std::optional<ThreadId> from;
  std::optional<ThreadId> to;
  /// Of the first of them that is more than the way into a kernel (SwitchReason::kernel); that, where all are no more.
  SwitchReason reason = SwitchReason::unknown;
  CpuId cpu;
};

/// The threads of kind kernel that are the kernel's side of another thread: the run goes between them and stacks of
/// kind user, fiber or signal. A kernel thread without such a side is a thread like any other.
std::set<ThreadId> kernel_sides(const Trace& trace);

/// Joins the switches onto and off stacks that only lead on to somebody's; what leads back to the same thread is none.
/// Such stacks are
///   - nobody's, and those of kind scheduler;
///   - those of kernel_sides();
///   - main's, while a library's scheduler runs there: from a switch to main up to the next one away from it, where
///     `thread_start_threading` (note 004) makes that one and was entered before the former.
std::vector<Handoff> join_handoffs(const Trace& trace);

}  // namespace fiberscope::core
