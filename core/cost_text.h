#pragma once
#include <string>
#include <vector>

#include "core/cost_json.h"

namespace fiberscope::core {

/// What `cost` prints: a line a switch, the table of all, and for runs of note 001 its budget and its comparison.
std::string cost_text(const Trace& trace, const SwitchCosts& costs);

/// What `compare` prints: the table of all, a column a run.
std::string compare_text(const std::vector<ComparedRun>& runs);

}  // namespace fiberscope::core
