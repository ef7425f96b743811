#include "core/explore/graph_order.h"

#include <algorithm>
#include <cstddef>

namespace fiberscope::core::explore {
namespace {

constexpr std::uint32_t kUnseen = 0xffffffff;

/// Tarjan's algorithm without recursion. Components are finished in reverse topological order.
class Components {
 public:
  explicit Components(const StateGraph& graph) : graph_(graph), index_(graph.size(), kUnseen), low_(graph.size(), 0) {}

  void run(GraphOrder& out) {
    out.order.reserve(graph_.size());
    visit(0, out);  // every state is reachable from the start
    std::reverse(out.order.begin(), out.order.end());
  }

 private:
  struct Frame {
    StateId state;
    std::uint32_t edge;
  };

  void enter(StateId state) {
    index_[state] = low_[state] = next_++;
    stack_.push_back(state);
    frames_.push_back({state, 0});
  }

  void visit(StateId root, GraphOrder& out) {
    enter(root);
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      const auto edges = graph_.edges(frame.state);
      if (frame.edge < edges.size()) {
        const StateId target = edges[frame.edge++].target;
        if (index_[target] == kUnseen) {
          enter(target);
        } else if (index_[target] != kDone) {
          low_[frame.state] = std::min(low_[frame.state], index_[target]);
        }
        continue;
      }
      const StateId state = frame.state;
      frames_.pop_back();
      if (!frames_.empty()) low_[frames_.back().state] = std::min(low_[frames_.back().state], low_[state]);
      if (low_[state] == index_[state]) close(state, out);
    }
  }

  void close(StateId root, GraphOrder& out) {
    const std::size_t begin = out.order.size();
    StateId state = 0;
    do {
      state = stack_.back();
      stack_.pop_back();
      index_[state] = kDone;
      out.order.push_back(state);
    } while (state != root);
    bool cycle = out.order.size() - begin > 1;
    for (const auto& edge : graph_.edges(root)) cycle = cycle || edge.target == root;
    if (!cycle) return;
    if (out.on_cycle.empty()) out.on_cycle.resize(graph_.size());
    for (std::size_t i = begin; i < out.order.size(); ++i) out.on_cycle[out.order[i]] = true;
  }

  static constexpr std::uint32_t kDone = 0xfffffffe;
  const StateGraph& graph_;
  std::vector<std::uint32_t> index_;
  std::vector<std::uint32_t> low_;
  std::vector<StateId> stack_;
  std::vector<Frame> frames_;
  std::uint32_t next_ = 0;
};

}  // namespace

GraphOrder order_graph(const StateGraph& graph) {
  GraphOrder out;
  if (graph.graded()) {
    for (StateId state = 0; state < graph.size(); ++state) out.longest = std::max(out.longest, graph.depth(state));
    return out;
  }
  Components(graph).run(out);
  if (!out.acyclic()) {
    out.endless = out.on_cycle;
    for (const StateId state : out.order)
      if (out.endless[state])
        for (const auto& edge : graph.edges(state)) out.endless[edge.target] = true;
    return out;
  }
  std::vector<std::uint32_t> longest(graph.size(), 0);
  for (const StateId state : out.order) {
    out.longest = std::max(out.longest, longest[state]);
    for (const auto& edge : graph.edges(state))
      longest[edge.target] = std::max(longest[edge.target], longest[state] + 1);
  }
  return out;
}

}  // namespace fiberscope::core::explore
