#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/recorder.h"
#include "emu/result.h"

namespace fiberscope::core {

/// What a worker is asked to record.
struct RecordRequest {
  std::string target;                  ///< as resolve_target understands it
  std::string trace_path;              ///< the file to write
  std::uint64_t max_steps = 0;         ///< 0: the target's own limit
  std::vector<std::string> arguments;  ///< for a Linux program, behind its name
  /// Resident bytes at which the worker is killed. Its address space is limited too, but must hold two engines.
  std::uint64_t memory_limit = std::uint64_t{2} << 30;
  /// Whether the trace is wanted once the Worker object is gone: then a running guest is stopped in order, not killed.
  bool keep = true;
};

/// What a worker shares with whoever started it.
struct WorkerMemory {
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

/// The worker's own side: records the request, with its WorkerMemory in the file descriptor given. Returns the exit
/// code.
int run_worker(const RecordRequest& request, int memory_fd);

/// Appends to a trace what a dead worker left in its ring, as far as it makes sense, and ends the trace with the reason
/// given. A trace that has an ending keeps it.
emu::Result<void> rescue_trace(const std::string& path, const StepRing& ring, const std::string& reason);

}  // namespace fiberscope::core
