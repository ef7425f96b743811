#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "core/explore/machine_step.h"
#include "core/explore/state_graph.h"
#include "emu/result.h"

namespace fiberscope::core::explore {

/// Ends that were found by going on from states of a graph that was not explored to its end.
struct Completions {
  std::map<std::vector<std::int64_t>, std::vector<std::uint8_t>> outcomes;  ///< by final values: a schedule to them
  std::size_t runs = 0;
  std::size_t ended = 0;  ///< of them; the others were given up
};

/// Goes on from states that were reached and not looked at, some of them evenly, each in one order chosen at random.
/// Takes a bounded number of steps, and always the same ones for a graph. `values` gives a final state's values. Fails
/// where the program goes wrong.
emu::Result<Completions> complete_some(
    const StateGraph& graph, MachineStep& machine, const SchedulerClass& scheduler,
    const std::function<std::vector<std::int64_t>(const std::vector<LocalId>&, SharedId)>& values);

}  // namespace fiberscope::core::explore
