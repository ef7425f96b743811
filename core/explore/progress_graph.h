#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/explore/graph_order.h"
#include "core/explore/machine_step.h"
#include "core/explore/state_graph.h"

namespace fiberscope::core::explore {

/// A point of the lattice: how many body steps each of two threads has done.
struct LatticePoint {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  friend bool operator==(LatticePoint, LatticePoint) = default;
};

/// All schedules of two threads at a glance: each is a way from (0, 0), to the right for a body step of the first
/// thread and up for one of the second; drains of store buffers do not move.
struct ProgressGraph {
  std::array<std::uint32_t, 2> steps{};              ///< the most body steps of each thread
  std::array<std::vector<std::string>, 2> texts;     ///< the instruction of each step; empty where it differs
  std::vector<std::vector<std::uint32_t>> sets;      ///< distinct sets of outcome ids, each ascending
  std::vector<std::optional<std::uint32_t>> points;  ///< which set is still reachable; nothing: no schedule comes here

  [[nodiscard]] std::size_t place(LatticePoint at) const { return at.second * (steps[0] + std::size_t{1}) + at.first; }
  /// Null where no schedule comes here; empty where none that does comes to an end.
  [[nodiscard]] const std::vector<std::uint32_t>* outcomes(LatticePoint at) const {
    const auto& set = points[place(at)];
    return set ? &sets[*set] : nullptr;
  }
  friend bool operator==(const ProgressGraph&, const ProgressGraph&) = default;
};

/// `groups` are the final states of each outcome, ids from 1. Nothing for any other number of threads than two, where
/// the program can loop, and where the lattice or the graph is too large for a picture.
std::optional<ProgressGraph> find_progress(const StateGraph& graph, const GraphOrder& order, const MachineStep& machine,
                                           const std::vector<std::vector<StateId>>& groups);

/// The points of a schedule, the first being (0, 0).
std::vector<LatticePoint> points_of(std::span<const std::uint8_t> actions);

/// The schedule made to come through `through`, and otherwise as it was: up to the last of its points from which that
/// one can be reached, straight there, and straight on to the first of its points that can be reached from there.
/// `actions` holds steps of two threads (0 and 1) only, and `through` lies within its end.
std::vector<std::uint8_t> path_through(std::span<const std::uint8_t> actions, LatticePoint through);

}  // namespace fiberscope::core::explore
