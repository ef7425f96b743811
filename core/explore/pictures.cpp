#include "core/explore/pictures.h"

#include <algorithm>
#include <utility>

#include "core/explore/schedule.h"

namespace fiberscope::core::explore {
namespace {

constexpr std::size_t kMostExecutions = 256;
constexpr std::size_t kMostSteps = 300;

void set_value(Touch& touch, const MachineStep& machine, const StepResult& after, LocalId local, SharedId shared) {
  const SharedVariable* variable = machine.program().variable_at(touch.address);
  if (variable == nullptr || variable->address != touch.address || variable->size != touch.size) return;
  if (touch.kind == Touch::Kind::buffered_write) {
    const auto stores = machine.stores(after.local);
    if (!stores.empty()) touch.value = variable->number(stores.back().value, touch.size);
    return;
  }
  if (touch.kind == Touch::Kind::read && machine.has_stores(local)) {
    const auto stores = machine.stores(local);
    for (auto store = stores.rbegin(); store != stores.rend(); ++store) {
      if (store->address != touch.address || store->size != touch.size) continue;
      touch.kind = Touch::Kind::forwarded_read;
      touch.value = variable->number(store->value, touch.size);
      return;
    }
  }
  touch.value = machine.value(touch.kind == Touch::Kind::read ? shared : after.shared, *variable);
}

}  // namespace

std::vector<ExecutedStep> execute_schedule(MachineStep& machine, std::span<const std::uint8_t> actions) {
  std::vector<LocalId> locals = machine.first_locals();
  SharedId shared = machine.first_shared();
  const std::size_t threads = locals.size();
  std::vector<ExecutedStep> steps;
  for (const std::uint8_t action : actions) {
    const std::size_t thread = action % threads;
    const StepResult* found =
        action < threads ? machine.step(locals[thread], shared) : machine.drain(locals[thread], shared);
    if (found == nullptr || !found->enabled) break;
    const StepResult result = *found;
    ExecutedStep step = step_of_site(machine, result.site);
    for (Touch& touch : step.touches) set_value(touch, machine, result, locals[thread], shared);
    steps.push_back(std::move(step));
    locals[thread] = result.local;
    shared = result.shared;
  }
  return steps;
}

Pictures draw_pictures(const StateGraph& graph, const GraphOrder& order, MachineStep& machine,
                       const std::vector<std::vector<StateId>>& groups,
                       const std::vector<std::vector<std::uint8_t>>& witnesses) {
  Pictures pictures;
  pictures.progress = find_progress(graph, order, machine, groups);
  pictures.states = map_states(graph, machine, groups);
  for (std::size_t i = 0; i < std::min(witnesses.size(), kMostExecutions); ++i) {
    if (witnesses[i].size() > kMostSteps) continue;
    ExecutionPicture picture = picture_execution(execute_schedule(machine, witnesses[i]), graph.threads());
    picture.outcome = static_cast<std::uint32_t>(i + 1);
    picture.schedule = schedule_text(witnesses[i], graph.threads());
    pictures.executions.push_back(std::move(picture));
  }
  return pictures;
}

}  // namespace fiberscope::core::explore
