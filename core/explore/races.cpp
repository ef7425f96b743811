#include "core/explore/races.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "core/explore/interner.h"

namespace fiberscope::core::explore {
namespace {

/// A site with accesses that synchronise nothing, and what of it takes part in races.
struct Pair {
  SiteId first = 0;  ///< of the lower thread
  SiteId second = 0;
  bool found_forward = false;
  bool found_backward = false;
  std::vector<std::uint8_t> forward;
  std::vector<std::uint8_t> backward;
};

bool races(const Site& one, const Site& other) {
  if (one.thread == other.thread || one.rip == 0 || other.rip == 0) return false;
  for (const SiteAccess& left : one.accesses)
    for (const SiteAccess& right : other.accesses)
      if (!left.is_sync && !right.is_sync && accesses_conflict(left, right)) return true;
  return false;
}

class Detector {
 public:
  Detector(const StateGraph& graph, const MachineStep& machine, std::uint64_t most)
      : graph_(graph), sites_(machine.sites()), threads_(graph.threads()), most_(most) {
    for (SiteId site = 0; site < sites_.size(); ++site) {
      for (const SiteAccess& access : sites_.at(site).accesses) {
        if (!access.is_sync) continue;
        objects_.emplace(access.address, objects_.size());
      }
    }
    pair_of_.resize(sites_.size());
    for (SiteId one = 0; one < sites_.size(); ++one) {
      for (SiteId other = 0; other < sites_.size(); ++other) {
        if (sites_.at(one).thread >= sites_.at(other).thread || !races(sites_.at(one), sites_.at(other))) continue;
        const auto index = static_cast<std::uint32_t>(pairs_.size());
        Pair pair;
        pair.first = one;
        pair.second = other;
        pairs_.push_back(std::move(pair));
        pair_of_[one].emplace(other, index);
        pair_of_[other].emplace(one, index);
      }
    }
    for (SiteId site = 0; site < sites_.size(); ++site)
      if (!pair_of_[site].empty()) plain_.emplace(site, plain_.size());
    words_ = (plain_.size() + 63) / 64;
    open_ = pairs_.size() * 2;
  }

  /// Both accesses of a pair could come next: whichever goes first, nothing is between them.
  void find_adjacent() {
    for (StateId state = 0; state < graph_.size() && open_ > 0; ++state) {
      const auto edges = graph_.edges(state);
      for (std::size_t i = 0; i < edges.size(); ++i) {
        const auto& known = pair_of_[edges[i].site()];
        if (known.empty()) continue;
        for (std::size_t j = i + 1; j < edges.size(); ++j) {
          const auto found = known.find(edges[j].site());
          if (found == known.end()) continue;
          Pair& pair = pairs_[found->second];
          if (pair.found_forward && pair.found_backward) continue;
          // Edges stand in the order of threads: the first is that of the pair's first site.
          const bool forward = !pair.found_forward && may_follow(edges[i], edges[j]);
          const bool backward = !pair.found_backward && may_follow(edges[j], edges[i]);
          if (!forward && !backward) continue;
          std::vector<std::uint8_t> way = graph_.shortest(state);
          way.push_back(static_cast<std::uint8_t>(edges[i].action()));
          way.push_back(static_cast<std::uint8_t>(edges[j].action()));
          if (forward) record(pair, true, way);
          std::swap(way[way.size() - 1], way[way.size() - 2]);
          if (backward) record(pair, false, way);
        }
      }
    }
  }

  /// The rest: accesses with others between them. Returns false where the limit was reached.
  bool find_distant() {
    if (open_ == 0) return true;
    std::vector<std::uint64_t> nothing(threads_ * (threads_ + objects_.size()) * words_, 0);
    nodes_.push_back({0, knowledge_.intern(nothing), kNoState, 0});
    seen_.insert(nodes_[0].knowledge);
    for (std::size_t at = 0; at < nodes_.size() && open_ > 0; ++at) {
      if (nodes_.size() > most_) return false;
      for (const auto& edge : graph_.edges(nodes_[at].state)) step(static_cast<std::uint32_t>(at), edge);
    }
    return true;
  }

  [[nodiscard]] std::vector<Pair>& pairs() { return pairs_; }

 private:
  struct Node {
    StateId state = 0;
    std::uint32_t knowledge = 0;
    std::uint32_t parent = kNoState;
    std::uint8_t action = 0;
  };

  /// Whether the scheduler class lets `second`, which could come now, come right behind `first`.
  [[nodiscard]] bool may_follow(const StateGraph::Edge& first, const StateGraph::Edge& second) const {
    if (graph_.turn(first.target) == 0) return true;  // any thread may
    const auto edges = graph_.edges(first.target);
    return std::any_of(edges.begin(), edges.end(),
                       [&second](const StateGraph::Edge& edge) { return edge.label == second.label; });
  }

  /// The accesses of thread i that `who` (a thread, or an object behind the threads) does not know of.
  [[nodiscard]] std::size_t place(std::size_t thread, std::size_t who) const {
    return (thread * (threads_ + objects_.size()) + who) * words_;
  }

  void step(std::uint32_t from, const StateGraph::Edge& edge) {
    const std::uint32_t thread = edge.action();
    const Site& site = sites_.at(edge.site());
    const auto before = knowledge_.at(nodes_[from].knowledge);
    scratch_.assign(before.begin(), before.end());
    for (const auto& [other, index] : pair_of_[edge.site()]) {
      const std::size_t bit = plain_.at(other);
      const std::size_t unknown = place(sites_.at(other).thread, thread);
      if ((scratch_[unknown + bit / 64] >> bit % 64 & 1) == 0) continue;
      Pair& pair = pairs_[index];
      const bool forward = pair.second == edge.site();
      if (forward ? pair.found_forward : pair.found_backward) continue;
      std::vector<std::uint8_t> way = {static_cast<std::uint8_t>(thread)};
      for (std::uint32_t node = from; nodes_[node].parent != kNoState; node = nodes_[node].parent)
        way.push_back(nodes_[node].action);
      std::reverse(way.begin(), way.end());
      record(pair, forward, way);
    }
    // In their order: what stands before a release within a step is released with it.
    const auto plain = plain_.find(edge.site());
    for (const SiteAccess& access : site.accesses) {
      if (!access.is_sync) {
        if (plain == plain_.end()) continue;
        for (std::size_t who = 0; who < threads_ + objects_.size(); ++who)
          if (who != thread) scratch_[place(thread, who) + plain->second / 64] |= 1ULL << plain->second % 64;
        continue;
      }
      const std::size_t object = threads_ + objects_.at(access.address);
      for (std::size_t i = 0; i < threads_; ++i) {
        for (std::size_t word = 0; word < words_; ++word) {
          std::uint64_t& own = scratch_[place(i, thread) + word];
          std::uint64_t& shared = scratch_[place(i, object) + word];
          if (access.is_write) {
            shared &= i == thread ? 0 : own;
          } else if (i != thread) {
            own &= shared;
          }
        }
      }
    }
    const Node next{edge.target, knowledge_.intern(scratch_), from, static_cast<std::uint8_t>(thread)};
    if (seen_.insert(std::uint64_t{next.state} << 32 | next.knowledge).second) nodes_.push_back(next);
  }

  void record(Pair& pair, bool forward, const std::vector<std::uint8_t>& way) {
    bool& found = forward ? pair.found_forward : pair.found_backward;
    if (found) return;
    found = true;
    --open_;
    (forward ? pair.forward : pair.backward) = way;
  }

  const StateGraph& graph_;
  const SiteTable& sites_;
  std::size_t threads_;
  std::uint64_t most_;
  std::map<std::uint64_t, std::size_t> objects_;  // addresses that are synchronised on
  std::vector<Pair> pairs_;
  std::vector<std::map<SiteId, std::uint32_t>> pair_of_;
  std::map<SiteId, std::size_t> plain_;
  std::size_t words_ = 0;
  std::size_t open_ = 0;
  Interner knowledge_;
  std::vector<Node> nodes_;
  std::unordered_set<std::uint64_t> seen_;  // state and knowledge
  std::vector<std::uint64_t> scratch_;
};

Race::Access access_of(const Site& site, const SiteAccess& at) {
  Race::Access access;
  access.thread = site.thread;
  access.rip = site.rip;
  for (const SiteAccess& one : site.accesses) {
    if (one.is_sync || one.address >= at.address + at.size || at.address >= one.address + one.size) continue;
    (one.is_write ? access.is_write : access.is_read) = true;
  }
  return access;
}

}  // namespace

RaceReport find_races(const StateGraph& graph, const MachineStep& machine, std::uint64_t most) {
  Detector detector(graph, machine, most);
  RaceReport report;
  detector.find_adjacent();
  report.complete = graph.complete() && detector.find_distant();
  const SiteTable& sites = machine.sites();
  std::set<std::tuple<std::string, std::uint64_t, std::uint64_t, std::size_t, std::size_t>> seen;
  for (Pair& pair : detector.pairs()) {
    if (!pair.found_forward && !pair.found_backward) continue;
    const Site& one = sites.at(pair.first);
    const Site& other = sites.at(pair.second);
    for (const SiteAccess& left : one.accesses) {
      for (const SiteAccess& right : other.accesses) {
        if (left.is_sync || right.is_sync || !accesses_conflict(left, right)) continue;
        const std::uint64_t address = std::max(left.address, right.address);
        const SharedVariable* variable = machine.program().variable_at(address);
        const std::string name = variable != nullptr ? variable->name : fmt::format("{:#x}", address);
        if (!seen.emplace(name, one.rip, other.rip, one.thread, other.thread).second) continue;
        report.races.push_back({access_of(one, left), access_of(other, right), name, pair.forward, pair.backward});
      }
    }
  }
  std::sort(report.races.begin(), report.races.end(), [](const Race& a, const Race& b) {
    return std::tie(a.variable, a.first.thread, a.second.thread, a.first.rip, a.second.rip) <
           std::tie(b.variable, b.first.thread, b.second.thread, b.first.rip, b.second.rip);
  });
  return report;
}

std::vector<std::uint8_t> with_drains(MachineStep& machine, std::span<const std::uint8_t> schedule) {
  std::vector<LocalId> locals = machine.first_locals();
  SharedId shared = machine.first_shared();
  std::vector<std::uint8_t> actions;
  const auto act = [&](std::size_t thread, const StepResult* result, std::size_t action) {
    if (result == nullptr || !result->enabled) return false;
    locals[thread] = result->local;
    shared = result->shared;
    actions.push_back(static_cast<std::uint8_t>(action));
    return true;
  };
  for (const std::uint8_t thread : schedule) {
    if (!act(thread, machine.step(locals[thread], shared), thread)) return {};
    while (machine.has_stores(locals[thread]))
      if (!act(thread, machine.drain(locals[thread], shared), locals.size() + thread)) return {};
  }
  return actions;
}

}  // namespace fiberscope::core::explore
