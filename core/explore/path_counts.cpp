#include "core/explore/path_counts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace fiberscope::core::explore {
namespace {

__extension__ typedef unsigned __int128 Wide;  // NOLINT(modernize-use-using): a `using` cannot be an extension

BigInt big(Wide value) {
  return BigInt(static_cast<std::uint64_t>(value >> 64)) << 64 | BigInt(static_cast<std::uint64_t>(value));
}
BigInt big(const BigInt& value) {
  return value;
}

template <typename Count>
std::vector<std::optional<BigInt>> pick(const std::vector<Count>& counts, const GraphOrder& order,
                                        const std::vector<StateId>& finals) {
  std::vector<std::optional<BigInt>> picked;
  picked.reserve(finals.size());
  for (const StateId state : finals) {
    if (order.is_endless(state)) {
      picked.emplace_back();
    } else {
      picked.emplace_back(big(counts[state]));
    }
  }
  return picked;
}

template <typename Count>
std::vector<std::optional<BigInt>> schedules(const StateGraph& graph, const GraphOrder& order,
                                             const std::vector<StateId>& finals) {
  std::vector<Count> ways(graph.size(), Count(0));
  ways[0] = 1;
  in_order(graph, order, [&](StateId state) {
    for (const auto& edge : graph.edges(state)) ways[edge.target] += ways[state];
  });
  return pick(ways, order, finals);
}

/// The start has weight `whole`; each of k choices takes an equal part. On a way of d steps the weight is a multiple of
/// lcm^(longest - d), so that no division leaves a remainder.
template <typename Count>
std::vector<std::optional<BigInt>> chances(const StateGraph& graph, const GraphOrder& order,
                                           const std::vector<StateId>& finals, const Count& whole) {
  std::vector<Count> weight(graph.size(), Count(0));
  weight[0] = whole;
  in_order(graph, order, [&](StateId state) {
    const auto edges = graph.edges(state);
    if (edges.empty()) return;
    const Count part = edges.size() == 1   ? weight[state]
                       : edges.size() == 2 ? Count(weight[state] >> 1)
                                           : Count(weight[state] / static_cast<unsigned>(edges.size()));
    for (const auto& edge : edges) weight[edge.target] += part;
  });
  return pick(weight, order, finals);
}

/// Sleep sets with their counts, a list a state; what a state held is used again once its successors have it.
template <typename Count>
class SleepSets {
 public:
  SleepSets(const StateGraph& graph, const SiteTable& sites)
      : graph_(graph), conflict_(sites), heads_(graph.size(), 0) {
    entries_.emplace_back();
    add(0, 0, Count(1));
  }

  void expand(StateId state) {
    const auto edges = graph_.edges(state);
    if (edges.empty()) return;
    std::uint32_t entry = heads_[state];
    heads_[state] = 0;
    // Which other actions each of the actions leaves asleep: those that are independent of it.
    std::array<std::uint32_t, 2 * kMaxThreads> independent{};
    for (std::size_t i = 0; i < edges.size(); ++i)
      for (std::size_t j = 0; j < edges.size(); ++j)
        if (i != j && !conflict_(edges[i].site(), edges[j].site())) independent[i] |= 1U << edges[j].action();
    while (entry != 0) {
      const std::uint32_t next = entries_[entry].next;
      const Count count = entries_[entry].count;
      std::uint32_t asleep = entries_[entry].asleep;
      entries_[entry].next = free_;
      free_ = entry;
      for (std::size_t i = 0; i < edges.size(); ++i) {
        const std::uint32_t bit = 1U << edges[i].action();
        if ((asleep & bit) != 0) continue;
        add(edges[i].target, asleep & independent[i], count);
        asleep |= bit;
      }
      entry = next;
    }
  }

  [[nodiscard]] Count total(StateId state) const {
    Count sum(0);
    for (std::uint32_t entry = heads_[state]; entry != 0; entry = entries_[entry].next) sum += entries_[entry].count;
    return sum;
  }

 private:
  struct Entry {
    Count count = Count(0);
    std::uint32_t asleep = 0;
    std::uint32_t next = 0;
  };

  void add(StateId state, std::uint32_t asleep, const Count& count) {
    for (std::uint32_t entry = heads_[state]; entry != 0; entry = entries_[entry].next) {
      if (entries_[entry].asleep != asleep) continue;
      entries_[entry].count += count;
      return;
    }
    std::uint32_t fresh = free_;
    if (fresh != 0) {
      free_ = entries_[fresh].next;
    } else {
      fresh = static_cast<std::uint32_t>(entries_.size());
      entries_.emplace_back();
    }
    entries_[fresh] = {count, asleep, heads_[state]};
    heads_[state] = fresh;
  }

  const StateGraph& graph_;
  ConflictMatrix conflict_;
  std::vector<std::uint32_t> heads_;
  std::vector<Entry> entries_;
  std::uint32_t free_ = 0;
};

template <typename Count>
std::vector<std::optional<BigInt>> executions(const StateGraph& graph, const GraphOrder& order, const SiteTable& sites,
                                              const std::vector<StateId>& finals) {
  SleepSets<Count> sets(graph, sites);
  in_order(graph, order, [&](StateId state) { sets.expand(state); });
  std::vector<std::optional<BigInt>> counts;
  for (const StateId state : finals) {
    if (order.is_endless(state)) {
      counts.emplace_back();
    } else {
      counts.emplace_back(big(sets.total(state)));
    }
  }
  return counts;
}

/// No count of schedules exceeds n^longest.
bool fits(double base, std::uint32_t longest) {
  return std::log2(base) * longest < 126;
}

std::uint32_t longest_way(const StateGraph& graph, const GraphOrder& order) {
  return order.acyclic() ? order.longest : static_cast<std::uint32_t>(graph.size());
}

double most_choices(const StateGraph& graph) {
  std::size_t most = 1;
  for (StateId state = 0; state < graph.size(); ++state) most = std::max(most, graph.edges(state).size());
  return static_cast<double>(most);
}

}  // namespace

PathCounts count_paths(const StateGraph& graph, const GraphOrder& order, const std::vector<StateId>& finals) {
  PathCounts counts;
  const double most = most_choices(graph);
  counts.schedules = fits(most, longest_way(graph, order)) ? schedules<Wide>(graph, order, finals)
                                                           : schedules<BigInt>(graph, order, finals);
  if (!order.acyclic()) {
    counts.chances.resize(finals.size());
    return counts;
  }
  unsigned multiple = 1;
  for (unsigned i = 2; i <= static_cast<unsigned>(most); ++i) multiple = std::lcm(multiple, i);
  counts.whole = boost::multiprecision::pow(BigInt(multiple), order.longest);
  if (fits(multiple, order.longest)) {
    Wide whole = 1;
    for (std::uint32_t i = 0; i < order.longest; ++i) whole *= multiple;
    counts.chances = chances<Wide>(graph, order, finals, whole);
  } else {
    counts.chances = chances<BigInt>(graph, order, finals, counts.whole);
  }
  return counts;
}

std::vector<std::optional<BigInt>> count_executions(const StateGraph& graph, const GraphOrder& order,
                                                    const SiteTable& sites, const std::vector<StateId>& finals) {
  return fits(most_choices(graph), longest_way(graph, order)) ? executions<Wide>(graph, order, sites, finals)
                                                              : executions<BigInt>(graph, order, sites, finals);
}

}  // namespace fiberscope::core::explore
