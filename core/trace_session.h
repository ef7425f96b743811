#pragma once
#include <memory>
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
  /// Picks up what came; true if there was anything. A file without an ending that has not changed for seconds is taken as
  /// one whose recorder was killed: its trace then ends, and says so.
  emu::Result<bool> refresh();

 private:
  TraceSession() = default;

  std::string path_;
  std::unique_ptr<TraceFileReader> reader_;
  std::unique_ptr<Trace> trace_;
};

}  // namespace fiberscope::core
