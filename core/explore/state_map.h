#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/explore/executed_step.h"
#include "core/explore/machine_step.h"
#include "core/explore/state_graph.h"

namespace fiberscope::core::explore {

/// More states than this are no picture for people.
inline constexpr std::size_t kMostDrawnStates = 200;
/// More states than this are not handed out.
inline constexpr std::size_t kMostMappedStates = 5000;

/// All states of a small program with what each step between them does, as plain data: the state graph as a picture,
/// and enough to follow any schedule without the machine.
struct StateMap {
  struct Move {
    std::uint8_t action = 0;  ///< a step of thread 0 … threads-1, or a drain: threads + its thread
    std::uint32_t to = 0;     ///< a place in nodes
    std::uint32_t step = 0;   ///< a place in steps
    friend bool operator==(const Move&, const Move&) = default;
  };
  struct Node {
    std::vector<std::int64_t> values;                ///< of `variables`
    std::vector<std::optional<std::uint64_t>> rips;  ///< of each thread's next step; nothing once it has finished
    std::vector<std::string> buffers;  ///< each thread's store buffer, oldest first: "x=1 y=2"; none without buffers
    std::uint32_t depth = 0;           ///< steps and drains from the start, the shortest way
    std::uint32_t outcome = 0;         ///< id, where all have finished
    bool deadlock = false;
    std::vector<Move> moves;
    friend bool operator==(const Node&, const Node&) = default;
  };
  std::uint64_t states = 0;
  std::size_t threads = 0;
  bool has_buffers = false;
  std::vector<std::string> variables;
  std::vector<ExecutedStep> steps;  ///< without values
  std::vector<Node> nodes;          ///< the first is the start; none where there are too many

  [[nodiscard]] bool drawable() const { return !nodes.empty() && nodes.size() <= kMostDrawnStates; }
  friend bool operator==(const StateMap&, const StateMap&) = default;
};

/// `groups` are the final states of each outcome, ids from 1.
StateMap map_states(const StateGraph& graph, const MachineStep& machine,
                    const std::vector<std::vector<StateId>>& groups);

/// The step of a site with the names of what it accesses, without values.
ExecutedStep step_of_site(const MachineStep& machine, SiteId site);

/// A schedule followed from the start.
struct Followed {
  std::vector<std::uint8_t> actions;   ///< those that ran, and those that end the threads behind them
  std::vector<ExecutedStep> steps;     ///< with values
  std::optional<std::size_t> blocked;  ///< the place of the first wanted action that could not run
  std::uint32_t outcome = 0;           ///< id; 0: none was reached
};

/// Follows the wanted actions. Behind the last one threads that can still run go on, in the order of their numbers.
/// Needs nodes, and no store buffers.
Followed follow(const StateMap& map, std::span<const std::uint8_t> wanted);

}  // namespace fiberscope::core::explore
