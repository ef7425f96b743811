#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/explore/machine_step.h"
#include "core/explore/state_graph.h"
#include "emu/result.h"

namespace fiberscope::core::explore {

/// What was found where not everything could be explored.
struct BoundedResult {
  struct Found {
    std::optional<std::uint32_t> preemptions;  ///< the fewest, where the bounded search found it
    std::vector<std::uint8_t> schedule;        ///< that leads there
  };
  std::map<std::vector<std::int64_t>, Found> outcomes;  ///< by final values
  std::optional<std::uint32_t> complete_up_to;          ///< all schedules with so many preemptions were explored
  std::uint64_t runs = 0;                               ///< with random priorities, that came to an end
  std::uint64_t longest = 0;                            ///< steps of the longest of them
};

/// Explores all schedules with 0, then 1, 2 and at most 3 preemptions, while they fit; then lets threads run by random
/// priorities with two random changes (PCT of depth 3: Burckhardt et al., A Randomized Scheduler with Probabilistic
/// Guarantees of Finding Bugs, 2010): a run finds a given behaviour of depth 3 with a probability of at least
/// 1 / (n * k * k), for n threads and k steps. `values` gives a final state's values. Always the same runs.
emu::Result<BoundedResult> search_bounded(
    MachineStep& machine, const SchedulerClass& scheduler, const ExplorationLimits& limits,
    const std::function<std::vector<std::int64_t>(const std::vector<LocalId>&, SharedId)>& values);

}  // namespace fiberscope::core::explore
