#pragma once
#include "app/canvas.h"
#include "app/view.h"

namespace fiberscope::app {

/// Draws the values that are on their way between two places of this frame, over all panels. Called last: it looks the
/// places up in the registry.
void draw_flights(Canvas& canvas, const View& view);

}  // namespace fiberscope::app
