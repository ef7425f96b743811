#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/thread.h"
#include "core/trace.h"

namespace fiberscope::core {

/// One change of a thread's state byte (asm/runtime/tcb.h): an arrow of the state diagram.
struct StateChange {
  StepIndex step;   ///< the step that wrote the byte
  ThreadId thread;  ///< whose state it is
  ThreadState from = ThreadState::unused;
  ThreadState to = ThreadState::unused;
  std::optional<ThreadId> by;  ///< who ran that step
  std::string function;        ///< and in which function
};

/// Who moved which thread from one state to another, and when; read from the recorded writes.
class StateHistory {
 public:
  /// The trace must outlive it.
  explicit StateHistory(Trace& trace) : trace_(trace) {}

  /// The last `count` changes of the thread's state at or before the cursor, newest first. A write that leaves the
  /// state as it is counts for nothing. Moves the trace's own position.
  std::vector<StateChange> last_changes(const Thread& thread, StepIndex cursor, std::size_t count);

 private:
  std::optional<StateChange> change_at(const Thread& thread, emu::Address state, StepIndex step);

  Trace& trace_;
};

}  // namespace fiberscope::core
