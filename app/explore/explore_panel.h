#pragma once
#include <string>

#include "app/canvas.h"
#include "app/command.h"
#include "app/explore/finding_list.h"
#include "app/explore/lattice_figure.h"
#include "app/explore/order_figure.h"
#include "app/explore/outcome_table.h"
#include "app/view.h"

namespace fiberscope::app {

/// All interleavings: the question on top, and below it what can happen. Takes the place of the run's panels.
class ExplorePanel {
 public:
  void draw(Canvas& canvas, const View& view, float width, float height, Commands& commands);

 private:
  void draw_picture(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

  OutcomeTable outcomes_;
  FindingList findings_;
  LatticeFigure lattice_;
  OrderFigure order_;
};

}  // namespace fiberscope::app
