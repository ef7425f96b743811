#pragma once
#include <optional>

#include "core/machine_state.h"
#include "core/snapshot.h"
#include "core/trace.h"

namespace fiberscope::core {

/// What lies around the state's rsp: the variable there, of an array of structures the element; else the words around
/// it. Nothing where nothing can be read. Meant for an rsp that no thread's stack holds.
std::optional<RspPlace> rsp_place(const Trace& trace, const MachineState& state);

}  // namespace fiberscope::core
