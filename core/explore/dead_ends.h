#pragma once
#include <vector>

#include "core/explore/exploration.h"
#include "core/explore/graph_order.h"
#include "core/explore/machine_step.h"
#include "core/explore/state_graph.h"

namespace fiberscope::core::explore {

/// One deadlock for each set of places in which the threads wait, with the first shortest schedule to it.
std::vector<Deadlock> find_deadlocks(const StateGraph& graph, const MachineStep& machine);

/// One livelock for each set of threads that are left running in a loop which no way leads out of to an end. Only a
/// complete graph can tell.
std::vector<Livelock> find_livelocks(const StateGraph& graph, const GraphOrder& order, const MachineStep& machine);

}  // namespace fiberscope::core::explore
