#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/cost_rows.h"
#include "core/timeline.h"
#include "core/windowed_budget.h"

namespace fiberscope::core {

/// What a run's switches cost, ready to be put beside another run's.
struct RunCosts {
  std::string name;  ///< of the target
  std::string title;
  Timeline timeline;
  std::uint64_t rounds = 0;  ///< of the clock
  std::vector<CostRow> rows;
  /// The MODEL of a processor's TLBs in the whole run, by policy (kTlbPolicies).
  struct Tlbs {
    std::array<std::optional<Spread>, kTlbPolicies.size()> kept;  ///< entries, at each change of stack
    std::array<TlbCounts, kTlbPolicies.size()> counts;
  };
  std::vector<Tlbs> processors;
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
