#pragma once
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "core/trace.h"
#include "emu/result.h"

namespace fiberscope::core {

/// The forms in which a trace leaves the tool (docs/trace-format.md).
enum class ExportFormat : std::uint8_t { jsonl, csv, chrome, text };

/// By the word of the command line; nothing for an unknown one.
std::optional<ExportFormat> parse_export_format(std::string_view name);

/// Writes the whole trace, one step at a time, and flushes the stream; for csv the table of steps. Fails where the
/// stream refuses anything (a full disk) or the trace is damaged.
emu::Result<void> export_trace(Trace& trace, ExportFormat format, std::ostream& out);

/// The same into a file; csv into a path that ends in '/' or is a folder writes the set of tables. The message of a
/// failure names the path.
emu::Result<void> export_trace_to(Trace& trace, ExportFormat format, const std::string& path);

}  // namespace fiberscope::core
