#include "core/kernel_view.h"

#include <algorithm>
#include <map>

namespace fiberscope::core {
namespace {

ThreadState state_of(std::uint64_t value) {
  return value <= static_cast<std::uint64_t>(ThreadState::finished) ? static_cast<ThreadState>(value)
                                                                    : ThreadState::unused;
}

const ThreadView* view_at(const Snapshot& snapshot, std::uint64_t block) {
  const auto found = std::find_if(snapshot.threads.begin(), snapshot.threads.end(),
                                  [&](const ThreadView& view) { return view.thread.tcb.value == block; });
  return block == 0 || found == snapshot.threads.end() ? nullptr : &*found;
}

/// The members of struct task (asm/kernel/kernel.h) by the number of the entry.
using Members = std::map<std::string, std::uint64_t, std::less<>>;

std::map<std::uint32_t, Members> read_task_table(Trace& trace, StepIndex cursor) {
  std::map<std::uint32_t, Members> tasks;
  if (!trace.image().symbol("task_table")) return tasks;
  const emu::Memory& memory = trace.state_at(cursor).memory;
  for (const emu::ObjectPlace& place : trace.debug().objects("task_table")) {
    if (place.structure == nullptr || place.is_pointer) continue;
    Members& members = tasks[static_cast<std::uint32_t>(tasks.size())];
    for (const emu::StructureMember& member : place.structure->members)
      if (member.size <= 8) members[member.name] = memory.read(place.address + member.offset, member.size).value_or(0);
  }
  return tasks;
}

std::optional<KernelView> guest_kernel(Trace& trace, const Snapshot& snapshot) {
  KernelView kernel;
  kernel.is_guest_code = true;
  std::vector<ThreadId> sides;
  std::optional<std::size_t> with_threads;
  for (auto& [number, members] : read_task_table(trace, snapshot.step)) {
    const ThreadView* inside = view_at(snapshot, members["kernel_side"]);
    const ThreadView* user = view_at(snapshot, members["user_side"]);
    if (inside == nullptr || state_of(members["state"]) == ThreadState::unused) continue;
    KernelTask task;
    task.number = task.process = number;
    task.state = state_of(members["state"]);
    task.is_kernels_own = user == nullptr;
    task.name = (user == nullptr ? inside : user)->thread.name;
    task.threads.push_back((user == nullptr ? inside : user)->thread.id);
    if (user != nullptr) task.kernel_stack = inside->thread.id;
    sides.push_back(inside->thread.id);
    sides.push_back(task.threads.front());
    if (members["has_own_threads"] != 0) with_threads = kernel.tasks.size();
    kernel.tasks.push_back(std::move(task));
  }
  if (kernel.tasks.empty()) return std::nullopt;
  // Its library's threads are in no other table than the library's.
  for (const ThreadView& view : snapshot.threads)
    if (with_threads && std::find(sides.begin(), sides.end(), view.thread.id) == sides.end())
      kernel.tasks[*with_threads].threads.push_back(view.thread.id);
  return kernel;
}

KernelView model_kernel(const Trace& trace, const Snapshot& snapshot, const SpaceData& spaces) {
  KernelView kernel;
  const bool own_table = trace.image().symbol("thread_table").has_value();
  kernel.has_library = own_table;
  for (std::uint32_t i = 0; i < spaces.tasks.size(); ++i) {
    const emu::LinuxBookTask& book = spaces.tasks[i];
    if (book.state == emu::LinuxBookTask::unused) continue;
    KernelTask task;
    task.number = i;
    task.name = (book.id == book.process ? "process " : "task ") + std::to_string(book.id);
    task.process = book.process;
    task.space = book.space;
    task.state = state_of(book.state);
    if (!own_table) task.threads.push_back(ThreadId{i});
    kernel.tasks.push_back(std::move(task));
  }
  // Of several tasks nobody says whose the library's threads are.
  if (own_table && kernel.tasks.size() == 1)
    for (const ThreadView& view : snapshot.threads) kernel.tasks.front().threads.push_back(view.thread.id);
  return kernel;
}

}  // namespace

const KernelTask* KernelView::task_of(ThreadId thread) const {
  for (const KernelTask& task : tasks) {
    if (task.kernel_stack == thread) return &task;
    if (std::find(task.threads.begin(), task.threads.end(), thread) != task.threads.end()) return &task;
  }
  return nullptr;
}

std::optional<KernelView> kernel_view(Trace& trace, const Snapshot& snapshot, const std::optional<SpaceData>& spaces) {
  if (spaces) return model_kernel(trace, snapshot, *spaces);
  return guest_kernel(trace, snapshot);
}

}  // namespace fiberscope::core
