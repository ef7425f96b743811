#pragma once
#include <nlohmann/json.hpp>
#include <vector>

#include "core/cost_rows.h"
#include "core/trace.h"

namespace fiberscope::core {

/// The object of schema fiberscope.cost/1 (docs/models.md).
nlohmann::ordered_json cost_json(const Trace& trace, const SwitchCosts& costs);

/// One run of a comparison.
struct ComparedRun {
  const Trace* trace = nullptr;
  const SwitchCosts* costs = nullptr;
};
/// The object of schema fiberscope.compare/1: `rows` have one value a run, in the order of the runs.
nlohmann::ordered_json compare_json(const std::vector<ComparedRun>& runs);

/// Whether the note's budget belongs to a run: those of scenarios of note 001.
bool has_windowed_budget(const Trace& trace);

}  // namespace fiberscope::core
