#pragma once
#include "app/canvas.h"
#include "app/command.h"
#include "app/explore/outcome_style.h"
#include "app/view.h"

namespace fiberscope::app {

/// Failed assertions, deadlocks, livelocks and races, with their places and a button for each schedule that shows them.
class FindingList {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

 private:
  ListScroll scroll_;
};

}  // namespace fiberscope::app
