#pragma once
#include "app/canvas.h"
#include "app/command.h"
#include "app/explore/outcome_style.h"
#include "app/view.h"

namespace fiberscope::app {

/// The execution of the schedule that is shown as a partial order: a column a thread, arrows between accesses in
/// conflict, lost updates pointed at in the code.
class OrderFigure {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area);

 private:
  ListScroll scroll_;
};

}  // namespace fiberscope::app
