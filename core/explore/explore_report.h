#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "core/explore/exploration.h"
#include "core/explore/explore_request.h"

namespace fiberscope::core::explore {

/// fiberscope.explore/1 (docs/interleavings.md).
nlohmann::ordered_json explore_json(const PreparedExploration& asked, const Exploration& found);

/// The same facts as a table for people; for a litmus test herd's own lines come first.
std::string explore_text(const PreparedExploration& asked, const Exploration& found);

/// The probability as a fraction in lowest terms: "105/256".
std::string exact_probability(const Exploration& found, const Outcome& outcome);

}  // namespace fiberscope::core::explore
