#include "core/thread_table.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "asm/runtime/tcb.h"

namespace fiberscope::core {
namespace {

constexpr std::string_view kMainStack = "main";

/// Of a process the kernel made main's stack: its block has no size, the region tells.
emu::AddressRange stack_of(const tcb& block, const emu::Memory& memory) {
  if (block.stack_size != 0 || block.kind != KIND_MAIN)
    return {emu::Address{block.stack_base}, emu::Address{block.stack_base + block.stack_size}};
  for (const emu::Region& region : memory.regions())
    if (region.kind == emu::RegionKind::stack && region.name == kMainStack) return region.range;
  return {};
}

static_assert(static_cast<int>(ThreadState::finished) == THREAD_FINISHED, "ThreadState mirrors enum thread_state");
static_assert(static_cast<int>(ThreadKind::signal) == KIND_SIGNAL, "ThreadKind mirrors enum thread_kind");

}  // namespace

std::optional<ThreadTable> ThreadTable::find(const emu::Image& image) {
  const auto symbol = image.symbol("thread_table");
  if (!symbol) return std::nullopt;
  return ThreadTable({symbol->address, symbol->address + THREAD_TABLE_SIZE * sizeof(tcb)});
}

std::vector<Thread> ThreadTable::read(const emu::Memory& memory) const {
  std::vector<Thread> threads;
  const auto bytes = memory.bytes_at(range_.low);
  for (std::size_t i = 0; i < THREAD_TABLE_SIZE && (i + 1) * sizeof(tcb) <= bytes.size(); ++i) {
    tcb block;
    std::memcpy(&block, bytes.data() + i * sizeof(tcb), sizeof block);
    if (block.state == THREAD_UNUSED || block.state > THREAD_FINISHED) continue;
    Thread thread;
    thread.id = ThreadId{block.id};
    thread.name.assign(block.name, strnlen(block.name, THREAD_NAME_SIZE));
    thread.kind = block.kind <= KIND_SIGNAL ? static_cast<ThreadKind>(block.kind) : ThreadKind::user;
    thread.state = static_cast<ThreadState>(block.state);
    thread.stack = stack_of(block, memory);
    thread.saved_rsp = emu::Address{block.saved_rsp};
    thread.resume = emu::Address{block.resume};
    thread.tcb = range_.low + i * sizeof(tcb);
    thread.state_at = thread.tcb + offsetof(tcb, state);
    threads.push_back(std::move(thread));
  }
  std::sort(threads.begin(), threads.end(), [](const Thread& left, const Thread& right) { return left.id < right.id; });
  return threads;
}

std::optional<ThreadId> stack_owner(const std::vector<Thread>& threads, emu::Address rsp,
                                    std::optional<ThreadId> current) {
  if (current) {
    const Thread* thread = find_thread(threads, *current);
    if (thread != nullptr && !thread->stack.empty() && thread->stack.low <= rsp && rsp <= thread->stack.high)
      return current;
  }
  for (const Thread& thread : threads)
    if (thread.stack.contains(rsp)) return thread.id;
  for (const Thread& thread : threads)
    if (rsp == thread.stack.high && !thread.stack.empty()) return thread.id;
  return std::nullopt;
}

const Thread* find_thread(const std::vector<Thread>& threads, ThreadId id) {
  const auto found =
      std::find_if(threads.begin(), threads.end(), [id](const Thread& thread) { return thread.id == id; });
  return found == threads.end() ? nullptr : &*found;
}

}  // namespace fiberscope::core
