#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "core/trace.h"

namespace fiberscope::app {

/// Both write to standard output and return the exit code: done, or unusable where that failed, which they say.
int print_json(const nlohmann::ordered_json& json);
int print_text(const std::string& text);

/// 3 where the run did not come to its own end.
int ending_code(const core::Trace& trace);

}  // namespace fiberscope::app
