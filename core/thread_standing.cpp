#include "core/thread_standing.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/context_object.h"
#include "core/kernel_view.h"

namespace fiberscope::core {
namespace {

constexpr std::size_t kWordSize = 8;  // saved_rsp, the first member of a control block

/// What stands of a thread, and with whom where that is somebody else's doing.
struct Standing {
  ThreadState state = ThreadState::unused;
  std::optional<ThreadId> with;
};

class Standings {
 public:
  Standings(Trace& trace, const Snapshot& snapshot, std::optional<KernelView> kernel)
      : trace_(trace), snapshot_(snapshot), kernel_(std::move(kernel)) {}

  [[nodiscard]] Standing of(const Thread& thread) {
    const Standing own{thread.state, std::nullopt};
    if (thread.state != ThreadState::running || is_on_processor(snapshot_, thread.id)) return own;
    if (kernel_) {
      if (const auto standing = in_task(thread)) return *standing;
    }
    // Whoever is parked on this stack carries it, and is what the level below knows.
    if (const Thread* carrier = parked_on(thread))
      return carrier->state == ThreadState::running ? own : Standing{carrier->state, carrier->id};
    if (const Thread* elsewhere = foreign_stack(thread))
      return is_on_processor(snapshot_, elsewhere->id) ? Standing{ThreadState::running, elsewhere->id} : own;
    const Switch* leave = trace_.last_leave(thread.id, snapshot_.step);
    if (leave == nullptr || !leave->to || !is_on_processor(snapshot_, *leave->to)) return own;
    // Whoever marked it since chose it: rsp is still to come.
    const auto marked = trace_.last_write(thread.state_at, 1, snapshot_.step);
    const Thread* next = find(*leave->to);
    const bool chosen = marked && *marked >= leave->step;
    if (chosen || next == nullptr || next->kind == thread.kind) return own;
    return {ThreadState::running, next->id};
  }

  /// Whether the 8 bytes were written since the thread came onto its own stack: for its last leave, or later by
  /// somebody who lets it go on elsewhere.
  [[nodiscard]] bool is_fresh(const Thread& thread, emu::Address at) {
    const auto written = trace_.last_write(at, kWordSize, snapshot_.step);
    return written && *written >= trace_.last_arrival(thread.id, snapshot_.step).value_or(StepIndex{0});
  }

 private:
  [[nodiscard]] const Thread* find(ThreadId id) const {
    for (const ThreadView& view : snapshot_.threads)
      if (view.thread.id == id) return &view.thread;
    return nullptr;
  }

  /// Of a task of a guest's kernel: its half in the kernel and its threads run in turns, as one.
  [[nodiscard]] std::optional<Standing> in_task(const Thread& thread) const {
    const KernelTask* task = kernel_->task_of(thread.id);
    if (task == nullptr || !task->kernel_stack) return std::nullopt;
    const Thread* inside = find(*task->kernel_stack);
    if (inside == nullptr) return std::nullopt;
    for (const ThreadView& view : snapshot_.threads)
      if (kernel_->task_of(view.thread.id) == task && is_on_processor(snapshot_, view.thread.id))
        return Standing{ThreadState::running, view.thread.id};
    if (thread.id == inside->id || inside->state == ThreadState::running) return Standing{thread.state, std::nullopt};
    return Standing{inside->state, inside->id};
  }

  /// A thread of the level below that was taken off the processor while its rsp was on this one's stack.
  [[nodiscard]] const Thread* parked_on(const Thread& thread) {
    const Thread* found = nullptr;
    for (const ThreadView& view : snapshot_.threads) {
      const Thread& other = view.thread;
      if (other.id == thread.id || other.state == ThreadState::finished || foreign_stack(other) != &thread) continue;
      // Of several the one that is about to go on.
      if (found == nullptr || other.state == ThreadState::running) found = &other;
    }
    return found;
  }

  /// Whose stack the thread's saved_rsp lies on, where that is not its own and the word is fresh.
  [[nodiscard]] const Thread* foreign_stack(const Thread& thread) {
    if (thread.saved_rsp.value == 0 || thread.stack.contains(thread.saved_rsp)) return nullptr;
    for (const ThreadView& view : snapshot_.threads) {
      const Thread& other = view.thread;
      if (other.id != thread.id && other.stack.contains(thread.saved_rsp))
        return is_fresh(thread, thread.tcb) ? &other : nullptr;
    }
    return nullptr;
  }

  Trace& trace_;
  const Snapshot& snapshot_;
  std::optional<KernelView> kernel_;
};

/// Whether a kernel took rsp from the thread's stack, which then puts it back.
bool was_interrupted(const Trace& trace, ThreadId thread, StepIndex cursor) {
  const Switch* leave = trace.last_leave(thread, cursor);
  return leave != nullptr && (leave->reason == SwitchReason::signal || leave->reason == SwitchReason::timer ||
                              leave->reason == SwitchReason::kernel);
}

}  // namespace

const emu::RegisterFile* registers_on_processor(const Snapshot& snapshot, ThreadId thread) {
  if (snapshot.on_cpu == thread) return &snapshot.registers;
  for (const ProcessorView& cpu : snapshot.cpus)
    if (cpu.thread == thread) return &cpu.registers;
  return nullptr;
}

void add_standings(Trace& trace, const ThreadSource& table, const Scenario* scenario,
                   const std::map<ThreadId, const emu::RegisterFile*>& left_with, Snapshot& snapshot) {
  const bool kernels = table.is_kernels();
  Standings standings(trace, snapshot, kernels ? std::nullopt : kernel_view(trace, snapshot, std::nullopt));
  std::vector<KeptStackPointer> kept;
  if (scenario != nullptr && !kernels) kept = kept_stack_pointers(trace, snapshot, *scenario);
  for (ThreadView& view : snapshot.threads) {
    const Thread& thread = view.thread;
    const Standing standing = kernels ? Standing{thread.state, std::nullopt} : standings.of(thread);
    view.state = standing.state;
    view.with = standing.with;
    const bool runs =
        is_on_processor(snapshot, thread.id) || (standing.state == ThreadState::running && view.with.has_value());
    if (runs || thread.state == ThreadState::finished || thread.state == ThreadState::unused) continue;
    const auto left = left_with.find(thread.id);
    if (thread.saved_rsp.value != 0 && (kernels || standings.is_fresh(thread, thread.tcb))) {
      view.parked_rsp = thread.saved_rsp;
      continue;
    }
    if (left != left_with.end()) view.parked_rsp = emu::Address{(*left->second)[emu::Register::rsp]};
    StepIndex newest;
    for (const KeptStackPointer& word : kept) {
      if (word.thread != thread.id) continue;
      // An older one only where the block says the same (whoever calls longjmp again and again goes on from one place),
      // and nobody but the thread itself left its stack.
      const bool agrees = word.rsp == thread.saved_rsp && !was_interrupted(trace, thread.id, snapshot.step);
      if (!agrees && !standings.is_fresh(thread, word.at)) continue;
      const StepIndex written = trace.last_write(word.at, kWordSize, snapshot.step).value_or(StepIndex{0});
      if (written < newest) continue;
      newest = written;
      view.parked_rsp = word.rsp;
    }
  }
}

}  // namespace fiberscope::core
