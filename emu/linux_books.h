#pragma once
#include <cstddef>
#include <cstdint>

#include "emu/address.h"

namespace fiberscope::emu {

/// The kernel's own books, as they lie in the region `kernel` of a Linux program's memory. They are a model of a
/// kernel's work (docs/models.md): no step of the program can reach them, the events of the run write them, so that a
/// trace has them at every cursor. Numbers are little-endian; docs/trace-format.md describes the same.
inline constexpr const char* kKernelRegionName = "kernel";
/// Frames of physical memory that are not at the address of the page they were first made for.
inline constexpr const char* kFramesRegionName = "frames";

/// At the beginning of the region.
struct LinuxBookHead {
  static constexpr std::uint32_t kMagic = 0x424b5346;  // "FSKB"
  std::uint32_t magic = kMagic;
  std::uint32_t version = 1;
  std::uint32_t tasks = 0;    ///< entries of the table of tasks that were ever used
  std::uint32_t current = 0;  ///< index of the task on the processor, or the last one
  std::uint32_t spaces = 0;   ///< entries of the table of spaces that were ever used
  std::uint32_t padding = 0;
};

/// One entry of the one table of tasks: Linux has none for processes.
struct LinuxBookTask {
  /// As enum thread_state of asm/runtime/tcb.h.
  enum State : std::uint32_t { unused = 0, ready = 2, running = 3, waiting = 4, finished = 5 };
  std::uint32_t state = unused;
  std::uint32_t id = 0;          ///< gettid
  std::uint32_t process = 0;     ///< getpid: its thread group
  std::uint32_t parent = 0;      ///< getppid
  std::uint32_t space = 0;       ///< numbers of what may be shared: equal numbers are the same thing
  std::uint32_t files = 0;       ///< descriptors
  std::uint32_t filesystem = 0;  ///< current directory and umask
  std::uint32_t handlers = 0;    ///< of signals
  std::uint64_t stack_low = 0;   ///< [low, high) of its stack, as far as the kernel knows it
  std::uint64_t stack_high = 0;
  std::uint32_t waits_in = 0;     ///< waiting: 1 + the number of the system call
  std::uint32_t status = 0;       ///< finished: as wait4 tells it
  std::uint32_t is_reaped = 0;    ///< finished: its parent knows
  std::uint32_t clone_flags = 0;  ///< with which it was made; the first task: 0
  std::uint64_t rsp = 0;          ///< while it is not on the processor
  std::uint64_t rip = 0;
};
static_assert(sizeof(LinuxBookTask) == 80);

/// One entry of the table of address spaces; its index is the space's number.
struct LinuxBookSpace {
  std::uint64_t root = 0;         ///< address of the table of level 4; 0: the space is no more
  std::uint32_t users = 0;        ///< tasks
  std::uint32_t table_pages = 0;  ///< of all four levels
  std::uint32_t copied = 0;       ///< pages that a first write copied to a frame of its own
  std::uint32_t parent = 0;       ///< 1 + the space that it began as a copy of; 0: made by execve
};
static_assert(sizeof(LinuxBookSpace) == 24);

namespace linux_books {

inline constexpr std::size_t kMostTasks = 1024;
inline constexpr std::size_t kMostSpaces = 1024;
inline constexpr std::uint64_t kSpacesAt = 0x1000;  ///< offsets in the region
inline constexpr std::uint64_t kTasksAt = 0x8000;
inline constexpr std::uint64_t kTablesAt = 0x20000;  ///< from here on: pages of page tables
static_assert(kSpacesAt + kMostSpaces * sizeof(LinuxBookSpace) <= kTasksAt);
static_assert(kTasksAt + kMostTasks * sizeof(LinuxBookTask) <= kTablesAt);

}  // namespace linux_books

/// An entry of a page table (Intel SDM vol. 3, tables 4-15 to 4-20), with two of the bits that are the kernel's to use.
namespace page_entry {

inline constexpr std::uint64_t kPresent = 1 << 0;
inline constexpr std::uint64_t kWritable = 1 << 1;
inline constexpr std::uint64_t kUser = 1 << 2;
inline constexpr std::uint64_t kNoAccess = 1 << 8;     ///< not present, but handed out: PROT_NONE (as Linux, bit 8)
inline constexpr std::uint64_t kCopyOnWrite = 1 << 9;  ///< the program may write; the kernel copies first
inline constexpr std::uint64_t kShared = 1 << 10;      ///< MAP_SHARED: never copied
inline constexpr std::uint64_t kNoExecute = std::uint64_t{1} << 63;
inline constexpr std::uint64_t kFrame = 0x000ffffffffff000;

}  // namespace page_entry
}  // namespace fiberscope::emu
