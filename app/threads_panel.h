#pragma once
#include "app/canvas.h"
#include "app/command.h"
#include "app/view.h"

namespace fiberscope::app {

/// A row for every thread: state, saved rsp; what the guest has printed below, where there is room.
class ThreadsPanel {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

 private:
  void draw_row(Canvas& canvas, const View& view, const core::ThreadView& thread, const Rect& row, Commands& commands);
  void draw_console(Canvas& canvas, const View& view, const Rect& area);
};

/// The pill of a thread's state: filled while it runs, plain grey where it cannot, outlined else.
void draw_state_pill(Canvas& canvas, const Words& words, const Rect& rect, const ThreadStyle& style,
                     core::ThreadState state);

}  // namespace fiberscope::app
