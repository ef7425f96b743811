#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/explore/exploration.h"
#include "core/explore/graph_order.h"
#include "core/explore/machine_step.h"
#include "core/explore/state_graph.h"

namespace fiberscope::core::explore {

/// What the thread, which has not finished and cannot go on, waits for in that state.
Deadlock::Waiter waiter_at(const MachineStep& machine, const std::vector<LocalId>& locals, SharedId shared,
                           std::size_t thread);

/// One deadlock for each set of places in which the threads wait, with the first shortest schedule to it.
std::vector<Deadlock> find_deadlocks(const StateGraph& graph, const MachineStep& machine);

/// One livelock for each set of threads that are left running in a loop which no way leads out of to an end. Only a
/// complete graph can tell. Fails, with the place and a shortest schedule, where a thread runs in a loop that touches
/// no shared variable: nobody can ever end that.
emu::Result<std::vector<Livelock>> find_livelocks(const StateGraph& graph, const GraphOrder& order,
                                                  MachineStep& machine);
/// Where a thread that is left alone in this state comes back to a state of its own without touching a shared variable:
/// the address of an instruction of that loop.
std::optional<std::uint64_t> private_loop(MachineStep& machine, LocalId local, SharedId shared);
/// What is to be said of it.
std::string private_loop_message(const MachineStep& machine, std::size_t thread, std::uint64_t rip,
                                 const std::string& schedule);

}  // namespace fiberscope::core::explore
