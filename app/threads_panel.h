#pragma once
#include "app/canvas.h"
#include "app/command.h"
#include "app/view.h"

namespace fiberscope::app {

/// A row for every thread: state, saved rsp; what the guest has printed below, where there is room. Where the rows
/// would be too low, two columns without the saved rsp; where these are not enough, a sign says how many there are
/// more, and a click or the wheel brings them.
class ThreadsPanel {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

 private:
  void draw_row(Canvas& canvas, const View& view, const core::ThreadView& thread, const Rect& row, Commands& commands);
  void draw_dense(Canvas& canvas, const View& view, const std::vector<const core::ThreadView*>& threads,
                  const Rect& area, const Rect& head, Commands& commands);
  void draw_short(Canvas& canvas, const View& view, const core::ThreadView& thread, const Rect& cell,
                  Commands& commands);
  void draw_console(Canvas& canvas, const View& view, const Rect& area);

  std::size_t first_line_ = 0;  ///< of two columns: the first that is in view
};

/// What stands in the pill of a thread's state: the state, or on whose stack a running thread is.
std::string state_word(const View& view, const core::ThreadView& thread);
/// The pill of a thread's state: filled where it runs on a processor, plain grey where it cannot, outlined else.
void draw_state_pill(Canvas& canvas, const View& view, const Rect& rect, const core::ThreadView& thread,
                     FontRole font = FontRole::small);
/// Lines for a tooltip: the state, and how that goes together with what the thread's own table says.
std::string standing_text(const View& view, const core::ThreadView& thread);

}  // namespace fiberscope::app
