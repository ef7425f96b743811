#pragma once
#include "core/export/export_stream.h"
#include "core/trace.h"

namespace fiberscope::core {

inline constexpr std::string_view kJsonlSchema = "fiberscope.jsonl/1";

/// JSON Lines (docs/trace-format.md): one object a line, from which every register and every byte can be rebuilt at
/// every cursor. Throws ExportFailure, CorruptData.
void export_jsonl(Trace& trace, ExportStream& out);

}  // namespace fiberscope::core
