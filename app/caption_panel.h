#pragma once
#include "app/canvas.h"
#include "app/view.h"

namespace fiberscope::app {

/// One sentence about the instruction that just ran; at the last cursor, how the run ended.
class CaptionPanel {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area);
};

}  // namespace fiberscope::app
