#pragma once
#include <optional>
#include <vector>

#include "core/timeline.h"

namespace fiberscope::app {

/// The first pass of drawing the timeline, without ImGui.

/// The part of time in view, in cursors, first < last.
struct TimeRange {
  double first = 0;
  double last = 1;

  [[nodiscard]] double span() const { return last - first; }
  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

struct TimeScale {
  TimeRange range;
  float width = 1;  ///< pixels

  [[nodiscard]] float x_of(double cursor) const;
  /// The cursor at `x`, clamped to 0 … steps.
  [[nodiscard]] core::StepIndex cursor_at(float x, core::StepIndex steps) const;
};

/// One bar of a lane, in pixels from the left.
struct TimeBar {
  core::ThreadId thread;
  float x0 = 0;
  float x1 = 0;
  bool merged = false;               ///< several slices under a pixel apart
  std::optional<core::CpuId> cpu{};  ///< where there are several
  bool idle = false;                 ///< that one waits for an interrupt

  friend bool operator==(const TimeBar&, const TimeBar&) = default;
};

/// Slices in view; those of one thread that are under a pixel, or under a pixel apart, become one bar, so there are
/// never more bars of a thread than pixels. Ordered by x0 within a thread.
std::vector<TimeBar> make_bars(const core::Timeline& timeline, const TimeScale& scale);

/// A mark for the switches of one pixel.
struct SwitchMark {
  float x = 0;
  std::size_t first = 0;  ///< index in Timeline::switches
  std::size_t count = 1;
};
std::vector<SwitchMark> make_marks(const core::Timeline& timeline, const TimeScale& scale);

/// Round cursors (1, 2, 5 x 10^n apart, never less than one step) at least `spacing` pixels from each other.
std::vector<core::StepIndex> make_ticks(const TimeScale& scale, float spacing, core::StepIndex steps);

/// The range after a zoom by `factor` (below 1: nearer) around the cursor at `x`, kept within 0 … steps.
TimeRange zoom(const TimeScale& scale, float x, double factor, core::StepIndex steps);
/// Moved by `cursors`, kept within 0 … steps.
TimeRange shift(TimeRange range, double cursors, core::StepIndex steps);

}  // namespace fiberscope::app
