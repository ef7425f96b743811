#pragma once
#include <optional>
#include <vector>

#include "core/snapshot.h"
#include "core/timeline.h"

namespace fiberscope::app {

/// The first pass of drawing stacks, without ImGui: which threads get a column, and which lines a column has.

/// Two full columns (running and the previous thread, or the pinned one), the others strips.
struct ColumnChoice {
  std::optional<core::ThreadId> left;
  std::optional<core::ThreadId> right;
  std::vector<core::ThreadId> strips;

  friend bool operator==(const ColumnChoice&, const ColumnChoice&) = default;
};

/// A thread never changes sides while it stays in view: each switch puts the new thread on the side that the leaving
/// one does not hold, so sides follow from the number of switches behind. Threads without a stack yet get no place.
ColumnChoice choose_columns(const core::Snapshot& snapshot, const core::Timeline& timeline,
                            const std::vector<core::ThreadId>& order, std::optional<core::ThreadId> pinned);

struct StackRow {
  enum class Kind : std::uint8_t {
    frame_head,
    cell,
    redirect,  ///< under a rewritten return address: where control will go instead
    folded_frames,
    folded_cells
  };
  Kind kind = Kind::cell;
  std::size_t cell = 0;     ///< cell, redirect: index in StackView::cells
  std::uint32_t frame = 0;  ///< frame_head: index in StackView::frames
  std::uint64_t count = 0;  ///< folded: how many frames or cells
  emu::AddressRange range;  ///< the addresses that the line stands for; a head has those of its frame
  float y = 0;              ///< units from the top of the column's body
  float height = 0;
};

/// A box around the lines of one frame.
struct FrameBox {
  std::uint32_t frame = 0;
  float top = 0;
  float bottom = 0;
};

struct StackLayout {
  std::vector<StackRow> rows;
  std::vector<FrameBox> boxes;
  float below_top = 0;  ///< where the cells below rsp start
  float height = 0;     ///< of everything, in units
  float row_height = 0;
  bool folded = false;

  /// The line that stands for the address; the folded one where it is folded. Nothing outside of the listed cells.
  [[nodiscard]] const StackRow* row_at(emu::Address address) const;
};

struct StackLayoutOptions {
  float height = 580;       ///< units there are
  float roomy_row = 24.6f;  ///< a line's height where all fits …
  float tight_row = 21.6f;  ///< … and where space is short, before anything is folded
  float head_row = 23;
  float gap = 3;                ///< between frames
  std::size_t cells_below = 5;  ///< below rsp
  bool unfolded = false;        ///< show everything, however long: the panel scrolls
};

/// Outer frames fold to one line first, but for frames of signals and those whose return address was rewritten: of
/// these the dull cells (never written, padding, locals) fold before, and they themselves last. Then, where the
/// innermost frame alone is too long, runs of its dull cells do; last its outer cells of any kind. The line at rsp is
/// never folded.
StackLayout lay_out_stack(const core::StackView& stack, const StackLayoutOptions& options);

}  // namespace fiberscope::app
