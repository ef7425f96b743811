#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/explore/executed_step.h"
#include "core/explore/graph_order.h"
#include "core/explore/machine_step.h"
#include "core/explore/state_graph.h"

namespace fiberscope::core::explore {

/// A point of the lattice: how many body steps each of two threads has done, or where each of them is.
struct LatticePoint {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  friend bool operator==(LatticePoint, LatticePoint) = default;
};

/// All schedules of two threads at a glance: each is a way from (0, 0), to the right for a body step of the first
/// thread and up for one of the second; drains of store buffers do not move.
///
/// Where the program can loop there is no most of steps. Then a point is where the two threads stand: each thread's
/// coordinate is the place of its next body step among `places`, or behind the last of them once it has finished. A
/// jump leaps on its axis, backwards in a loop.
struct ProgressGraph {
  std::array<std::uint32_t, 2> steps{};              ///< the most body steps of each thread, or how many places it has
  std::array<std::vector<std::string>, 2> texts;     ///< the instruction of each step or place; empty where it differs
  std::array<std::vector<std::uint64_t>, 2> places;  ///< addresses of all body steps, ascending; empty without loops
  LatticePoint start;                                ///< where the threads begin
  std::vector<std::vector<std::uint32_t>> sets;      ///< distinct sets of outcome ids, each ascending
  std::vector<std::optional<std::uint32_t>> points;  ///< which set is still reachable; nothing: no schedule comes here

  [[nodiscard]] bool loops() const { return !places[0].empty() || !places[1].empty(); }
  [[nodiscard]] std::size_t place(LatticePoint at) const { return at.second * (steps[0] + std::size_t{1}) + at.first; }
  /// Null where no schedule comes here; empty where none that does comes to an end.
  [[nodiscard]] const std::vector<std::uint32_t>* outcomes(LatticePoint at) const {
    const auto& set = points[place(at)];
    return set ? &sets[*set] : nullptr;
  }
  friend bool operator==(const ProgressGraph&, const ProgressGraph&) = default;
};

/// More points, states or outcomes than these are no picture for people.
inline constexpr std::size_t kMostProgressPoints = 10'000;
inline constexpr std::size_t kMostProgressStates = 200'000;
inline constexpr std::size_t kMostProgressOutcomes = 1024;

/// `groups` are the final states of each outcome, ids from 1. Nothing for any other number of threads than two, and
/// where the lattice or the graph is too large for a picture.
std::optional<ProgressGraph> find_progress(const StateGraph& graph, const GraphOrder& order, const MachineStep& machine,
                                           const std::vector<std::vector<StateId>>& groups);

/// The points of a schedule, the first being (0, 0).
std::vector<LatticePoint> points_of(std::span<const std::uint8_t> actions);

/// The points of an execution in a graph of places. `ends`: all threads have finished behind it; else nothing is known
/// of where a thread stands behind its last step, and it stays there.
std::vector<LatticePoint> points_of(const ProgressGraph& graph, std::span<const ExecutedStep> steps, bool ends);

/// The schedule made to come through `through`, and otherwise as it was: up to the last of its points from which that
/// one can be reached, straight there, and straight on to the first of its points that can be reached from there.
/// `actions` holds steps of two threads (0 and 1) only, and `through` lies within its end.
std::vector<std::uint8_t> path_through(std::span<const std::uint8_t> actions, LatticePoint through);

}  // namespace fiberscope::core::explore
