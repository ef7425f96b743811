#pragma once
#include "app/canvas.h"
#include "app/view.h"

namespace fiberscope::app {

/// How high the place of a store buffer is, whatever it holds: nothing moves when a store comes or goes.
float store_buffer_height(const Canvas& canvas);
/// What the thread's processor has stored and memory does not hold yet, oldest first. Nothing where the thread is on no
/// processor.
void draw_store_buffer(Canvas& canvas, const View& view, core::ThreadId thread, const Rect& area);

}  // namespace fiberscope::app
