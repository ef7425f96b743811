#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/thread.h"
#include "core/trace.h"
#include "emu/image.h"
#include "emu/machine.h"
#include "emu/result.h"

namespace fiberscope::core {

// A schedule (core/schedule_notation.h) as the sequence of answers that a guest's scheduler gets from the scheduler
// port (docs/machine.md), by thread id: "T1x2 T2x1" lets thread 1 run twice, then thread 2 once. A turn lasts until the
// guest asks again; in a guest that yields behind each statement it is one statement. main is T0.

/// Fails with a message that names the item for anything but "TixN" with N from 1 on, separated by blanks.
emu::Result<std::vector<ThreadId>> parse_schedule(const std::string& text);
/// Neighbours of the same thread become one item.
std::string schedule_text(const std::vector<ThreadId>& picks);

/// Answers a machine's scheduler port from a schedule, and nothing (no opinion) behind its end.
class ScheduledPicks {
 public:
  /// Becomes the machine's picker; both must outlive the machine's run.
  ScheduledPicks(emu::Machine& machine, const emu::Image& image, std::vector<ThreadId> picks);

  /// The step before the one that asked for the first answer that is not in the schedule: its question is the next
  /// instruction there. Nothing where the guest never got that far.
  [[nodiscard]] std::optional<std::uint64_t> asks_behind() const { return asks_behind_; }
  /// Why the run could not follow the schedule: an item names a thread that cannot run. One line for people.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// How many of the answers were asked for.
  [[nodiscard]] std::size_t given() const { return given_; }

  /// A request_stop() at the first question that has no answer, or at a thread that cannot run.
  void stop_at_the_end() { stops_ = true; }

 private:
  std::uint32_t answer();

  emu::Machine& machine_;
  const emu::Image& image_;
  std::vector<ThreadId> picks_;
  std::size_t given_ = 0;
  bool stops_ = false;
  std::optional<std::uint64_t> asks_behind_;
  std::string problem_;
};

/// Whether the recorded guest asked the scheduler port at least once: then its order can be chosen.
bool asks_scheduler_port(Trace& trace);

}  // namespace fiberscope::core
