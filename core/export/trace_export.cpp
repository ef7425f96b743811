#include "core/export/trace_export.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/export/chrome_export.h"
#include "core/export/csv_export.h"
#include "core/export/export_stream.h"
#include "core/export/jsonl_export.h"
#include "core/export/text_export.h"
#include "core/varint.h"

namespace fiberscope::core {
namespace {

void write(Trace& trace, ExportFormat format, std::ostream& out) {
  ExportStream stream(out);
  switch (format) {
    case ExportFormat::jsonl:
      export_jsonl(trace, stream);
      break;
    case ExportFormat::csv:
      export_csv_steps(trace, stream);
      break;
    case ExportFormat::chrome:
      export_chrome(trace, stream);
      break;
    case ExportFormat::text:
      export_text(trace, stream);
      break;
  }
  stream.finish();
}

emu::Error damaged(const CorruptData& failure) {
  return emu::Error{fmt::format("the trace is damaged: {}; record it again", failure.what())};
}

}  // namespace

std::optional<ExportFormat> parse_export_format(std::string_view name) {
  if (name == "jsonl") return ExportFormat::jsonl;
  if (name == "csv") return ExportFormat::csv;
  if (name == "chrome") return ExportFormat::chrome;
  if (name == "text") return ExportFormat::text;
  return std::nullopt;
}

emu::Result<void> export_trace(Trace& trace, ExportFormat format, std::ostream& out) {
  try {
    write(trace, format, out);
    return {};
  } catch (const ExportFailure& failure) {
    return emu::Error{fmt::format("the export could not be written to its end: {}", failure.what())};
  } catch (const CorruptData& failure) {
    return damaged(failure);
  }
}

emu::Result<void> export_trace_to(Trace& trace, ExportFormat format, const std::string& path) {
  constexpr std::string_view kAdvice = "choose another place with -o";
  std::error_code ignored;
  const bool is_set =
      format == ExportFormat::csv && (path.ends_with('/') || std::filesystem::is_directory(path, ignored));
  try {
    if (is_set) {
      export_csv_set(trace, path);
      return {};
    }
    errno = 0;
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    if (!file) return emu::Error{fmt::format("cannot write {}: {}; {}", path, std::strerror(errno), kAdvice)};
    write(trace, format, file);
    file.close();
    if (!file) return emu::Error{fmt::format("cannot write {} to its end; {}", path, kAdvice)};
    return {};
  } catch (const ExportFailure& failure) {
    // A failure of the set names the file itself.
    return emu::Error{fmt::format("cannot write {}{}; {}", is_set ? "" : path + ": ", failure.what(), kAdvice)};
  } catch (const CorruptData& failure) {
    return damaged(failure);
  }
}

}  // namespace fiberscope::core
