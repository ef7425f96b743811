#include <imgui.h>

#include "app/canvas.h"

namespace fiberscope::app {
namespace {

constexpr float kTurn = 6.2831853f;

void polygon(ImDrawList& list, Point center, float radius, int corners, float start, Colour colour) {
  for (int i = 0; i < corners; ++i) {
    const float angle = start + kTurn * static_cast<float>(i) / static_cast<float>(corners);
    list.PathLineTo({center.x + radius * std::cos(angle), center.y + radius * std::sin(angle)});
  }
  list.PathFillConvex(colour);
}

}  // namespace

void Canvas::badge(Point center, float radius, const ThreadStyle& style) {
  const Colour colour = theme_.thread(style);
  const Rect square{center.x - radius, center.y - radius, center.x + radius, center.y + radius};
  switch (style.shape) {
    case BadgeShape::circle:
      circle(center, radius, colour);
      break;
    case BadgeShape::square:
      fill(square.inset(1, 1), colour, px(4));
      break;
    case BadgeShape::hexagon:
      polygon(list_, center, radius * 1.15f, 6, 0, colour);
      break;
    case BadgeShape::diamond:
      polygon(list_, center, radius * 1.3f, 4, 0, colour);
      break;
    case BadgeShape::pentagon:
      polygon(list_, {center.x, center.y + 1}, radius * 1.2f, 5, -kTurn / 4, colour);
      break;
    case BadgeShape::octagon:
      polygon(list_, center, radius * 1.1f, 8, kTurn / 16, colour);
      break;
    case BadgeShape::tab:
      fill_top(square.inset(0, 1), colour, radius);
      break;
    case BadgeShape::ticket: {
      const float lean = radius * 0.4f;
      list_.PathLineTo({square.x0 + lean / 2, square.y0 + 1});
      list_.PathLineTo({square.x1 + lean, square.y0 + 1});
      list_.PathLineTo({square.x1 - lean / 2, square.y1 - 1});
      list_.PathLineTo({square.x0 - lean, square.y1 - 1});
      list_.PathFillConvex(colour);
      break;
    }
  }
  const char letter[2] = {style.letter, '\0'};
  const bool large = radius >= px(12);
  text_in(square, {large ? FontRole::small : FontRole::micro}, theme_.on_thread(style), letter, Align::center);
}

void Canvas::hollow_badge(Point center, float radius, const ThreadStyle& style) {
  ring(center, radius, theme_.thread(style), px(2));
  const char letter[2] = {style.letter, '\0'};
  const bool large = radius >= px(12);
  text_in({center.x - radius, center.y - radius, center.x + radius, center.y + radius},
          {large ? FontRole::small : FontRole::micro}, theme_.thread(style), letter, Align::center);
}

void Canvas::lock(Point center, Colour colour) {
  constexpr float kPi = kTurn / 2;
  fill({center.x - px(6), center.y - px(1), center.x + px(6), center.y + px(7)}, colour, px(2));
  list_.PathArcTo({center.x, center.y - px(1)}, px(4), kPi, 2 * kPi, 10);
  list_.PathStroke(colour, 0, px(2));
}

void Canvas::return_arrow(Point left_middle, Colour colour) {
  const float x = left_middle.x;
  const float y = left_middle.y + px(3);
  line({x + px(14), y - px(8)}, {x + px(14), y}, colour, px(2));
  line({x + px(15), y}, {x + px(4), y}, colour, px(2));
  triangle({x, y}, {x + px(7), y - px(5)}, {x + px(7), y + px(5)}, colour);
}

Canvas::Hit Canvas::close_button(std::string_view label, const Rect& rect) {
  const Hit pressed = hit(label, rect);
  outline(rect, pressed.hovered ? theme_.text : theme_.border, px(6));
  const Rect cross = rect.inset(px(10), std::floor((rect.height() - rect.width()) / 2) + px(10));
  line({cross.x0, cross.y0}, {cross.x1, cross.y1}, theme_.text, px(2));
  line({cross.x1, cross.y0}, {cross.x0, cross.y1}, theme_.text, px(2));
  return pressed;
}

}  // namespace fiberscope::app
