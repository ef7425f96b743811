#pragma once
#include "core/export/export_stream.h"
#include "core/trace.h"

namespace fiberscope::core {

/// The run as text for people: a line a step, with what it changed; switches, events and output on lines that stand
/// out. Throws ExportFailure, CorruptData.
void export_text(Trace& trace, ExportStream& out);

}  // namespace fiberscope::core
