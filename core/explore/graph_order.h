#pragma once
#include <cstdint>
#include <vector>

#include "core/explore/state_graph.h"

namespace fiberscope::core::explore {

/// The states in an order that all transitions follow, as far as there is one.
struct GraphOrder {
  std::vector<StateId> order;  ///< topological; empty where the order of ids is one
  std::vector<bool> on_cycle;  ///< empty where there is no cycle
  std::vector<bool> endless;   ///< reachable from a cycle: infinitely many schedules lead there; empty likewise
  std::uint32_t longest = 0;   ///< body steps and drains of the longest schedule, where there is no cycle
  [[nodiscard]] bool acyclic() const { return on_cycle.empty(); }
  [[nodiscard]] bool is_endless(StateId state) const { return !endless.empty() && endless[state]; }
};

/// Finds cycles (Tarjan's strong components) unless the graph is graded. Time and memory grow with the transitions.
GraphOrder order_graph(const StateGraph& graph);

/// Calls f(state) for each state in an order that transitions follow; endless states are left out.
template <typename F>
void in_order(const StateGraph& graph, const GraphOrder& order, F f) {
  if (order.order.empty()) {
    for (StateId state = 0; state < graph.size(); ++state) f(state);
    return;
  }
  for (const StateId state : order.order)
    if (!order.is_endless(state)) f(state);
}

}  // namespace fiberscope::core::explore
