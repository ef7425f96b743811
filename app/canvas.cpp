#include "app/canvas.h"

#include <imgui.h>

#include <cfloat>

namespace fiberscope::app {
namespace {

ImVec2 vec(Point p) {
  return {p.x, p.y};
}
ImVec2 low(const Rect& r) {
  return {r.x0, r.y0};
}
ImVec2 high(const Rect& r) {
  return {r.x1, r.y1};
}

}  // namespace

Canvas::Canvas(ImDrawList& list, const Theme& theme, const Fonts& fonts, ItemRegistry& items)
    : list_(list), theme_(theme), fonts_(fonts), items_(items), scale_(fonts.scale()) {}

float Canvas::line_height(FontRole font) const {
  return fonts_.get(font)->FontSize;
}

float Canvas::width(FontRole font, std::string_view text) const {
  const ImFont* face = fonts_.get(font);
  return face->CalcTextSizeA(face->FontSize, FLT_MAX, 0, text.data(), text.data() + text.size()).x;
}

std::vector<std::string> Canvas::wrap(FontRole font, std::string_view text, float wide, std::size_t most) const {
  std::vector<std::string> lines;
  while (lines.size() + 1 < most && width(font, text) > wide) {
    std::size_t end = text.find(' ');
    for (std::size_t at = end; at != std::string_view::npos && width(font, text.substr(0, at)) <= wide;) {
      end = at;
      at = text.find(' ', at + 1);
    }
    if (end == std::string_view::npos) break;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  lines.emplace_back(text);
  return lines;
}

float Canvas::text(FontRole font, Point at, Colour colour, std::string_view text) {
  if (text.empty()) return 0;
  const ImFont* face = fonts_.get(font);
  const ImVec2 from{std::floor(at.x), std::floor(at.y)};
  list_.AddText(face, face->FontSize, from, colour, text.data(), text.data() + text.size());
  const float wide = width(font, text);
  items_.note(text, {from.x, from.y + face->FontSize * 0.2f, from.x + wide, from.y + face->FontSize * 0.85f}, false);
  return wide;
}

Rect Canvas::text_in(const Rect& box, std::initializer_list<FontRole> fonts, Colour colour, std::string_view text,
                     Align align) {
  if (text.empty()) return {box.x0, box.y0, box.x0, box.y0};
  FontRole font = *fonts.begin();
  for (const FontRole candidate : fonts) {
    font = candidate;
    if (width(font, text) <= box.width()) break;
  }
  std::string shown(text);
  float wide = width(font, shown);
  const bool elided = wide > box.width() + 0.5f;
  if (elided) {
    shown = elide(text, [&](const std::string& shorter) { return width(font, shorter) <= box.width(); });
    wide = width(font, shown);
  }
  const ImFont* face = fonts_.get(font);
  const float slack = box.width() - wide;
  const float x = box.x0 + (align == Align::left ? 0 : align == Align::right ? slack : slack / 2);
  const ImVec2 from{std::floor(x), std::floor(box.y0 + (box.height() - face->FontSize) / 2)};
  list_.AddText(face, face->FontSize, from, colour, shown.data(), shown.data() + shown.size());
  const Rect letters{from.x, from.y + face->FontSize * 0.2f, from.x + wide, from.y + face->FontSize * 0.85f};
  items_.note(text, letters, elided);
  return letters;
}

void Canvas::fill(const Rect& rect, Colour colour, float rounding) {
  list_.AddRectFilled(low(rect), high(rect), colour, rounding);
}

void Canvas::fill_top(const Rect& rect, Colour colour, float rounding) {
  list_.AddRectFilled(low(rect), high(rect), colour, rounding, ImDrawFlags_RoundCornersTop);
}

void Canvas::fill_left(const Rect& rect, Colour colour, float rounding) {
  list_.AddRectFilled(low(rect), high(rect), colour, rounding, ImDrawFlags_RoundCornersLeft);
}

void Canvas::outline(const Rect& rect, Colour colour, float rounding, float thickness) {
  list_.AddRect(low(rect), high(rect), colour, rounding, 0, std::max(1.f, thickness));
}

void Canvas::line(Point a, Point b, Colour colour, float thickness) {
  list_.AddLine(vec(a), vec(b), colour, std::max(1.f, thickness));
}

void Canvas::dashed(Point top, Point bottom, Colour colour) {
  const float dash = std::max(2.f, px(4));
  for (float y = top.y; y < bottom.y; y += 2 * dash) {
    line({top.x, y}, {top.x, std::min(y + dash, bottom.y)}, colour, px(1.5f));
  }
}

void Canvas::circle(Point center, float radius, Colour colour) {
  list_.AddCircleFilled(vec(center), radius, colour, 28);
}

void Canvas::ring(Point center, float radius, Colour colour, float thickness) {
  list_.AddCircle(vec(center), radius, colour, 28, thickness);
}

void Canvas::triangle(Point a, Point b, Point c, Colour colour) {
  list_.AddTriangleFilled(vec(a), vec(b), vec(c), colour);
}

void Canvas::triangle_outline(Point a, Point b, Point c, Colour colour, float thickness) {
  list_.AddTriangle(vec(a), vec(b), vec(c), colour, thickness);
}

void Canvas::curve(Point a, Point b, Point c, Point d, Colour colour, float thickness) {
  list_.AddBezierCubic(vec(a), vec(b), vec(c), vec(d), colour, std::max(1.f, thickness), 20);
}

void Canvas::hatch(const Rect& rect, Colour colour, float spacing) {
  clip(rect);
  const float height = rect.height();
  for (float x = rect.x0 - height; x < rect.x1; x += spacing) {
    line({x, rect.y1}, {x + height, rect.y0}, colour, 1);
  }
  unclip();
}

void Canvas::clip(const Rect& rect) {
  list_.PushClipRect(low(rect), high(rect), true);
}
void Canvas::unclip() {
  list_.PopClipRect();
}

void Canvas::pill(const Rect& rect, bool filled, Colour colour, Colour on_colour, std::string_view word,
                  FontRole font) {
  const float rounding = rect.height() / 2;
  if (filled) {
    fill(rect, colour, rounding);
  } else {
    outline(rect, colour, rounding, px(2));
  }
  text_in(rect.inset(px(6), 0), {font, FontRole::tiny, FontRole::micro}, filled ? on_colour : colour, word,
          Align::center);
}

void Canvas::tag(const Rect& box, Point tip, bool filled, Colour colour, Colour on_colour, std::string_view word) {
  const float half = std::min(box.height() / 2, px(7));
  const float bend = std::clamp(tip.y, box.y0 + half, box.y1 - half);
  if (filled) {
    fill(box, colour, px(5));
    triangle({box.x1 - 1, bend - half}, tip, {box.x1 - 1, bend + half}, colour);
  } else {
    outline(box, colour, px(5), px(1.5f));
    triangle({box.x1 - 1, bend - half}, tip, {box.x1 - 1, bend + half}, colour);
  }
  text_in(box.inset(px(2), 0), {FontRole::small, FontRole::tiny, FontRole::micro}, filled ? on_colour : colour, word,
          Align::center);
}

void Canvas::corner(Point at, float sign_x, float sign_y) {
  constexpr float kQuarter = 1.5707963f;
  const float r = px(8);
  float start = 0;
  if (sign_x > 0) {
    start = sign_y > 0 ? 2 * kQuarter : kQuarter;
  } else {
    start = sign_y > 0 ? -kQuarter : 0;
  }
  list_.PathLineTo(vec(at));
  list_.PathArcTo({at.x + sign_x * r, at.y + sign_y * r}, r, start, start + kQuarter, 8);
  list_.PathFillConvex(theme_.background);
}

void Canvas::panel(std::string_view name, const Rect& area) {
  items_.begin_panel(name, area);
  corner({area.x0, area.y0}, 1, 1);
  corner({area.x1, area.y0}, -1, 1);
  corner({area.x0, area.y1}, 1, -1);
  corner({area.x1, area.y1}, -1, -1);
  outline(area, theme_.border, px(8), scale_);
}

Rect Canvas::panel_head(std::string_view name, const Rect& area, std::string_view title) {
  const Rect head{area.x0, area.y0, area.x1, area.y0 + px(38)};
  fill(head, theme_.head);
  panel(name, area);
  const Rect letters = text_in({head.x0 + px(14), head.y0, head.x1 - px(14), head.y1},
                               {FontRole::title, FontRole::text_bold}, theme_.text, title);
  return {letters.x1 + px(12), head.y0, head.x1 - px(12), head.y1};
}

Canvas::Hit Canvas::hit(std::string_view label, const Rect& rect) {
  items_.mark(label, rect);
  Hit result;
  if (rect.width() < 1 || rect.height() < 1) return result;
  ImGui::SetCursorScreenPos({rect.x0, rect.y0});
  ImGui::PushID(label.data(), label.data() + label.size());
  result.clicked = ImGui::InvisibleButton("hit", {rect.width(), rect.height()});
  result.hovered = ImGui::IsItemHovered();
  result.held = ImGui::IsItemActive();
  ImGui::PopID();
  return result;
}

void Canvas::tooltip(std::string_view text) {
  ImGui::PushFont(fonts_.get(FontRole::small));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {px(12), px(8)});
  ImGui::PushStyleVar(ImGuiStyleVar_PopupRounding, px(6));
  ImGui::PushStyleColor(ImGuiCol_PopupBg, theme_.text);
  ImGui::PushStyleColor(ImGuiCol_Text, theme_.panel);
  ImGui::BeginTooltip();
  ImGui::PushTextWrapPos(px(520));
  ImGui::TextUnformatted(text.data(), text.data() + text.size());
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
  ImGui::PopStyleColor(2);
  ImGui::PopStyleVar(2);
  ImGui::PopFont();
}

}  // namespace fiberscope::app
