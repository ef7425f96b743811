#pragma once
#include "app/canvas.h"
#include "app/command.h"
#include "app/view.h"

namespace fiberscope::app {

/// In the place of a stack's column: the memory that rsp points into where that is no stack, with the tag of rsp.
void draw_place_column(Canvas& canvas, const View& view, const core::RspPlace& place, const Rect& area,
                       Commands& commands);

}  // namespace fiberscope::app
