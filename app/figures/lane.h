#pragma once
#include <cstdint>
#include <optional>

#include "app/canvas.h"
#include "core/timeline.h"

namespace fiberscope::app {

/// When a thread was on the CPU: the steps 0 … `steps` from the left to the right edge of `bar`, those that it ran
/// filled with its colour, fainter behind `now` where that is given. The trace's part of the bar gets a ground of its
/// own.
void draw_lane(Canvas& canvas, const core::Timeline& timeline, core::ThreadId thread, Colour colour, const Rect& bar,
               std::uint64_t steps, std::optional<core::StepIndex> now);
/// The same without the ground, so that several threads can share a bar.
void draw_slices(Canvas& canvas, const core::Timeline& timeline, core::ThreadId thread, Colour colour, const Rect& bar,
                 std::uint64_t steps, std::optional<core::StepIndex> now);

}  // namespace fiberscope::app
