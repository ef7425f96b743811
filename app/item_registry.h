#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "app/geometry.h"

namespace fiberscope::app {

/// A piece of text as it was painted.
struct PaintedText {
  std::string panel;  ///< the panel that was being drawn
  std::string text;   ///< in full
  Rect rect;          ///< around the letters, without the leading of the line
  bool elided = false;
};

/// What is on screen in one frame: label -> rectangle, and, where a test asks for it, every text. Filled by our own
/// widgets, read by tests, by films (a value flies from "reg rbx" to "cell 0000000000601f88") and by hit tests.
class ItemRegistry {
 public:
  void begin_frame();
  void begin_panel(std::string_view name, const Rect& area);
  void mark(std::string_view label, const Rect& rect);
  void note(std::string_view text, const Rect& rect, bool elided);

  [[nodiscard]] std::optional<Rect> find(std::string_view label) const;
  [[nodiscard]] const std::unordered_map<std::string, Rect>& items() const { return items_; }
  [[nodiscard]] const std::vector<PaintedText>& texts() const { return texts_; }
  /// The area of each panel, by its name.
  [[nodiscard]] const std::unordered_map<std::string, Rect>& panels() const { return panels_; }

  bool keep_texts = false;  ///< set by tests: note() does nothing without it

 private:
  std::string panel_;
  std::unordered_map<std::string, Rect> items_;
  std::unordered_map<std::string, Rect> panels_;
  std::vector<PaintedText> texts_;
};

}  // namespace fiberscope::app
