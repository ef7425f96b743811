#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/trace.h"

namespace fiberscope::core {

/// The object of schema fiberscope.run/1 (DESIGN.md). `trace_path` is null where the trace was not kept.
nlohmann::ordered_json run_json(Trace& trace, const std::optional<std::string>& trace_path);

/// RFC 4648.
std::string base64(std::string_view bytes);

}  // namespace fiberscope::core
