#pragma once
#include <cstddef>
#include <vector>

#include "app/geometry.h"

namespace fiberscope::app {

/// Where the parts of the exploration stand, in pixels.
struct ExploreLayout {
  Rect question;
  Rect outcomes;
  Rect findings;
  Rect lattice;  ///< empty where there is no progress graph to show
  Rect picture;  ///< partial order, state graph or a scenario's questions
  std::vector<Rect> gutters;
};

struct ExploreParts {
  std::size_t lesson_lines = 0;  ///< of a scenario's summary
  std::size_t thread_rows = 1;   ///< rows of text boxes, two a row
  std::size_t status_lines = 1;
  float outcomes_height = 0;  ///< units that the table of outcomes needs
  bool lattice = true;
};

/// Pixels that the table of outcomes gets in a window so wide.
float outcomes_width(float width, float scale);

ExploreLayout lay_out_explore(float width, float height, float scale, const ExploreParts& parts);

inline constexpr float kQuestionHead = 50;  ///< units
inline constexpr float kQuestionRow = 44;
inline constexpr float kStatusRow = 30;

}  // namespace fiberscope::app
