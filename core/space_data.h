#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/step.h"
#include "emu/linux_books.h"

namespace fiberscope::core {

class Trace;

/// What the kernel's books of a Linux program say at one cursor: tasks, address spaces with their page tables, frames.
/// All of it is a model of a kernel's work (docs/models.md), and all of it is read from recorded memory.
struct SpaceData {
  struct Page {
    std::uint64_t page = 0;
    std::uint64_t frame = 0;
    std::uint64_t entry = 0;  ///< emu::page_entry
    std::uint32_t users = 0;  ///< pages of all spaces that have this frame
    std::string region;

    [[nodiscard]] bool is_writable() const { return (entry & emu::page_entry::kWritable) != 0; }
    [[nodiscard]] bool awaits_copy() const { return (entry & emu::page_entry::kCopyOnWrite) != 0; }
  };
  struct Space {
    std::uint32_t number = 0;
    std::uint32_t users = 0;                ///< tasks
    std::uint32_t copied = 0;               ///< pages that a first write copied
    std::optional<std::uint32_t> parent;    ///< whose copy it began as
    std::array<std::uint32_t, 4> tables{};  ///< pages of page tables in use, level 4 first
    std::vector<Page> pages;                ///< ascending
  };
  /// A copy that a first write made.
  struct Copy {
    StepIndex step;  ///< behind which it came
    std::uint32_t space = 0;
    std::uint64_t page = 0;
    bool was_copied = false;  ///< false: the frame was nobody else's any more
    std::string text;
  };

  std::vector<emu::LinuxBookTask> tasks;  ///< by their place in the table
  std::vector<std::string> made_by;       ///< of each: the flags that clone was given; empty: not by clone
  std::uint32_t current = 0;
  std::vector<Space> spaces;        ///< those that live, by number
  std::uint32_t frames = 0;         ///< in use, each counted once
  std::uint32_t shared_frames = 0;  ///< of these, such as more than one page has
  std::uint32_t copies = 0;         ///< up to the cursor, in all spaces
  std::optional<Copy> last_copy;    ///< at or before the cursor
};

/// Nothing where the trace has no such books. Moves the trace.
std::optional<SpaceData> make_space_data(Trace& trace, StepIndex cursor);

}  // namespace fiberscope::core
