#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/explore/execution_picture.h"
#include "core/explore/machine_step.h"
#include "core/explore/state_graph.h"
#include "emu/result.h"

namespace fiberscope::core::explore {

/// What a schedule that somebody wrote comes to.
struct SchedulePath {
  enum class End : std::uint8_t {
    outcome,    ///< all threads have finished, and memory holds all that they stored
    deadlock,   ///< it is at its end, and nobody can go on
    stops,      ///< it is at its end, and somebody could go on
    impossible  ///< one of its items cannot be followed
  };
  End end = End::stops;
  std::string schedule;              ///< "T1x2 T2x4 D1", as it was understood
  std::vector<std::int64_t> values;  ///< of Exploration::observables, where it comes to an outcome
  std::size_t outcome = 0;           ///< the outcome's id; 0: none, or none that was found
  std::size_t item = 0;              ///< the first item that cannot be followed, from 1; else 0
  std::string why;                   ///< why not, where it stops, or who waits for whom; empty for an outcome
  ExecutionPicture execution;        ///< of all that ran

  friend bool operator==(const SchedulePath&, const SchedulePath&) = default;
};

/// "outcome", "deadlock", "stops", "impossible", and back; the latter is `stops` for any other word.
std::string_view to_string(SchedulePath::End end);
SchedulePath::End path_end(std::string_view word);

/// Follows the actions from the start, under the scheduler class; values and outcome are left to the caller, who is
/// given the last state. Fails where the program goes wrong on the way.
struct FollowedPath {
  SchedulePath path;
  std::vector<LocalId> locals;
  SharedId shared = 0;
};
emu::Result<FollowedPath> follow_schedule(MachineStep& machine, const SchedulerClass& scheduler,
                                          std::span<const std::uint8_t> actions);
/// The same for a program that nobody explores.
emu::Result<FollowedPath> follow_schedule(const ThreadProgram& program, const MachineModel& model,
                                          const SchedulerClass& scheduler, std::span<const std::uint8_t> actions);

}  // namespace fiberscope::core::explore
