#pragma once
#include <string>

#include "core/scenario.h"
#include "core/trace.h"

namespace fiberscope::core {

/// The switches of a trace as a story for people, in lines of at most some 120 columns: who left the CPU, to whom and
/// why, where each stack pointer was left, and what the run printed; of a scenario also whether it ended as that says.
/// `scenario` may be null. Costs two seeks a switch. Throws CorruptData.
std::string tell_story(Trace& trace, const Scenario* scenario = nullptr);

/// What to call the run: its scenario, else the target that was run, else its image.
std::string run_name(const Trace& trace);

/// What the run is and how it ended, in two lines: title, then steps, threads, switches and end.
std::string describe_run(const Trace& trace);

}  // namespace fiberscope::core
