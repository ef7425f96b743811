#pragma once
#include <optional>

#include "app/canvas.h"
#include "app/command.h"
#include "app/stack_layout.h"
#include "app/view.h"

namespace fiberscope::app {

/// What one column remembers: its reader unfolded it and scrolled. Nothing here moves by itself.
struct StackColumnState {
  bool unfolded = false;
  float scroll = 0;  ///< units
};

/// One thread's stack as a column: head, frames with their cells, what lies below rsp. Made anew for each frame.
class StackColumn {
 public:
  StackColumn(Canvas& canvas, const View& view, const core::StackView& stack, const Rect& area,
              StackColumnState& state);

  void draw(Commands& commands);
  /// The left edge of the line that stands for the address, in pixels; nothing where it is not in view.
  [[nodiscard]] std::optional<Point> edge_of(emu::Address address) const;
  [[nodiscard]] core::ThreadId thread() const { return stack_.thread; }
  [[nodiscard]] const Rect& box() const { return box_; }
  /// From where on there is room for tags beside it.
  [[nodiscard]] float top() const { return top_; }

 private:
  void draw_head(Commands& commands);
  void draw_box(const FrameBox& frame);
  void draw_frame_head(const StackRow& row, Commands& commands);
  void draw_cell(const StackRow& row, Commands& commands);
  void draw_cell_text(const core::Cell& cell, const Rect& rect);
  void draw_label(const core::Cell& cell, const Rect& rect);
  /// Whether its label does not fit beside numbers of full size.
  [[nodiscard]] bool crowded(const core::Cell& cell, const Rect& rect) const;
  /// Whose value a saved register holds.
  void draw_owner(const core::Cell& cell, const Rect& rect, float opacity);
  void draw_folded(const StackRow& row);
  /// Where a rewritten return address leads, and since when.
  void draw_redirect(const StackRow& row, Commands& commands);
  void draw_foot();
  void draw_end();
  void draw_chain();
  void react(const core::Cell& cell, const Rect& rect, Commands& commands);
  [[nodiscard]] Rect rect_of(const StackRow& row) const;
  [[nodiscard]] float y_of(float units) const {
    return std::floor(body_.y0 + (units - state_.scroll) * canvas_.scale());
  }
  [[nodiscard]] Colour tinted(int alpha) const;

  Canvas& canvas_;
  const View& view_;
  const core::StackView& stack_;
  StackColumnState& state_;
  Rect area_;
  Rect body_;  ///< between head and foot, with both gutters
  float top_ = 0;
  Rect end_;  ///< above it, where a register holds the address behind the stack's highest cell; else empty
  Rect box_;  ///< the frames' part of it
  StackLayout layout_;
  ThreadStyle style_;
  Colour colour_;
  float light_ = 0;
  int address_digits_ = 6;
  int value_digits_ = 6;
};

}  // namespace fiberscope::app
