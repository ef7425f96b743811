#pragma once
#include <cmath>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "app/fonts.h"
#include "app/geometry.h"
#include "app/item_registry.h"
#include "app/theme.h"

struct ImDrawList;

namespace fiberscope::app {

enum class Align : std::uint8_t { left, center, right };

/// What a panel draws with: shapes, texts that fit their place, and hit areas, all sized in units (pixels at 1600x900).
/// Lives for one frame. Positions are pixels; px() turns units into them.
class Canvas {
 public:
  Canvas(ImDrawList& list, const Theme& theme, const Fonts& fonts, ItemRegistry& items);

  [[nodiscard]] const Theme& theme() const { return theme_; }
  [[nodiscard]] ItemRegistry& items() { return items_; }
  [[nodiscard]] const Fonts& fonts() const { return fonts_; }
  [[nodiscard]] float px(float units) const { return std::floor(units * scale_); }
  [[nodiscard]] float scale() const { return scale_; }
  [[nodiscard]] float line_height(FontRole font) const;
  [[nodiscard]] float width(FontRole font, std::string_view text) const;

  /// Breaks the text at blanks into lines of at most `width` pixels, `most` of them; the last one holds the rest. A
  /// word that is longer than a line stays whole.
  [[nodiscard]] std::vector<std::string> wrap(FontRole font, std::string_view text, float width,
                                              std::size_t most) const;

  // Texts. Each is written down in the registry under the current panel.
  /// Writes at the upper left corner `at`; returns the width.
  float text(FontRole font, Point at, Colour colour, std::string_view text);
  /// Writes into `box`, centred in height: in the first of `fonts` in which the text fits, else elided in the last. A
  /// text like "name+15" keeps its end. Returns the rectangle of the letters.
  Rect text_in(const Rect& box, std::initializer_list<FontRole> fonts, Colour colour, std::string_view text,
               Align align = Align::left);

  // Shapes.
  void fill(const Rect& rect, Colour colour, float rounding = 0);
  void fill_top(const Rect& rect, Colour colour, float rounding);  ///< only the upper corners are round
  void fill_left(const Rect& rect, Colour colour, float rounding);
  void outline(const Rect& rect, Colour colour, float rounding = 0, float thickness = 1);
  void line(Point a, Point b, Colour colour, float thickness = 1);
  void dashed(Point top, Point bottom, Colour colour);
  void circle(Point center, float radius, Colour colour);
  void ring(Point center, float radius, Colour colour, float thickness);
  void triangle(Point a, Point b, Point c, Colour colour);
  void triangle_outline(Point a, Point b, Point c, Colour colour, float thickness);
  void curve(Point a, Point b, Point c, Point d, Colour colour, float thickness);
  /// Slanted strokes: a place whose contents do not count any more.
  void hatch(const Rect& rect, Colour colour, float spacing);
  void clip(const Rect& rect);
  void unclip();

  // Signs made of them.
  void badge(Point center, float radius, const ThreadStyle& style);
  /// The same drawn as an outline: that thread, but not on the CPU.
  void hollow_badge(Point center, float radius, const ThreadStyle& style);
  void lock(Point center, Colour colour);
  void return_arrow(Point left_middle, Colour colour);
  /// A filled pill, or (filled = false) an outlined one, with a word in it.
  void pill(const Rect& rect, bool filled, Colour colour, Colour on_colour, std::string_view word,
            FontRole font = FontRole::small);
  /// A label whose right edge points at `tip`; `box` is where its words stand.
  void tag(const Rect& box, Point tip, bool filled, Colour colour, Colour on_colour, std::string_view word);
  /// The border of a panel with round corners cut out of it, and its head with a title and a note at the right.
  void panel(std::string_view name, const Rect& area);
  Rect panel_head(std::string_view name, const Rect& area, std::string_view title);

  // Hit areas.
  struct Hit {
    bool clicked = false;
    bool hovered = false;
    bool held = false;
  };
  /// An invisible button, written down in the registry as `label`.
  Hit hit(std::string_view label, const Rect& rect);
  /// A button with a cross in it.
  Hit close_button(std::string_view label, const Rect& rect);
  /// A few lines beside the mouse, drawn over everything.
  void tooltip(std::string_view text);

 private:
  void corner(Point at, float sign_x, float sign_y);

  ImDrawList& list_;
  const Theme& theme_;
  const Fonts& fonts_;
  ItemRegistry& items_;
  float scale_;
};

/// `text` without its middle or end, so that `fits` says yes; a suffix like "+15" stays.
template <typename Fits>
std::string elide(std::string_view text, Fits fits) {
  const auto plus = text.rfind('+');
  const std::string suffix =
      plus != std::string_view::npos && text.size() - plus <= 6 ? std::string(text.substr(plus)) : "";
  std::string head(text.substr(0, text.size() - suffix.size()));
  while (!head.empty()) {
    bool continuation = true;
    while (continuation && !head.empty()) {
      continuation = (static_cast<unsigned char>(head.back()) & 0xc0u) == 0x80u;
      head.pop_back();
    }
    if (fits(head + "…" + suffix)) return head + "…" + suffix;
  }
  return "…";
}

}  // namespace fiberscope::app
