#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/snapshot.h"
#include "core/space_data.h"
#include "core/trace.h"

namespace fiberscope::core {

/// A task as its kernel's table has it.
struct KernelTask {
  std::uint32_t number = 0;  ///< its place in that table
  std::string name;
  std::uint32_t process = 0;  ///< tasks of equal numbers are threads of one process
  std::uint32_t space = 0;    ///< number of its address space
  ThreadState state = ThreadState::unused;
  /// Who runs in it: the task itself, or the threads that the program made of it and that the kernel does not know.
  std::vector<ThreadId> threads;
  std::optional<ThreadId> kernel_stack;  ///< of a kernel that is guest code: where it is while in the kernel
  bool is_kernels_own = false;           ///< likewise: the one that runs when no other can
};

/// What a kernel knows of the program. Nothing where no kernel is: most programs of the bare machine run without one.
struct KernelView {
  bool is_guest_code =
      false;  ///< tiny kernel of asm/kernel, read from its `task_table`; else the machine's model of Linux
  bool has_library = false;       ///< the threads are those of a library's own table, of which the kernel knows nothing
  std::vector<KernelTask> tasks;  ///< that were ever used, in the order of the table

  [[nodiscard]] const KernelTask* task_of(ThreadId thread) const;
};

/// `spaces` as of the same cursor. Moves the trace.
std::optional<KernelView> kernel_view(Trace& trace, const Snapshot& snapshot, const std::optional<SpaceData>& spaces);

}  // namespace fiberscope::core
