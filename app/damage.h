#pragma once
#include <cstdint>
#include <vector>

#include "app/geometry.h"

struct ImDrawData;

namespace fiberscope::app {

/// Finds what differs between two frames, from what ImGui would draw: a fingerprint of every triangle that touches a
/// tile of the window. Filling pixels is what a frame costs without a graphics card, and a film moves a few tags and
/// one value; the rest of the picture stays.
class Damage {
 public:
  /// The areas, in pixels and without overlap, that differ from the frame of the last call; none where nothing does.
  std::vector<Rect> compare(const ImDrawData& frame);
  /// The next frame is new as a whole: its ground, its glyphs or its size changed.
  void forget() { tiles_.clear(); }

 private:
  int columns_ = 0;
  int rows_ = 0;
  std::vector<std::uint64_t> tiles_;
};

/// Leaves only the triangles that touch the areas, clipped to them. Drawn over a picture of the last frame in which the
/// areas were cleared, they make the picture of this frame, pixel by pixel.
void keep_only(ImDrawData& frame, const std::vector<Rect>& areas);

}  // namespace fiberscope::app
