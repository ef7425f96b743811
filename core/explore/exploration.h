#pragma once
#include <boost/multiprecision/cpp_int.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/explore/machine_step.h"
#include "core/explore/pictures.h"
#include "core/explore/races.h"
#include "core/explore/schedule_path.h"
#include "core/explore/state_graph.h"
#include "core/explore/thread_program.h"
#include "emu/result.h"

namespace fiberscope::core::explore {

/// What is asked besides the program.
struct ExploreOptions {
  SchedulerClass scheduler;
  MachineModel model;
  std::vector<std::string> assertions;  ///< over the final values of shared variables
  ExplorationLimits limits;
  bool pictures = false;                          ///< what can be drawn is wanted too
  std::optional<std::vector<std::uint8_t>> path;  ///< a schedule that somebody asks about (core/explore/schedule.h)
};

/// An exact number, "infinite" where loops make it so, or nothing where it was not counted.
struct Count {
  enum class Kind : std::uint8_t { exact, infinite, unknown };
  Kind kind = Kind::unknown;
  boost::multiprecision::cpp_int value;

  [[nodiscard]] std::string text() const;  ///< "924", "infinite", "" where it was not counted
};

/// What the threads may leave behind.
struct Outcome {
  std::size_t id = 0;                ///< from 1, by ascending values
  std::vector<std::int64_t> values;  ///< of Exploration::observables
  Count schedules;
  Count executions;
  std::optional<boost::multiprecision::cpp_int> chance;  ///< of Exploration::chances, under a uniform random step
  std::optional<std::uint32_t> preemptions;              ///< the fewest
  std::string witness;                                   ///< the canonical schedule
};

/// A state in which nobody can go on although somebody has not finished.
struct Deadlock {
  struct Waiter {
    std::size_t thread = 0;
    std::string place;                 ///< the call that waits
    std::string waits_for;             ///< "lock(&a)"
    std::vector<std::size_t> holders;  ///< threads that it waits for, where that is known
  };
  std::vector<Waiter> waiting;
  std::string witness;  ///< a shortest schedule that leads there
};

/// States from which steps go on for ever, and that no way leads out of to an end.
struct Livelock {
  struct Loop {
    std::size_t thread = 0;
    std::string place;
  };
  std::vector<Loop> loops;
  std::string witness;
  std::uint64_t states = 0;
};

struct Violation {
  std::string assertion;
  std::vector<std::size_t> outcomes;  ///< ids
  std::string witness;                ///< a shortest schedule to one of them
};

struct ThreadSteps {
  std::optional<std::uint32_t> fewest;  ///< body steps over all schedules that end
  std::optional<std::uint32_t> most;    ///< nothing where there is no bound
};

/// Everything that can happen, as far as `complete` says.
struct Exploration {
  std::vector<std::string> observables;
  std::vector<ThreadSteps> threads;
  std::vector<Outcome> outcomes;
  std::vector<Race> races;
  bool races_complete = true;  ///< false: only pairs that can be adjacent were looked at
  std::vector<Deadlock> deadlocks;
  std::vector<Livelock> livelocks;
  std::vector<Violation> violations;
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::uint64_t emulated_steps = 0;
  Count schedules;
  Count executions;
  std::string executions_are;  ///< "traces" or "po-rf-co": how executions are told apart
  boost::multiprecision::cpp_int chances = 1;
  bool complete = true;
  std::string complete_for;          ///< "all schedules", "schedules with at most 2 preemptions"
  std::string bound;                 ///< what holds beyond that; may be empty
  std::string stop_reason;           ///< why it is not complete; empty
  std::optional<Pictures> pictures;  ///< where they were wanted, and it is complete
  std::optional<SchedulePath> path;  ///< what the schedule comes to that was asked about
};

/// Explores the program. Fails where the program cannot be explored or goes wrong on some schedule; whatever does not
/// fit the limits is a result that says for what it is complete.
emu::Result<Exploration> explore(const ThreadProgram& program, const ExploreOptions& options);

}  // namespace fiberscope::core::explore
