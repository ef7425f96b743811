#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/scenario.h"
#include "core/trace_session.h"
#include "core/worker.h"
#include "emu/result.h"

namespace fiberscope::app {

/// Why a trace of the target cannot be kept at that path; nothing where it can, or no path was named.
std::optional<std::string> unusable_trace_path(const std::string& target, const std::optional<std::string>& path);

/// A target as a trace: a .fscope file as it is, anything else recorded by a worker into a file that goes with this object
/// unless a place was named for it.
class RecordedTarget {
 public:
  struct Options {
    std::optional<std::string> trace_path;  ///< keep the trace here
    std::uint64_t max_steps = 0;            ///< 0: the target's own limit
    bool wait = true;                       ///< false: return as soon as the recording has begun
  };
  /// A failure whose message is empty has been told on stderr by the worker.
  static emu::Result<std::unique_ptr<RecordedTarget>> open(const std::string& target, const Options& options);
  ~RecordedTarget();
  RecordedTarget(const RecordedTarget&) = delete;
  RecordedTarget& operator=(const RecordedTarget&) = delete;

  [[nodiscard]] core::Trace& trace() { return session_->trace(); }
  [[nodiscard]] core::TraceSession& session() { return *session_; }
  [[nodiscard]] const core::Scenario* scenario() const { return scenario_ ? &*scenario_ : nullptr; }
  /// Picks up what was recorded since, and what became of the worker; true if anything changed.
  emu::Result<bool> refresh();

 private:
  RecordedTarget() = default;

  std::unique_ptr<core::Worker> worker_;
  std::unique_ptr<core::TraceSession> session_;
  std::optional<core::Scenario> scenario_;
  std::string temporary_folder_;  ///< removed at the end
};

}  // namespace fiberscope::app
