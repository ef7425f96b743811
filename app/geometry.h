#pragma once
#include <algorithm>

namespace fiberscope::app {

/// A place in the window, in pixels from its upper left corner.
struct Point {
  float x = 0;
  float y = 0;

  friend bool operator==(Point, Point) = default;
};

/// An upright rectangle of pixels: [x0, x1) x [y0, y1).
struct Rect {
  float x0 = 0;
  float y0 = 0;
  float x1 = 0;
  float y1 = 0;

  [[nodiscard]] float width() const { return x1 - x0; }
  [[nodiscard]] float height() const { return y1 - y0; }
  [[nodiscard]] Point center() const { return {(x0 + x1) / 2, (y0 + y1) / 2}; }
  [[nodiscard]] bool contains(Point p) const { return p.x >= x0 && p.x < x1 && p.y >= y0 && p.y < y1; }
  /// True if the two share more than `slack` pixels in both directions.
  [[nodiscard]] bool overlaps(const Rect& other, float slack = 0) const {
    return std::min(x1, other.x1) - std::max(x0, other.x0) > slack &&
           std::min(y1, other.y1) - std::max(y0, other.y0) > slack;
  }
  [[nodiscard]] bool inside(const Rect& outer, float slack = 0) const {
    return x0 >= outer.x0 - slack && y0 >= outer.y0 - slack && x1 <= outer.x1 + slack && y1 <= outer.y1 + slack;
  }
  [[nodiscard]] Rect inset(float dx, float dy) const { return {x0 + dx, y0 + dy, x1 - dx, y1 - dy}; }

  friend bool operator==(const Rect&, const Rect&) = default;
};

inline float mix(float a, float b, float t) {
  return a + (b - a) * t;
}
inline Point mix(Point a, Point b, float t) {
  return {mix(a.x, b.x, t), mix(a.y, b.y, t)};
}

}  // namespace fiberscope::app
