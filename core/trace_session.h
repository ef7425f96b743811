#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "core/trace.h"
#include "core/trace_file.h"
#include "emu/result.h"

namespace fiberscope::core {

/// A trace file and the Trace made from it, kept up to date while the file grows.
class TraceSession {
 public:
  /// Opens the file and reads what it holds by now.
  static emu::Result<std::unique_ptr<TraceSession>> open(const std::string& path);

  [[nodiscard]] Trace& trace() { return *trace_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// See TraceFileReader.
  [[nodiscard]] bool reads_copy() const { return reader_->reads_copy(); }
  /// Picks up what came; true if there was anything. Where the recorder is gone without having ended the trace, it ends
  /// here, and says so.
  emu::Result<bool> refresh();

 private:
  TraceSession() = default;
  bool is_abandoned();

  std::string path_;
  std::unique_ptr<TraceFileReader> reader_;
  std::unique_ptr<Trace> trace_;
  std::optional<std::chrono::steady_clock::time_point> unrecorded_since_;
};

}  // namespace fiberscope::core
