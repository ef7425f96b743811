#pragma once
#include <optional>
#include <vector>

#include "core/thread.h"
#include "emu/address.h"
#include "emu/image.h"
#include "emu/memory.h"

namespace fiberscope::core {

/// The guest's table of thread control blocks (asm/runtime/tcb.h), read straight from its memory.
class ThreadTable {
 public:
  /// Nothing where the image has no symbol `thread_table`.
  static std::optional<ThreadTable> find(const emu::Image& image);
  explicit ThreadTable(emu::AddressRange range) : range_(range) {}

  [[nodiscard]] emu::AddressRange range() const { return range_; }
  /// The slots in use, by ascending id.
  [[nodiscard]] std::vector<Thread> read(const emu::Memory& memory) const;

 private:
  emu::AddressRange range_;
};

/// The thread whose stack holds rsp. At the very top of a stack, which is then empty, it is still on it: where two
/// stacks touch, on that of the thread it was on before (`current`), else on the upper one.
std::optional<ThreadId> stack_owner(const std::vector<Thread>& threads, emu::Address rsp,
                                    std::optional<ThreadId> current = std::nullopt);
/// Null where no thread has the id.
const Thread* find_thread(const std::vector<Thread>& threads, ThreadId id);

}  // namespace fiberscope::core
