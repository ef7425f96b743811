#include "core/explore/dead_ends.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <unordered_set>
#include <utility>

#include "core/explore/schedule.h"

namespace fiberscope::core::explore {
namespace {

constexpr std::size_t kLongestPrivateLoop = 100'000;

std::string object_name(const MachineStep& machine, std::uint64_t address) {
  const SharedVariable* variable = machine.program().variable_at(address);
  return variable != nullptr ? "&" + variable->name : fmt::format("{:#x}", address);
}

}  // namespace

Deadlock::Waiter waiter_at(const MachineStep& machine, const std::vector<LocalId>& locals, SharedId shared,
                           std::size_t thread) {
  const LocalId local = locals[thread];
  Deadlock::Waiter waiter{thread, machine.describe(machine.rip(local)), "", {}};
  const auto waiting = machine.waiting(local);
  if (!waiting) return waiter;
  const char* call = kRuntimeCalls[static_cast<std::size_t>(waiting->call)];
  if (waiting->call == RuntimeCall::join) {
    const auto other = static_cast<std::size_t>(static_cast<std::uint32_t>(waiting->argument));
    waiter.waits_for = fmt::format("join({})", other);
    waiter.holders.push_back(other - 1);
    return waiter;
  }
  waiter.waits_for = fmt::format("{}({})", call, object_name(machine, waiting->argument));
  if (waiting->call == RuntimeCall::lock) {
    const std::int64_t holder = machine.value(shared, SharedVariable{"", waiting->argument, 4, true});
    if (holder >= 1 && static_cast<std::size_t>(holder) <= locals.size())
      waiter.holders.push_back(static_cast<std::size_t>(holder) - 1);
  }
  return waiter;
}

std::vector<Deadlock> find_deadlocks(const StateGraph& graph, const MachineStep& machine) {
  std::vector<Deadlock> deadlocks;
  std::set<std::vector<std::string>> seen;
  for (StateId state = 0; state < graph.size(); ++state) {
    if (graph.kind(state) != StateGraph::Kind::deadlock) continue;
    Deadlock deadlock;
    std::vector<std::string> key;
    std::vector<LocalId> locals(graph.threads());
    for (std::size_t thread = 0; thread < locals.size(); ++thread) locals[thread] = graph.local(state, thread);
    for (std::size_t thread = 0; thread < graph.threads(); ++thread) {
      if (machine.finished(graph.local(state, thread))) continue;
      deadlock.waiting.push_back(waiter_at(machine, locals, graph.shared(state), thread));
      const Deadlock::Waiter& one = deadlock.waiting.back();
      key.push_back(fmt::format("{} {} {}", thread, one.place, one.waits_for));
      for (const std::size_t holder : one.holders) key.back() += fmt::format(" {}", holder);
    }
    if (!seen.insert(key).second) continue;
    deadlock.witness = schedule_text(graph.shortest(state), graph.threads());
    deadlocks.push_back(std::move(deadlock));
  }
  return deadlocks;
}

std::optional<std::uint64_t> private_loop(MachineStep& machine, LocalId local, SharedId shared) {
  std::set<LocalId> seen;
  while (!machine.finished(local) && seen.insert(local).second) {
    if (seen.size() > kLongestPrivateLoop) return std::nullopt;
    const StepResult* result = machine.step(local, shared);
    if (result == nullptr || !result->enabled || !machine.sites().at(result->site).accesses.empty())
      return std::nullopt;
    local = result->local;
  }
  return machine.finished(local) ? std::nullopt : std::optional(machine.rip(local));
}

std::string private_loop_message(const MachineStep& machine, std::size_t thread, std::uint64_t rip,
                                 const std::string& schedule) {
  return fmt::format(
      "thread {}, {}: an endless private loop: it touches no shared variable, so no thread can end it; bound it, or "
      "let "
      "it wait for something shared\n  after the schedule {}",
      thread + 1, machine.describe(rip), schedule);
}

emu::Result<std::vector<Livelock>> find_livelocks(const StateGraph& graph, const GraphOrder& order,
                                                  MachineStep& machine) {
  if (order.acyclic()) return std::vector<Livelock>();
  // Backwards from the ends, through states in reverse order until nothing changes: components come whole.
  std::vector<bool> ends(graph.size());
  std::vector<std::vector<StateId>> sources(graph.size());
  std::vector<StateId> queue;
  for (StateId state = 0; state < graph.size(); ++state) {
    for (const auto& edge : graph.edges(state)) sources[edge.target].push_back(state);
    if (graph.kind(state) != StateGraph::Kind::final_state && graph.kind(state) != StateGraph::Kind::unexplored)
      continue;
    ends[state] = true;
    queue.push_back(state);
  }
  while (!queue.empty()) {
    const StateId state = queue.back();
    queue.pop_back();
    for (const StateId source : sources[state]) {
      if (ends[source]) continue;
      ends[source] = true;
      queue.push_back(source);
    }
  }
  std::map<std::set<std::size_t>, std::size_t> known;
  std::vector<Livelock> livelocks;
  std::unordered_set<LocalId> looked_at;  // what a private loop does depends on nothing else
  for (StateId state = 0; state < graph.size(); ++state) {
    if (ends[state]) continue;
    for (std::size_t thread = 0; thread < graph.threads(); ++thread) {
      const LocalId local = graph.local(state, thread);
      if (!looked_at.insert(local).second) continue;
      if (const auto rip = private_loop(machine, local, graph.shared(state)))
        return emu::Error{private_loop_message(
            machine, thread, *rip, schedule_text(graph.shortest(state), graph.threads(), "(none: at the start)"))};
    }
    if (!order.on_cycle[state]) continue;
    std::set<std::size_t> running;
    for (std::size_t thread = 0; thread < graph.threads(); ++thread)
      if (!machine.finished(graph.local(state, thread))) running.insert(thread);
    const auto [found, is_new] = known.emplace(running, livelocks.size());
    if (is_new) {
      Livelock livelock;
      for (const std::size_t thread : running)
        livelock.loops.push_back({thread, machine.describe(machine.rip(graph.local(state, thread)))});
      livelock.witness = schedule_text(graph.shortest(state), graph.threads());
      livelocks.push_back(std::move(livelock));
    }
    ++livelocks[found->second].states;
  }
  return livelocks;
}

}  // namespace fiberscope::core::explore
