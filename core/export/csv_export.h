#pragma once
#include <string>

#include "core/export/export_stream.h"
#include "core/trace.h"

namespace fiberscope::core {

/// The steps, a row each, as RFC 4180 has it. Addresses and values are "0x…" text, which a spreadsheet leaves alone.
/// Throws ExportFailure, CorruptData.
void export_csv_steps(Trace& trace, ExportStream& out);

/// Writes steps.csv, registers.csv, memory.csv, switches.csv, events.csv, output.csv and threads.csv into a folder,
/// which is made where it is missing. Throws ExportFailure, whose message names the file, and CorruptData.
void export_csv_set(Trace& trace, const std::string& folder);

}  // namespace fiberscope::core
