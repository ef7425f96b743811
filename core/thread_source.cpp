#include "core/thread_source.h"

#include <cstddef>

#include "core/read_at.h"
#include "core/space_layout.h"
#include "emu/linux_books.h"

namespace fiberscope::core {
namespace {

using emu::LinuxBookHead;
using emu::LinuxBookTask;

ThreadState state_of(std::uint32_t state) {
  return state <= LinuxBookTask::finished ? static_cast<ThreadState>(state) : ThreadState::unused;
}

}  // namespace

std::optional<ThreadSource> ThreadSource::find(const emu::Image& image, const emu::Memory& memory) {
  if (const auto table = ThreadTable::find(image)) return ThreadSource(false, table->range());
  const auto layout = SpaceLayout::find(memory);
  if (!layout) return std::nullopt;
  const emu::Address low = layout->kernel().low;
  return ThreadSource(true, {low, low + emu::linux_books::kTablesAt});
}

std::vector<Thread> ThreadSource::read(const emu::Memory& memory) const {
  if (!is_kernels_) return ThreadTable(range_).read(memory);
  std::vector<Thread> threads;
  const auto head = read_at<LinuxBookHead>(memory, range_.low);
  for (std::uint32_t i = 0; i < head.tasks && i < emu::linux_books::kMostTasks; ++i) {
    const emu::Address at = range_.low + emu::linux_books::kTasksAt + i * sizeof(LinuxBookTask);
    const auto task = read_at<LinuxBookTask>(memory, at);
    if (task.state == LinuxBookTask::unused) continue;
    Thread thread;
    thread.id = ThreadId{i};
    thread.name = (task.id == task.process ? "process " : "task ") + std::to_string(task.id);
    thread.kind = task.id == task.process ? ThreadKind::main : ThreadKind::user;
    thread.state = state_of(task.state);
    thread.stack = {emu::Address{task.stack_low}, emu::Address{task.stack_high}};
    thread.saved_rsp = emu::Address{task.rsp};
    thread.resume = emu::Address{task.rip};
    thread.tcb = at;
    thread.state_at = at + offsetof(LinuxBookTask, state);
    thread.space = task.space;
    threads.push_back(std::move(thread));
  }
  return threads;
}

std::optional<ThreadId> ThreadSource::owner(const std::vector<Thread>& threads, const emu::Memory& memory,
                                            emu::Address rsp, std::optional<ThreadId> before) const {
  if (!is_kernels_) return stack_owner(threads, rsp, before);
  const ThreadId current{read_at<LinuxBookHead>(memory, range_.low).current};
  const Thread* thread = find_thread(threads, current);
  if (thread == nullptr || rsp < thread->stack.low || rsp > thread->stack.high) return std::nullopt;
  return current;
}

}  // namespace fiberscope::core
