#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "app/cli/recorded_target.h"
#include "emu/result.h"

namespace fiberscope::app {

/// While it lives, SIGINT, SIGTERM and SIGHUP do not end the process but put a byte into a pipe, so many times; one
/// more does what it always does. Those that were ignored stay so. One at a time in a process.
class StopSignals {
 public:
  explicit StopSignals(int times);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Can be read, without blocking, once a signal has come.
  [[nodiscard]] int descriptor() const { return pipe_[0]; }
  /// Set by the first one; for who looks now and then instead.
  [[nodiscard]] const std::atomic<bool>& came() const;

 private:
  int pipe_[2] = {-1, -1};
};

/// Opens the target and waits for the end of its recording, if it is one; Ctrl-C stops that, and the trace goes up to
/// there. A second Ctrl-C stops it by force.
emu::Result<std::unique_ptr<RecordedTarget>> open_whole(const std::string& target,
                                                        const RecordedTarget::Options& options);

}  // namespace fiberscope::app
