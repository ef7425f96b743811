#include "app/figures/lane.h"

#include <algorithm>

namespace fiberscope::app {

void draw_lane(Canvas& canvas, const core::Timeline& timeline, core::ThreadId thread, Colour colour, const Rect& bar,
               std::uint64_t steps, std::optional<core::StepIndex> now) {
  const auto all = static_cast<float>(std::max<std::uint64_t>(steps, 1));
  const float end = bar.x0 + bar.width() * static_cast<float>(timeline.steps.value) / all;
  canvas.fill({bar.x0, bar.y0, end, bar.y1}, canvas.theme().grid, canvas.px(3));
  draw_slices(canvas, timeline, thread, colour, bar, steps, now);
}

void draw_slices(Canvas& canvas, const core::Timeline& timeline, core::ThreadId thread, Colour colour, const Rect& bar,
                 std::uint64_t steps, std::optional<core::StepIndex> now) {
  const auto all = static_cast<float>(std::max<std::uint64_t>(steps, 1));
  const auto x_of = [&](std::uint64_t step) { return bar.x0 + bar.width() * static_cast<float>(step) / all; };
  for (const core::Slice& slice : timeline.slices) {
    if (slice.thread != thread) continue;
    const float left = x_of(slice.first.value - 1);
    canvas.fill({left, bar.y0, std::max(x_of(slice.last.value), left + 1), bar.y1},
                now && slice.first > *now ? with_alpha(colour, 110) : colour);
  }
}

}  // namespace fiberscope::app
