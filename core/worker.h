#pragma once
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/recorder.h"
#include "emu/result.h"

namespace fiberscope::core {

/// What a worker is asked to record.
struct RecordRequest {
  std::string target;      ///< as resolve_target understands it
  std::string trace_path;  ///< the file to write
  std::uint64_t max_steps = 0;  ///< 0: the target's own limit
};

/// The process that runs a guest and records it. Separate from the window, because a guest can make the engine abort: then
/// its death is a result, with everything recorded up to the last completed step.
class Worker {
 public:
  /// Starts `/proc/self/exe __worker …`. The target is resolved there; what is wrong with it is said on its stderr.
  static emu::Result<std::unique_ptr<Worker>> start(const RecordRequest& request);
  /// Kills the process if it still runs.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  enum class State : std::uint8_t { running, finished, failed, died };
  /// Looks without waiting. After `died` the trace has been completed from the shared memory.
  State poll();
  State wait();
  /// Asks the guest to stop after its current instruction; the trace is finished in order.
  void request_stop();
  /// The step that is running, as told by the shared memory.
  [[nodiscard]] std::uint64_t step() const;
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  explicit Worker(RecordRequest request) : request_(std::move(request)) {}
  State settle(int status);

  RecordRequest request_;
  pid_t pid_ = -1;
  int ring_fd_ = -1;
  StepRing* ring_ = nullptr;
  State state_ = State::running;
};

/// The worker's own side: records the request with its ring in the file descriptor given. Returns the exit code.
int run_worker(const RecordRequest& request, int ring_fd);

/// Appends to a trace what a dead worker left in its ring, and ends the trace with the reason given.
emu::Result<void> rescue_trace(const std::string& path, const StepRing& ring, const std::string& reason);

}  // namespace fiberscope::core
