#include "core/state_history.h"

#include "asm/runtime/tcb.h"
#include "emu/shown_name.h"

namespace fiberscope::core {
namespace {

ThreadState state_of(std::uint8_t byte) {
  return byte <= THREAD_FINISHED ? static_cast<ThreadState>(byte) : ThreadState::unused;
}

}  // namespace

std::vector<StateChange> StateHistory::last_changes(const Thread& thread, StepIndex cursor, std::size_t count) {
  const emu::Address state = thread.state_at;
  std::vector<StateChange> changes;
  while (changes.size() < count) {
    const auto step = trace_.last_write(state, 1, cursor);
    if (!step || step->value == 0) break;
    if (auto change = change_at(thread, state, *step)) changes.push_back(std::move(*change));
    cursor = *step - 1;
  }
  return changes;
}

std::optional<StateChange> StateHistory::change_at(const Thread& thread, emu::Address state, StepIndex step) {
  StateChange change;
  change.step = step;
  change.thread = thread.id;
  const auto byte_at = [&](StepIndex cursor) {
    return state_of(static_cast<std::uint8_t>(trace_.state_at(cursor).memory.read(state, 1).value_or(0)));
  };
  change.from = byte_at(step - 1);
  change.to = byte_at(step);
  if (change.from == change.to) return std::nullopt;
  change.by = trace_.thread_of_step(step);
  const StepTemplate& ran = trace_.templates()[trace_.effects_of(step).instruction];
  if (const auto symbol = trace_.image().symbol_at(emu::Address{ran.address}))
    change.function = emu::shown_name(symbol->name);
  return change;
}

}  // namespace fiberscope::core
