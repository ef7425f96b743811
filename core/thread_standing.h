#pragma once
#include <map>

#include "core/scenario.h"
#include "core/snapshot.h"
#include "core/thread_source.h"
#include "core/trace.h"

namespace fiberscope::core {

/// Says of each thread of a snapshot where it stands on the machine, beside what its own table says of it: fills
/// ThreadView::state, with and parked_rsp. `left_with`: the registers with which each thread that is on no processor
/// left its stack last; `scenario` (may be null) names structures that registers are saved into. Looks for writes in
/// the trace, which leaves no state of it valid.
void add_standings(Trace& trace, const ThreadSource& table, const Scenario* scenario,
                   const std::map<ThreadId, const emu::RegisterFile*>& left_with, Snapshot& snapshot);

/// The registers of the processor whose rsp the thread's stack has; null where none has.
const emu::RegisterFile* registers_on_processor(const Snapshot& snapshot, ThreadId thread);
inline bool is_on_processor(const Snapshot& snapshot, ThreadId thread) {
  return registers_on_processor(snapshot, thread) != nullptr;
}

}  // namespace fiberscope::core
