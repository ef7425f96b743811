#pragma once
#include "app/canvas.h"
#include "app/command.h"
#include "app/view.h"

namespace fiberscope::app {

/// Transport, speed, title, where the cursor is, theme.
class ToolbarPanel {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

 private:
  float draw_transport(Canvas& canvas, const View& view, const Rect& area, Commands& commands);
  float draw_speed(Canvas& canvas, const View& view, const Rect& area, Commands& commands);
  float draw_right(Canvas& canvas, const View& view, const Rect& area, Commands& commands);
};

/// The place of a speed on the slider, 0 … 1 (logarithmic), and back.
double speed_to_slider(double steps_per_second);
double slider_to_speed(double place);

}  // namespace fiberscope::app
