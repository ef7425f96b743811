#pragma once
#include <optional>

#include "app/canvas.h"
#include "app/command.h"
#include "app/view.h"
#include "core/explore/progress_graph.h"

namespace fiberscope::app {

/// Where the points of a lattice stand.
struct LatticePlot {
  Rect area;       ///< around all points
  float cell = 0;  ///< pixels from point to point
  std::array<std::uint32_t, 2> steps{};

  [[nodiscard]] Point at(core::explore::LatticePoint point) const {
    return {area.x0 + (static_cast<float>(point.first) + 0.5f) * cell,
            area.y1 - (static_cast<float>(point.second) + 0.5f) * cell};
  }
  /// The point that is nearest to a place.
  [[nodiscard]] core::explore::LatticePoint nearest(Point place) const;
};

/// As large as fits, in the middle.
LatticePlot lay_out_lattice(const Rect& area, std::array<std::uint32_t, 2> steps);

/// The progress graph of two threads: what is still possible at each point, and the schedule that is shown as a way
/// through it that can be dragged.
class LatticeFigure {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

 private:
  void draw_plot(Canvas& canvas, const View& view, const Rect& area, Commands& commands);
  void draw_shown(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

  std::optional<core::explore::LatticePoint> dragged_;  ///< the point that was asked for last, while the button is down
};

}  // namespace fiberscope::app
