#pragma once
#include <optional>
#include <vector>

#include "core/explore/graph_order.h"
#include "core/explore/machine_step.h"
#include "core/explore/path_counts.h"
#include "core/explore/state_graph.h"

namespace fiberscope::core::explore {

/// The number of executions that lead to each group of final states, where an execution is (program order, reads-from,
/// coherence): which store each load took its value from, and in which order the stores of each variable reached
/// memory. Found by following every distinct history through the graph, so also right where a scheduler class or store
/// buffers keep steps from being swapped. Endless groups have none; nothing at all where the limits were reached.
std::optional<std::vector<std::optional<BigInt>>> count_histories(const StateGraph& graph, const GraphOrder& order,
                                                                  const MachineStep& machine,
                                                                  const std::vector<std::vector<StateId>>& groups,
                                                                  const ExplorationLimits& limits);

}  // namespace fiberscope::core::explore
