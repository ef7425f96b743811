#pragma once
#include <optional>

#include "app/canvas.h"
#include "app/command.h"
#include "app/view.h"

namespace fiberscope::app {

/// The general registers, rip, the flags, and what else the scenario watches; what changed, and since when.
class RegistersPanel {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

 private:
  void draw_row(Canvas& canvas, const View& view, emu::Register reg, const Rect& row, Commands& commands);
  /// The processor that was chosen, where it is not that of the step; null: the step's own.
  [[nodiscard]] const core::ProcessorView* other_processor(const View& view) const;
  void choose_processor(Canvas& canvas, const View& view, const Rect& head);

  std::optional<core::CpuId> shown_;  ///< nothing: always that of the step
  float pitch_ = 0;                   ///< from row to row, pixels
};

}  // namespace fiberscope::app
