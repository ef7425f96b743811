#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/switch_cost.h"

namespace fiberscope::core {

/// The two tables of note 001, and beside each of their claims what a run really did. The cycles are the note's and
/// stay its claims: an emulated processor has none to compare them with.

struct BudgetRow {
  std::string_view step;             ///< in English; the note is in French
  std::uint64_t claimed_cycles = 0;  ///< the note's claim
  std::optional<Spread> steps;       ///< over the complete switches of the run; nothing where there are none …
  std::optional<Spread> bytes;       ///< … read and written
  std::optional<Spread> accesses;
  /// Model: misses in data TLB, instruction TLB and L1 data cache, summed over those switches. For the flush: what the
  /// TLBs missed from one switch to the next under a full flush, beyond what they miss without any.
  std::uint64_t model_misses = 0;
};

/// Save window, switch stack pointer, restore window, flush TLB, and the sum of all. The flush has no steps: no routine
/// of the note does it, so there is only the model.
std::vector<BudgetRow> windowed_budget(const SwitchCosts& costs);

struct ComparisonRow {
  std::string_view aspect;
  std::string_view claimed_here;   ///< the note's column Exo-OS
  std::string_view claimed_linux;  ///< the note's column Linux
  struct Fact {
    std::string_view what;
    std::optional<std::int64_t> value;  ///< nothing where the run has nothing of the kind
    bool is_model = false;
  };
  std::vector<Fact> run;
};

/// Row by row, in the note's order.
std::vector<ComparisonRow> windowed_comparison(const SwitchCosts& costs);

}  // namespace fiberscope::core
