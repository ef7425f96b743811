#include "core/explore/histories.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace fiberscope::core::explore {
namespace {

constexpr std::uint64_t kMostHistories = 5'000'000;

/// What happened so far, as far as executions are told apart by it. Stores are named (thread + 1) << 32 | their number
/// in their thread; 0 is what memory held at the start.
struct History {
  std::vector<std::vector<std::uint64_t>> read_from;  ///< a thread: the store that each of its loads saw
  std::vector<std::vector<std::uint64_t>> buffered;   ///< a thread: (variable, store) not yet in memory
  std::vector<std::vector<std::uint64_t>> coherence;  ///< a variable: its stores as they reached memory
  std::vector<std::uint64_t> stores;                  ///< a thread: how many it has issued
};

class Follower {
 public:
  Follower(const StateGraph& graph, const MachineStep& machine) : graph_(graph), machine_(machine) {
    for (SiteId site = 0; site < machine.sites().size(); ++site)
      for (const SiteAccess& access : machine.sites().at(site).accesses) variable(access.address);
  }

  /// Histories at each state, handed on in an order that transitions follow.
  std::optional<std::vector<std::optional<BigInt>>> run(const GraphOrder& order,
                                                        const std::vector<std::vector<StateId>>& groups,
                                                        const ExplorationLimits& limits) {
    std::vector<std::vector<std::uint32_t>> at(graph_.size());
    History none;
    none.read_from.resize(graph_.threads());
    none.buffered.resize(graph_.threads());
    none.coherence.resize(variables_.size());
    none.stores.resize(graph_.threads());
    at[0].push_back(pack(none));
    std::uint64_t count = 1;
    bool stopped = false;
    in_order(graph_, order, [&](StateId state) {
      if (stopped) return;
      std::vector<std::uint32_t>& here = at[state];
      std::sort(here.begin(), here.end());
      here.erase(std::unique(here.begin(), here.end()), here.end());
      for (const auto& edge : graph_.edges(state)) {
        if (order.is_endless(edge.target)) continue;
        for (const std::uint32_t history : here) at[edge.target].push_back(after(history, edge));
        count += here.size();
      }
      if (!graph_.edges(state).empty()) std::vector<std::uint32_t>().swap(here);
      stopped = count > kMostHistories || (limits.stop != nullptr && limits.stop->load(std::memory_order_relaxed));
    });
    if (stopped) return std::nullopt;
    std::vector<std::optional<BigInt>> counts;
    for (const auto& group : groups) {
      std::set<std::uint32_t> distinct;
      bool endless = false;
      for (const StateId state : group) {
        endless = endless || order.is_endless(state);
        distinct.insert(at[state].begin(), at[state].end());
      }
      counts.push_back(endless ? std::optional<BigInt>() : BigInt(distinct.size()));
    }
    return counts;
  }

 private:
  std::size_t variable(std::uint64_t address) {
    const SharedVariable* known = machine_.program().variable_at(address);
    return variables_.emplace(known != nullptr ? known->address : address & ~std::uint64_t{7}, variables_.size())
        .first->second;
  }

  std::uint32_t after(std::uint32_t before, const StateGraph::Edge& edge) {
    const std::uint64_t key = std::uint64_t{before} << 32 | edge.label;
    if (const auto known = memo_.find(key); known != memo_.end()) return known->second;
    History history = unpack(before);
    const Site& site = machine_.sites().at(edge.site());
    const std::size_t thread = site.thread;
    if (edge.action() >= graph_.threads()) {
      auto& buffer = history.buffered[thread];
      history.coherence[buffer[0]].push_back(buffer[1]);
      buffer.erase(buffer.begin(), buffer.begin() + 2);
    } else {
      for (const SiteAccess& access : site.accesses) {
        const std::size_t place = variable(access.address);
        if (!access.is_write) {
          std::uint64_t seen = history.coherence[place].empty() ? 0 : history.coherence[place].back();
          const auto& buffer = history.buffered[thread];
          for (std::size_t i = 0; i < buffer.size(); i += 2)
            if (buffer[i] == place) seen = buffer[i + 1];
          history.read_from[thread].push_back(seen);
          continue;
        }
        const std::uint64_t owner = thread + 1;
        const std::uint64_t store = owner << 32 | ++history.stores[thread];
        if (access.is_buffered) {
          history.buffered[thread].insert(history.buffered[thread].end(), {place, store});
        } else {
          history.coherence[place].push_back(store);
        }
      }
    }
    return memo_[key] = pack(history);
  }

  std::uint32_t pack(const History& history) {
    words_.clear();
    for (const auto* lists : {&history.read_from, &history.buffered, &history.coherence}) {
      for (const auto& list : *lists) {
        words_.push_back(list.size());
        words_.insert(words_.end(), list.begin(), list.end());
      }
    }
    words_.insert(words_.end(), history.stores.begin(), history.stores.end());
    return histories_.intern(words_);
  }

  [[nodiscard]] History unpack(std::uint32_t id) const {
    const auto words = histories_.at(id);
    std::size_t at = 0;
    const auto lists = [&](std::size_t count) {
      std::vector<std::vector<std::uint64_t>> all(count);
      for (auto& list : all) {
        const std::uint64_t size = words[at++];
        list.assign(words.begin() + static_cast<std::ptrdiff_t>(at),
                    words.begin() + static_cast<std::ptrdiff_t>(at + size));
        at += size;
      }
      return all;
    };
    History history;
    history.read_from = lists(graph_.threads());
    history.buffered = lists(graph_.threads());
    history.coherence = lists(variables_.size());
    history.stores.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
    return history;
  }

  const StateGraph& graph_;
  const MachineStep& machine_;
  std::map<std::uint64_t, std::size_t> variables_;
  Interner histories_;
  std::map<std::uint64_t, std::uint32_t> memo_;
  std::vector<std::uint64_t> words_;
};

}  // namespace

std::optional<std::vector<std::optional<BigInt>>> count_histories(const StateGraph& graph, const GraphOrder& order,
                                                                  const MachineStep& machine,
                                                                  const std::vector<std::vector<StateId>>& groups,
                                                                  const ExplorationLimits& limits) {
  return Follower(graph, machine).run(order, groups, limits);
}

}  // namespace fiberscope::core::explore
