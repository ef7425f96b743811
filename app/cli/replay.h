#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "app/cli/commands.h"
#include "core/explore/exploration.h"
#include "core/explore/explore_request.h"

namespace fiberscope::app {

/// What becomes of a replay.
struct ReplayOptions {
  std::optional<std::string> trace_path;
  std::uint64_t max_steps = 0;  ///< 0: the replay's own limit
  bool json = false;
};

/// Runs one schedule through the guest's own scheduler, tells what happened, and returns the exit code.
int replay_schedule(const core::explore::ExploreRequest& request, const core::explore::PreparedExploration& prepared,
                    const std::string& schedule, const ReplayOptions& options);

/// The same with the witness of an outcome, which the run must end in.
int replay_outcome(const core::explore::ExploreRequest& request, const core::explore::PreparedExploration& prepared,
                   const core::explore::Exploration& found, const core::explore::Outcome& outcome,
                   const ReplayOptions& options);

/// `run` of what is explored (core/explored_target.h): the schedule that was said, or of a lesson the one that shows
/// its verdict: an outcome that breaks an assertion, a deadlock, or else the first outcome.
int run_explored(const RunOptions& options);

}  // namespace fiberscope::app
