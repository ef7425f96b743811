#pragma once
#include "app/canvas.h"
#include "app/command.h"
#include "app/figures/figures.h"
#include "app/view.h"

namespace fiberscope::app {

/// The pictures of core::Figure in the place of code and stacks: a row of tabs, and the one that was chosen.
class FigurePanel {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

 private:
  /// Returns what is left below the tabs.
  Rect draw_tabs(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

  VariableScroll variables_;
};

}  // namespace fiberscope::app
