#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/record_request.h"
#include "core/recorder.h"
#include "core/target.h"
#include "emu/result.h"

namespace fiberscope::core {

/// What a worker shares with whoever started it.
struct WorkerMemory {
  static constexpr int kDescriptor = 3;  ///< the worker finds it open under this number
  static constexpr std::size_t kMessageSize = 2048;
  StepRing ring;
  char message[kMessageSize];  ///< why it gave up; empty where it died without a word
};

/// The process that runs a guest and records it. Separate from the window, because a guest can make the engine abort:
/// then its death is a result, with everything recorded up to the last completed step.
class Worker {
 public:
  /// Starts `/proc/self/exe __worker …`. The target is resolved there; message() says what is wrong with it.
  static emu::Result<std::unique_ptr<Worker>> start(const RecordRequest& request);
  /// Ends the process as end() does.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  enum class State : std::uint8_t {
    running,
    finished,  ///< it ended its trace
    died,      ///< its trace was completed from the shared memory and tells of the death as its ending
    failed     ///< there is no trace, or one that could not be completed: message() says why
  };
  /// Looks without waiting.
  State poll();
  /// Waits for the end, until the descriptor `wake` can be read, or so long.
  State wait(int wake = -1, std::optional<std::chrono::milliseconds> limit = std::nullopt);
  /// Asks the guest to stop after its current instruction; the trace is finished in order.
  void request_stop();
  /// Ends it at once; the trace is completed from the shared memory.
  void kill();
  /// Ends the process if it still runs: in order where the trace is kept and that takes no longer than a second, else
  /// by force. A trace that is kept is complete then.
  State end();
  /// Why it did not finish, one line for people.
  [[nodiscard]] const std::string& message() const { return message_; }
  /// The step that is running, as told by the shared memory.
  [[nodiscard]] std::uint64_t step() const;
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  explicit Worker(RecordRequest request) : request_(std::move(request)) {}
  State settle(int status);
  void watch_memory();

  RecordRequest request_;
  pid_t pid_ = -1;
  int memory_fd_ = -1;
  WorkerMemory* memory_ = nullptr;
  State state_ = State::running;
  std::string message_;
  std::string killed_because_;
};

/// The worker's own side, for the main() of every program that starts one: nothing where the command line is not a
/// worker's; else the recording is made and the exit code returned.
std::optional<int> run_as_worker(int argc, char** argv);

/// Appends to a trace what a dead worker left in its ring, as far as it makes sense, and ends the trace with the reason
/// given. A trace that has an ending keeps it.
emu::Result<void> rescue_trace(const std::string& path, const StepRing& ring, const std::string& reason);

}  // namespace fiberscope::core
