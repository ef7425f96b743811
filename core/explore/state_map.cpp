#include "core/explore/state_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace fiberscope::core::explore {
namespace {

std::string name_at(const ThreadProgram& program, std::uint64_t address) {
  const SharedVariable* variable = program.variable_at(address);
  return variable != nullptr ? variable->name : fmt::format("0x{:x}", address);
}

std::string buffer_text(const MachineStep& machine, LocalId local) {
  std::string text;
  for (const MachineStep::Store& store : machine.stores(local)) {
    const SharedVariable* known = machine.program().variable_at(store.address);
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name_at(machine.program(), store.address),
                        (known != nullptr ? *known : SharedVariable{}).number(store.value, store.size));
  }
  return text;
}

}  // namespace

ExecutedStep step_of_site(const MachineStep& machine, SiteId id) {
  const Site& site = machine.sites().at(id);
  ExecutedStep step;
  step.thread = site.thread;
  step.drain = site.rip == 0;
  step.rip = site.rip;
  if (!step.drain) {
    step.text = machine.text(site.rip);
    step.source = machine.source(site.rip);
  }
  for (const SiteAccess& access : site.accesses) {
    Touch touch;
    touch.kind = !access.is_write     ? Touch::Kind::read
                 : access.is_buffered ? Touch::Kind::buffered_write
                                      : Touch::Kind::write;
    touch.variable = name_at(machine.program(), access.address);
    touch.address = access.address;
    touch.size = access.size;
    touch.is_sync = access.is_sync;
    touch.is_constant = access.is_write && !step.drain && machine.stores_constant(site.rip);
    step.touches.push_back(std::move(touch));
  }
  return step;
}

StateMap map_states(const StateGraph& graph, const MachineStep& machine,
                    const std::vector<std::vector<StateId>>& groups) {
  const ThreadProgram& program = machine.program();
  StateMap map;
  map.states = graph.size();
  map.threads = graph.threads();
  map.has_buffers = machine.model().tso;
  for (const SharedVariable& variable : program.variables) map.variables.push_back(variable.name);
  if (graph.size() > kMostMappedStates) return map;
  std::unordered_map<SiteId, std::uint32_t> sites;
  for (StateId state = 0; state < graph.size(); ++state) {
    StateMap::Node node;
    for (const SharedVariable& variable : program.variables)
      node.values.push_back(machine.value(graph.shared(state), variable));
    for (std::size_t i = 0; i < graph.threads(); ++i) {
      const LocalId local = graph.local(state, i);
      node.rips.push_back(machine.finished(local) ? std::nullopt : std::optional(machine.rip(local)));
      if (map.has_buffers) node.buffers.push_back(buffer_text(machine, local));
    }
    node.depth = graph.depth(state);
    node.deadlock = graph.kind(state) == StateGraph::Kind::deadlock;
    for (const auto& edge : graph.edges(state)) {
      const auto [found, fresh] = sites.emplace(edge.site(), static_cast<std::uint32_t>(map.steps.size()));
      if (fresh) map.steps.push_back(step_of_site(machine, edge.site()));
      node.moves.push_back({static_cast<std::uint8_t>(edge.action()), edge.target, found->second});
    }
    map.nodes.push_back(std::move(node));
  }
  for (std::size_t group = 0; group < groups.size(); ++group)
    for (const StateId state : groups[group]) map.nodes[state].outcome = static_cast<std::uint32_t>(group + 1);
  return map;
}

Followed follow(const StateMap& map, std::span<const std::uint8_t> wanted) {
  Followed followed;
  std::uint32_t at = 0;
  const auto run = [&](std::uint8_t action) {
    const StateMap::Node& node = map.nodes[at];
    const auto move = std::find_if(node.moves.begin(), node.moves.end(),
                                   [action](const StateMap::Move& one) { return one.action == action; });
    if (move == node.moves.end()) return false;
    ExecutedStep step = map.steps[move->step];
    for (Touch& touch : step.touches) {
      const auto variable = std::find(map.variables.begin(), map.variables.end(), touch.variable);
      if (variable == map.variables.end()) continue;
      const auto place = static_cast<std::size_t>(variable - map.variables.begin());
      touch.value = (touch.writes() ? map.nodes[move->to] : node).values[place];
    }
    followed.actions.push_back(action);
    followed.steps.push_back(std::move(step));
    at = move->to;
    return true;
  };
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (run(wanted[i])) continue;
    followed.blocked = i;
    return followed;
  }
  // Without loops this ends; with them a thread that waits for another one must not spin for ever.
  for (std::size_t left = map.nodes.size() * map.threads; left > 0; --left) {
    bool ran = false;
    for (std::uint8_t action = 0; action < map.threads && !ran; ++action) ran = run(action);
    if (!ran) break;
  }
  followed.outcome = map.nodes[at].outcome;
  return followed;
}

}  // namespace fiberscope::core::explore
