#include <algorithm>

#include "app/stacks_panel.h"

namespace fiberscope::app {

void spread_tags(std::vector<StackTag>& tags, float height, float top, float bottom) {
  // rsp keeps its line; the others give way. Equal tips: rbp above, rsp in the middle, the saved one below.
  const auto rank = [](const StackTag& tag) {
    const bool rbp = tag.kind == StackTag::Kind::rbp || tag.kind == StackTag::Kind::other_rbp;
    return rbp ? 0 : tag.kind == StackTag::Kind::rsp ? 1 : 2;
  };
  std::stable_sort(tags.begin(), tags.end(), [&](const StackTag& a, const StackTag& b) {
    return a.tip.y != b.tip.y ? a.tip.y < b.tip.y : rank(a) < rank(b);
  });
  for (StackTag& tag : tags) tag.y = tag.tip.y;
  const auto fixed =
      std::find_if(tags.begin(), tags.end(), [](const StackTag& tag) { return tag.kind == StackTag::Kind::rsp; });
  const auto anchor = fixed == tags.end() ? tags.begin() : fixed;
  if (anchor == tags.end()) return;
  for (auto it = anchor; it + 1 != tags.end(); ++it) (it + 1)->y = std::max((it + 1)->y, it->y + height);
  for (auto it = anchor; it != tags.begin(); --it) (it - 1)->y = std::min((it - 1)->y, it->y - height);
  const float low = tags.back().y + height / 2 - bottom;
  if (low > 0) {
    float limit = bottom - height / 2;
    for (auto it = tags.rbegin(); it != tags.rend(); ++it) {
      it->y = std::min(it->y, limit);
      limit = it->y - height;
    }
  }
  float limit = top + height / 2;
  for (StackTag& tag : tags) {
    tag.y = std::max(tag.y, limit);
    limit = tag.y + height;
  }
}

}  // namespace fiberscope::app
