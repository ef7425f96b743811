#pragma once
#include "app/canvas.h"
#include "app/command.h"
#include "app/explore/outcome_style.h"
#include "app/view.h"

namespace fiberscope::app {

/// All outcomes with their numbers: a click on a row replays its witness, on its letter shows that in the pictures.
class OutcomeTable {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands);
  /// Units of height that all outcomes need in a table so many pixels wide.
  static float wanted_height(const Canvas& canvas, const ExploreState& state, float width);

 private:
  ListScroll scroll_;
};

}  // namespace fiberscope::app
