#include "app/explore/explore_layout.h"

#include <algorithm>
#include <cmath>

namespace fiberscope::app {
namespace {

constexpr float kGutter = 8;
constexpr float kTable = 656;
constexpr float kLattice = 448;
constexpr float kLeastFindings = 150;

}  // namespace

float outcomes_width(float width, float scale) {
  // A narrow window keeps the shares.
  return std::floor(std::min(std::floor(kTable * scale), (width - 2 * std::floor(kGutter * scale)) * 0.42f));
}

ExploreLayout lay_out_explore(float width, float height, float scale, const ExploreParts& parts) {
  const auto px = [scale](float units) { return std::floor(units * scale); };
  const float gutter = px(kGutter);
  ExploreLayout layout;
  const float question =
      kQuestionHead + kQuestionRow * (static_cast<float>(parts.thread_rows) + 2) +
      kStatusRow * static_cast<float>(std::max<std::size_t>(1, parts.status_lines) + parts.lesson_lines) + 10;
  const float left = gutter;
  const float right = width - gutter;
  layout.question = {left, gutter, right, std::min(gutter + px(question), height - gutter)};
  const float top = layout.question.y1 + gutter;
  const float bottom = std::max(top, height - gutter);
  const float room = right - left;
  const float middle = std::min(px(kLattice), room * 0.29f);
  const float table_end = left + outcomes_width(width, scale);
  const float wanted = px(parts.outcomes_height);
  const float split = std::min(top + wanted, std::max(top, bottom - gutter - px(kLeastFindings)));
  layout.outcomes = {left, top, table_end, split};
  layout.findings = {left, std::min(split + gutter, bottom), table_end, bottom};
  float picture = table_end + gutter;
  if (parts.lattice) {
    layout.lattice = {picture, top, picture + std::floor(middle), bottom};
    picture = layout.lattice.x1 + gutter;
  }
  layout.picture = {picture, top, right, bottom};
  auto& gutters = layout.gutters;
  gutters.push_back({0, 0, width, gutter});
  gutters.push_back({0, bottom, width, height});
  gutters.push_back({0, gutter, left, bottom});
  gutters.push_back({right, gutter, width, bottom});
  gutters.push_back({left, layout.question.y1, right, top});
  gutters.push_back({table_end, top, table_end + gutter, bottom});
  gutters.push_back({left, split, table_end, layout.findings.y0});
  if (parts.lattice) gutters.push_back({layout.lattice.x1, top, layout.picture.x0, bottom});
  return layout;
}

}  // namespace fiberscope::app
