#include "core/explore/preemptions.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <queue>
#include <tuple>

namespace fiberscope::core::explore {
namespace {

constexpr std::uint32_t kNone = 0xffffffff;

/// The product of the graph with the last thread that ran. Node = state * (n + 1) + last; last is n at the start.
class Search {
 public:
  Search(const StateGraph& graph, const GraphOrder& order, MachineStep& machine)
      : graph_(graph),
        order_(order),
        machine_(machine),
        width_(graph.threads() + 1),
        cost_(graph.size() * width_, kNone),
        parent_(cost_.size(), kNoNode),
        action_(cost_.size(), 0) {}

  void run() {
    const Node start = graph_.threads();
    cost_[start] = 0;
    if (graph_.graded()) {
      by_layers(start);
      return;
    }
    length_.assign(cost_.size(), 0);
    if (order_.acyclic()) {
      for (const StateId state : order_.order)
        for (std::size_t last = 0; last < width_; ++last) relax_all(Node{state} * width_ + last);
    } else {
      by_length(start);
    }
  }

  [[nodiscard]] Witness best(const std::vector<StateId>& group) const {
    Node chosen = kNoNode;
    for (const StateId state : group) {
      for (std::size_t last = 0; last < width_; ++last) {
        const Node node = Node{state} * width_ + last;
        if (cost_[node] == kNone) continue;
        if (chosen == kNoNode || better(node, chosen)) chosen = node;
      }
    }
    Witness witness;
    if (chosen == kNoNode) return witness;
    witness.preemptions = cost_[chosen];
    for (Node node = chosen; parent_[node] != kNoNode; node = parent_[node]) witness.actions.push_back(action_[node]);
    std::reverse(witness.actions.begin(), witness.actions.end());
    return witness;
  }

 private:
  using Node = std::uint64_t;
  static constexpr Node kNoNode = ~Node{0};

  [[nodiscard]] bool better(Node one, Node other) const {
    if (cost_[one] != cost_[other]) return cost_[one] < cost_[other];
    if (!rank_.empty()) return rank_[one] < rank_[other];
    if (!order_.acyclic() && length_[one] != length_[other]) return length_[one] < length_[other];
    return smaller(parent_[one], action_[one], parent_[other], action_[other]);
  }

  /// What a step from here costs: 1 where it leaves a thread that could run.
  struct Mover {
    std::size_t last;
    bool can_stay;
  };
  [[nodiscard]] Mover mover(Node node) {
    const auto state = static_cast<StateId>(node / width_);
    Mover mover{node % width_, false};
    for (const auto& edge : graph_.edges(state)) mover.can_stay = mover.can_stay || edge.action() == mover.last;
    // At the end of its turn no transition tells that it could go on.
    if (!mover.can_stay && mover.last < graph_.threads() && graph_.turn(state) != 0) {
      const StepResult* result = machine_.step(graph_.local(state, mover.last), graph_.shared(state));
      mover.can_stay = result != nullptr && result->enabled;
    }
    return mover;
  }
  [[nodiscard]] Node target(const StateGraph::Edge& edge, std::size_t last) const {
    const std::uint32_t action = edge.action();
    return Node{edge.target} * width_ + (action < graph_.threads() ? action : last);
  }
  [[nodiscard]] std::uint32_t price(const StateGraph::Edge& edge, const Mover& from) const {
    return edge.action() < graph_.threads() && edge.action() != from.last && from.can_stay ? 1 : 0;
  }

  /// All ways to a state are equally long: layer by layer, the nodes of each in the order of their smallest best ways.
  /// Then the first of the cheapest ways to a node is the smallest, and comparing needs no walk.
  void by_layers(Node start) {
    rank_.assign(cost_.size(), kNone);
    rank_[start] = 0;
    std::vector<Node> layer = {start};
    std::vector<Node> next;
    while (!layer.empty()) {
      for (const Node node : layer) {
        const Mover from = mover(node);
        for (const auto& edge : graph_.edges(static_cast<StateId>(node / width_))) {
          const Node to = target(edge, from.last);
          const std::uint32_t cost = cost_[node] + price(edge, from);
          if (cost >= cost_[to]) continue;
          cost_[to] = cost;
          parent_[to] = node;
          action_[to] = static_cast<std::uint8_t>(edge.action());
        }
      }
      next.clear();
      for (const Node node : layer) {
        const std::size_t last = node % width_;
        for (const auto& edge : graph_.edges(static_cast<StateId>(node / width_))) {
          const Node to = target(edge, last);
          if (parent_[to] != node || action_[to] != edge.action() || rank_[to] != kNone) continue;
          rank_[to] = static_cast<std::uint32_t>(next.size());
          next.push_back(to);
        }
      }
      std::swap(layer, next);
    }
  }

  void relax_all(Node node) {
    if (cost_[node] == kNone) return;
    const Mover from = mover(node);
    for (const auto& edge : graph_.edges(static_cast<StateId>(node / width_))) relax(node, edge, from);
  }

  bool relax(Node node, const StateGraph::Edge& edge, const Mover& from) {
    const Node to = target(edge, from.last);
    const std::uint32_t cost = cost_[node] + price(edge, from);
    const auto action = static_cast<std::uint8_t>(edge.action());
    if (to == graph_.threads()) return false;  // the start, before anybody ran
    if (cost > cost_[to]) return false;
    if (cost == cost_[to]) {
      const std::uint32_t length = length_[node] + 1;
      if (!order_.acyclic() && length != length_[to]) {
        if (length > length_[to]) return false;
      } else if (!smaller(node, action, parent_[to], action_[to])) {
        return false;
      }
    }
    cost_[to] = cost;
    length_[to] = length_[node] + 1;
    parent_[to] = node;
    action_[to] = action;
    return true;
  }

  /// Cheapest first, then shortest: both only grow along a way.
  void by_length(Node start) {
    using Item = std::tuple<std::uint32_t, std::uint32_t, Node>;
    std::priority_queue<Item, std::vector<Item>, std::greater<>> queue;
    queue.emplace(0, 0, start);
    std::vector<bool> done(cost_.size());
    while (!queue.empty()) {
      const auto [cost, length, node] = queue.top();
      queue.pop();
      if (done[node]) continue;
      done[node] = true;
      const Mover from = mover(node);
      for (const auto& edge : graph_.edges(static_cast<StateId>(node / width_))) {
        const Node to = target(edge, from.last);
        if (!done[to] && relax(node, edge, from)) queue.emplace(cost_[to], length_[to], to);
      }
    }
  }

  /// Whether the way to `one` and then `first` is smaller than that to `other` and then `second`.
  [[nodiscard]] bool smaller(Node one, std::uint8_t first, Node other, std::uint8_t second) const {
    if (one == kNoNode || other == kNoNode) return one == kNoNode && other != kNoNode;
    // -1, 0, 1: the earliest difference found so far, walking back from the ends.
    int difference = 0;
    std::uint32_t length_one = length_[one] + 1;
    std::uint32_t length_other = length_[other] + 1;
    const int if_equal = length_one < length_other ? -1 : length_one > length_other ? 1 : 0;
    while (length_one > length_other) {
      first = action_[one];
      one = parent_[one];
      --length_one;
    }
    while (length_other > length_one) {
      second = action_[other];
      other = parent_[other];
      --length_other;
    }
    while (true) {
      if (first != second) difference = first < second ? -1 : 1;
      if (one == other) break;
      first = action_[one];
      second = action_[other];
      one = parent_[one];
      other = parent_[other];
    }
    return (difference != 0 ? difference : if_equal) < 0;
  }

  const StateGraph& graph_;
  const GraphOrder& order_;
  MachineStep& machine_;
  std::size_t width_;
  std::vector<std::uint32_t> cost_;
  std::vector<Node> parent_;
  std::vector<std::uint8_t> action_;
  std::vector<std::uint32_t> rank_;    // graded only
  std::vector<std::uint32_t> length_;  // otherwise
};

}  // namespace

std::vector<Witness> find_witnesses(const StateGraph& graph, const GraphOrder& order, MachineStep& machine,
                                    const std::vector<std::vector<StateId>>& groups) {
  Search search(graph, order, machine);
  search.run();
  std::vector<Witness> witnesses;
  witnesses.reserve(groups.size());
  for (const auto& group : groups) witnesses.push_back(search.best(group));
  return witnesses;
}

}  // namespace fiberscope::core::explore
