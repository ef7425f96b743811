#pragma once
#include <string>

#include "tests/scenarios/scenario_run.h"

namespace fiberscope::tests {

/// What happened, in lines that no compiler changes: each pass through a routine of assembly (its instructions the
/// first time, later their number), each switch between threads with its reason, events, the states of all threads at
/// each handoff, output, and how it ended. Addresses and steps of C code are left out.
std::string golden_text(ScenarioRun& run);

}  // namespace fiberscope::tests
