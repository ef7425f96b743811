#pragma once
#include <optional>
#include <vector>

#include "core/thread.h"
#include "core/thread_table.h"
#include "emu/address.h"
#include "emu/image.h"
#include "emu/memory.h"

namespace fiberscope::core {

/// Where a guest's threads are read from: its own table of control blocks or, where it has none and is a Linux program,
/// the kernel's table of tasks (emu/linux_books.h). A task is then called by its place in that table.
class ThreadSource {
 public:
  /// Nothing where there is neither.
  static std::optional<ThreadSource> find(const emu::Image& image, const emu::Memory& memory);

  /// What is written there may change threads.
  [[nodiscard]] emu::AddressRange range() const { return range_; }
  [[nodiscard]] bool is_kernels() const { return is_kernels_; }
  /// By ascending id.
  [[nodiscard]] std::vector<Thread> read(const emu::Memory& memory) const;
  /// Whose stack rsp is on. Of the kernel's tasks only the one on the processor, since several may have a stack at the
  /// same addresses.
  [[nodiscard]] std::optional<ThreadId> owner(const std::vector<Thread>& threads, const emu::Memory& memory,
                                              emu::Address rsp, std::optional<ThreadId> before = std::nullopt) const;

 private:
  ThreadSource(bool is_kernels, emu::AddressRange range) : is_kernels_(is_kernels), range_(range) {}

  bool is_kernels_;
  emu::AddressRange range_;
};

}  // namespace fiberscope::core
