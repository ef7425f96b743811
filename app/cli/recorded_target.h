#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/scenario.h"
#include "core/target.h"
#include "core/temporary_folder.h"
#include "core/trace_session.h"
#include "core/worker.h"
#include "emu/result.h"

namespace fiberscope::app {

/// A target as a trace: a .fscope file as it is, anything else recorded by a worker into a file that goes with this
/// object unless a place was named for it. A place where nothing is yet is recorded into directly, so that others can
/// read along; a trace that is there already is replaced only by a recording that has come to an end.
class RecordedTarget {
 public:
  struct Options {
    std::optional<std::string> trace_path;  ///< keep the trace here
    std::uint64_t max_steps = 0;            ///< 0: the target's own limit
    std::vector<std::string> arguments;     ///< for a Linux program
    std::string schedule;                   ///< core/pick_schedule.h; may be empty
    bool stop_at_question = false;          ///< as core::RecordRequest
    core::ProcessorChoice choice;
  };
  /// Returns as soon as the recording has begun.
  static emu::Result<std::unique_ptr<RecordedTarget>> open(const std::string& target, const Options& options);
  /// Ends as finish() does.
  ~RecordedTarget();
  RecordedTarget(const RecordedTarget&) = delete;
  RecordedTarget& operator=(const RecordedTarget&) = delete;

  [[nodiscard]] core::Trace& trace() { return session_->trace(); }
  [[nodiscard]] core::TraceSession& session() { return *session_; }
  /// What to record to run it again: the target, or the scenario that a trace names; empty where that is not known.
  [[nodiscard]] const std::string& origin() const { return origin_; }
  [[nodiscard]] const core::Scenario* scenario() const { return scenario_ ? &*scenario_ : nullptr; }
  /// Where the trace lies that is kept; nothing where it goes with this object.
  [[nodiscard]] const std::optional<std::string>& kept_path() const { return kept_path_; }

  /// Picks up what was recorded since, and what became of the worker; true if anything changed. Once the worker has
  /// ended, so has the trace.
  emu::Result<bool> refresh();
  /// Waits for the recording's end. The first byte that can be read from `stop` stops it in order, the second by force.
  void wait(int stop);
  /// Whether that happened.
  [[nodiscard]] bool was_stopped() const { return stops_ > 0; }
  /// Ends the recording, in order where its trace is kept, and puts that in its place. The trace is not read any more.
  emu::Result<void> finish();
  /// Gives up what is recorded: all is as it was before.
  void discard();

 private:
  RecordedTarget() = default;
  std::optional<emu::Error> start(const std::string& target, const Options& options);
  std::optional<emu::Error> connect();
  emu::Result<void> put_in_place();
  void remove_recording();

  std::unique_ptr<core::Worker> worker_;
  std::unique_ptr<core::TraceSession> session_;
  std::optional<core::Scenario> scenario_;
  std::string origin_;
  std::string path_;                     ///< of the file that is read
  std::optional<std::string> replaces_;  ///< the trace whose place the recording takes in the end
  std::optional<std::string> kept_path_;
  core::TemporaryFolder temporary_folder_;
  int stops_ = 0;
};

/// Nothing is chosen but the processors.
inline RecordedTarget::Options with_processors(const core::ProcessorChoice& choice) {
  RecordedTarget::Options options;
  options.choice = choice;
  return options;
}

}  // namespace fiberscope::app
