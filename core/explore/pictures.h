#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/explore/execution_picture.h"
#include "core/explore/progress_graph.h"
#include "core/explore/state_map.h"

namespace fiberscope::core::explore {

/// What can be drawn of an exploration (docs/interleavings.md, "Pictures").
struct Pictures {
  std::optional<ProgressGraph> progress;
  StateMap states;
  std::vector<ExecutionPicture> executions;  ///< of each outcome's witness, where that is short enough
  friend bool operator==(const Pictures&, const Pictures&) = default;
};

/// `groups` are the final states of each outcome, `witnesses` its schedule.
Pictures draw_pictures(const StateGraph& graph, const GraphOrder& order, MachineStep& machine,
                       const std::vector<std::vector<StateId>>& groups,
                       const std::vector<std::vector<std::uint8_t>>& witnesses);

/// The steps of a schedule as the machine runs them, with the values read and written. Ends before the first action
/// that cannot run.
std::vector<ExecutedStep> execute_schedule(MachineStep& machine, std::span<const std::uint8_t> actions);

/// An execution as an element of executions_drawn, and back; the latter throws nlohmann::json::exception.
nlohmann::ordered_json execution_json(const ExecutionPicture& picture);
ExecutionPicture execution_of(const nlohmann::ordered_json& from);

/// Sets progress_graph, state_graph and executions_drawn of a fiberscope.explore/1; all null without pictures.
void put_pictures(nlohmann::ordered_json& all, const std::optional<Pictures>& pictures);
/// The other way round. Throws nlohmann::json::exception where it is not what put_pictures() wrote.
std::optional<Pictures> take_pictures(const nlohmann::ordered_json& all);

}  // namespace fiberscope::core::explore
