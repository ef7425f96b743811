#pragma once
#include "core/export/export_stream.h"
#include "core/trace.h"

namespace fiberscope::core {

/// Chrome Trace Event JSON, which ui.perfetto.dev opens: a track a thread, a slice a time on the CPU, a flow arrow a
/// switch, an instant for each event and output. One step is one microsecond. Throws ExportFailure, CorruptData.
void export_chrome(Trace& trace, ExportStream& out);

}  // namespace fiberscope::core
