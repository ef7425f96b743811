#pragma once
#include <cstdint>
#include <vector>

#include "core/explore/graph_order.h"
#include "core/explore/machine_step.h"
#include "core/explore/state_graph.h"

namespace fiberscope::core::explore {

/// The schedule that stands for an outcome: fewest preemptions first, then the smallest sequence of actions. Where the
/// program can loop there may be no smallest sequence: there the shorter one goes before the smaller one.
struct Witness {
  std::uint32_t preemptions = 0;
  std::vector<std::uint8_t> actions;
};

/// One witness a group of states; each group must hold at least one. A preemption is a switch away from a thread that
/// could still run, also where the scheduler class lets it go on no longer. 0-1 search on (state, last thread), in
/// layers where the graph is graded.
std::vector<Witness> find_witnesses(const StateGraph& graph, const GraphOrder& order, MachineStep& machine,
                                    const std::vector<std::vector<StateId>>& groups);

}  // namespace fiberscope::core::explore
