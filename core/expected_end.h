#pragma once
#include <string>

#include "core/scenario.h"
#include "core/trace.h"

namespace fiberscope::core {

/// How the scenario says that it ends, in words: "exit code 0", "#GP in aligned_sum", "deadlock", "its step limit".
std::string describe_end(const ExpectedRun& expected);

/// Whether the scenario is there to show a run that goes wrong: it does not end with exit code 0.
bool is_meant_to_fail(const ExpectedRun& expected);

/// What to say about the end of such a run: "as the scenario says", "as the scenario says, but with another output",
/// "not as the scenario says: exit code 0". The run has ended.
std::string compare_end(const ExpectedRun& expected, const Trace& trace);

}  // namespace fiberscope::core
