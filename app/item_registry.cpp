#include "app/item_registry.h"

namespace fiberscope::app {

void ItemRegistry::begin_frame() {
  panel_.clear();
  items_.clear();
  panels_.clear();
  texts_.clear();
}

void ItemRegistry::begin_panel(std::string_view name, const Rect& area) {
  panel_ = name;
  panels_[panel_] = area;
}

void ItemRegistry::mark(std::string_view label, const Rect& rect) {
  items_[std::string(label)] = rect;
}

void ItemRegistry::note(std::string_view text, const Rect& rect, bool elided) {
  if (keep_texts) texts_.push_back({panel_, std::string(text), rect, elided});
}

std::optional<Rect> ItemRegistry::find(std::string_view label) const {
  const auto it = items_.find(std::string(label));
  if (it == items_.end()) return std::nullopt;
  return it->second;
}

}  // namespace fiberscope::app
