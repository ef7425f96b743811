#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/target.h"

namespace fiberscope::core {

/// What a worker is asked to record.
struct RecordRequest {
  std::string target;                  ///< as resolve_target understands it
  std::string trace_path;              ///< the file to write
  std::uint64_t max_steps = 0;         ///< 0: the target's own limit
  std::vector<std::string> arguments;  ///< for a Linux program, behind its name
  std::string schedule;           ///< "T1x2 T2x4", of body steps or of answers to the scheduler port (docs/machine.md)
  bool stop_at_question = false;  ///< end the trace just before the first question that `schedule` has no answer to
  ProcessorChoice choice;
  /// Resident bytes at which the worker is killed. Its address space is limited too, but must hold two engines.
  std::uint64_t memory_limit = std::uint64_t{2} << 30;
  /// Whether the trace is wanted once the Worker object is gone: then a running guest is stopped in order, not killed.
  bool keep = true;
};

/// The command line of a worker, the program's name left out: `__worker` and what the worker itself needs of the
/// request. The two limits are its parent's affair.
std::vector<std::string> to_words(const RecordRequest& request);

/// What to_words() said; nothing where the words are not a worker's.
std::optional<RecordRequest> request_of(const std::vector<std::string>& words);

}  // namespace fiberscope::core
