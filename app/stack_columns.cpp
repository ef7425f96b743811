#include <algorithm>

#include "app/stack_layout.h"
#include "core/event_names.h"

namespace fiberscope::app {
namespace {

bool has_stack(const core::Snapshot& snapshot, core::ThreadId thread) {
  return std::any_of(snapshot.stacks.begin(), snapshot.stacks.end(),
                     [&](const core::StackView& stack) { return stack.thread == thread && !stack.cells.empty(); });
}

bool is_main(const core::Snapshot& snapshot, std::optional<core::ThreadId> thread) {
  return std::any_of(snapshot.threads.begin(), snapshot.threads.end(), [&](const core::ThreadView& view) {
    return thread == view.thread.id && view.thread.kind == core::ThreadKind::main;
  });
}

/// With several processors the step's own thread may be another one at each step: the columns stay, in the order of the
/// processors.
ColumnChoice choose_by_processor(const core::Snapshot& snapshot, const std::vector<core::ThreadId>& order,
                                 std::optional<core::ThreadId> pinned) {
  std::vector<core::ThreadId> shown;
  const auto take = [&](std::optional<core::ThreadId> thread) {
    const bool known = thread && std::find(shown.begin(), shown.end(), *thread) != shown.end();
    if (thread && !known && shown.size() < 2 && has_stack(snapshot, *thread)) shown.push_back(*thread);
  };
  if (pinned) take(snapshot.on_cpu);
  take(pinned);
  std::vector<std::optional<core::ThreadId>> running;
  for (const core::ProcessorView& cpu : snapshot.cpus) running.push_back(cpu.thread);
  if (running.size() > 2) {
    // main, who started the others, only waits for them. The step's own processor is always there, unless a store
    // buffer drained meanwhile, which is what the step shows.
    std::stable_partition(running.begin(), running.end(), [&](const auto& one) { return !is_main(snapshot, one); });
    const bool drains = std::any_of(snapshot.events.begin(), snapshot.events.end(), [](const core::EventView& event) {
      return event.kind == core::event_name(emu::EventKind::drain);
    });
    const bool own_is_late = snapshot.on_cpu != running[0] && snapshot.on_cpu != running[1];
    if (own_is_late && !drains) take(snapshot.on_cpu);
  }
  for (const auto& thread : running) take(thread);
  for (const core::ThreadId thread : order) take(thread);
  ColumnChoice choice;
  if (!shown.empty()) choice.left = shown[0];
  if (shown.size() > 1) choice.right = shown[1];
  for (const core::ThreadId thread : order)
    if (std::find(shown.begin(), shown.end(), thread) == shown.end() && has_stack(snapshot, thread))
      choice.strips.push_back(thread);
  return choice;
}

}  // namespace

ColumnChoice choose_columns(const core::Snapshot& snapshot, const core::Timeline& timeline,
                            const std::vector<core::ThreadId>& order, std::optional<core::ThreadId> pinned) {
  const auto& switches = timeline.switches;
  const auto behind_end = std::upper_bound(switches.begin(), switches.end(), snapshot.step,
                                           [](core::StepIndex step, const core::Switch& s) { return step < s.step; });
  const auto behind = behind_end - switches.begin();

  if (snapshot.cpus.size() > 1) return choose_by_processor(snapshot, order, pinned);
  std::optional<core::ThreadId> running = snapshot.on_cpu;
  if (!running && behind > 0) running = switches[static_cast<std::size_t>(behind - 1)].to;
  if (running && !has_stack(snapshot, *running)) running.reset();

  std::optional<core::ThreadId> other;
  const auto take = [&](std::optional<core::ThreadId> thread) {
    if (!other && thread && thread != running && has_stack(snapshot, *thread)) other = thread;
  };
  take(pinned);
  for (auto i = behind; i > 0 && !other; --i) take(switches[static_cast<std::size_t>(i - 1)].from);
  if (behind_end != switches.end()) take(behind_end->to);
  for (const core::ThreadId thread : order) take(thread);

  ColumnChoice choice;
  const bool running_left = behind % 2 == 1;
  choice.left = running_left ? running : other;
  choice.right = running_left ? other : running;
  for (const core::ThreadId thread : order) {
    if (thread != running && thread != other && has_stack(snapshot, thread)) choice.strips.push_back(thread);
  }
  return choice;
}

}  // namespace fiberscope::app
