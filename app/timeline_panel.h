#pragma once
#include "app/canvas.h"
#include "app/command.h"
#include "app/timeline_layout.h"
#include "app/view.h"

namespace fiberscope::app {

/// A lane a thread, the switches with their reasons, the cursor; drag to move in time, wheel to zoom.
class TimelinePanel {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

 private:
  void follow(const View& view);
  void draw_lanes(Canvas& canvas, const View& view, const Rect& area, const Rect& lanes);
  void draw_processor_word(Canvas& canvas, const View& view, const TimeBar& bar, const Rect& rect, float now);
  void draw_mark_lines(Canvas& canvas, const Rect& lanes);
  void draw_marks(Canvas& canvas, const View& view, const Rect& lanes, Commands& commands);
  void draw_axis(Canvas& canvas, const View& view, const Rect& area, const Rect& lanes);
  void draw_cursor(Canvas& canvas, const View& view, const Rect& area, const Rect& lanes);
  void react(Canvas& canvas, const View& view, const Rect& area, const Rect& lanes, Commands& commands);

  bool zoomed_ = false;
  TimeScale scale_;
  core::StepIndex followed_;

  // Bars are made again only when what they show changes: a trace may have millions of slices.
  struct Made {
    TimeRange range;
    float width = 0;
    std::size_t slices = 0;
    core::StepIndex steps;
    friend bool operator==(const Made&, const Made&) = default;
  };
  Made made_;
  std::vector<TimeBar> bars_;
  std::vector<SwitchMark> marks_;
};

}  // namespace fiberscope::app
