#pragma once
#include <cstdint>
#include <vector>

#include "app/canvas.h"
#include "app/view.h"
#include "core/explore/state_map.h"

namespace fiberscope::app {

/// Where the nodes of a state graph stand: a layer for each number of steps from the start, top down, in each layer
/// ordered by where they come from. In parts of the area: 0 … 1.
struct StateGraphLayout {
  std::vector<Point> nodes;
  std::size_t layers = 0;
  std::size_t widest = 0;  ///< nodes of the fullest layer
};
StateGraphLayout lay_out_states(const core::explore::StateMap& map);

/// All states of a small program, edges by thread, outcomes at the ends, the schedule that is shown as a bold way.
void draw_state_graph(Canvas& canvas, const View& view, const Rect& area);

}  // namespace fiberscope::app
