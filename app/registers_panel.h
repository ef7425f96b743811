#pragma once
#include "app/canvas.h"
#include "app/command.h"
#include "app/view.h"

namespace fiberscope::app {

/// The general registers, rip and the flags; what changed, and since when.
class RegistersPanel {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

 private:
  void draw_row(Canvas& canvas, const View& view, emu::Register reg, const Rect& row, Commands& commands);
};

}  // namespace fiberscope::app
