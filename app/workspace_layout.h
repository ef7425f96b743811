#pragma once
#include <vector>

#include "app/geometry.h"

namespace fiberscope::app {

/// Where each panel stands. A panel without an area (width 0) is not shown.
struct WorkspaceLayout {
  Rect toolbar;
  Rect code;
  Rect stacks;
  Rect registers;
  Rect threads;
  Rect caption;
  Rect timeline;
  std::vector<Rect> gutters;  ///< everything else; the window is cleared to the panels' colour
};

/// Code at the left, stacks in the middle, registers over threads at the right, caption and timeline below. Focus
/// leaves code, stacks and caption. Where a large user scale leaves too little room, first code narrows, then registers
/// go, then code.
WorkspaceLayout lay_out_workspace(float width, float height, float scale, bool focus, std::size_t threads);

}  // namespace fiberscope::app
