#pragma once
#include "app/canvas.h"
#include "app/command.h"
#include "app/view.h"

namespace fiberscope::app {

/// While the order is chosen by hand: who may run next, the turns so far, the watched values; at the end how the same
/// order is run again. Stands below the code.
class ChoicePanel {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

 private:
  float draw_threads(Canvas& canvas, const View& view, const Rect& area, Commands& commands);
  float draw_values(Canvas& canvas, const View& view, const Rect& area);
};

}  // namespace fiberscope::app
