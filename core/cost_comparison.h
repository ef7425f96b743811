#pragma once
#include <string>
#include <vector>

#include "core/cost_rows.h"
#include "core/timeline.h"
#include "core/windowed_budget.h"

namespace fiberscope::core {

/// What a run's switches cost, ready to be put beside another run's.
struct RunCosts {
  std::string title;
  Timeline timeline;
  std::vector<CostRow> rows;
};

/// One run, or two side by side (Scenario::compare), each with the same rows in the same order.
struct CostComparison {
  std::vector<RunCosts> runs;
  std::vector<BudgetRow> budget;          ///< of the first run, where it belongs to note 001 …
  std::vector<ComparisonRow> comparison;  ///< … else empty
};

/// Longer runs are for the command line (`cost`): counting takes some 1 µs a step.
inline constexpr std::uint64_t kMostCountedSteps = 300'000;

RunCosts run_costs(Trace& trace, const SwitchCosts& costs);

}  // namespace fiberscope::core
