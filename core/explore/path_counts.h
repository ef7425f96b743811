#pragma once
#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/explore/graph_order.h"
#include "core/explore/state_graph.h"

namespace fiberscope::core::explore {

using BigInt = boost::multiprecision::cpp_int;

/// Exact numbers about the ways to each final state, in the order in which they were asked for. An endless state has
/// none: infinitely many schedules lead to it.
struct PathCounts {
  std::vector<std::optional<BigInt>> schedules;
  std::vector<std::optional<BigInt>>
      chances;       ///< probability under a uniform random choice at each step, times `whole`
  BigInt whole = 1;  ///< lcm(1..n) to the power of the longest schedule
};

/// Layered dynamic programming over the graph. 128-bit integers where no count can exceed them, else big ones. Where
/// the graph has a cycle no probability is given, as that of a state behind it is no sum of finitely many ways.
PathCounts count_paths(const StateGraph& graph, const GraphOrder& order, const std::vector<StateId>& finals);

/// The number of Mazurkiewicz traces that lead to each of the states: dynamic programming on (state, sleep set), two
/// steps being independent where they have no access in conflict (Godefroid, Partial-Order Methods, 1996, ch. 5). The
/// scheduler class must be `any`, and no store buffers. Nothing for endless states.
std::vector<std::optional<BigInt>> count_executions(const StateGraph& graph, const GraphOrder& order,
                                                    const SiteTable& sites, const std::vector<StateId>& finals);

}  // namespace fiberscope::core::explore
