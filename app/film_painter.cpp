#include "app/film_painter.h"

#include <fmt/format.h>

#include <cmath>

#include "app/format.h"

namespace fiberscope::app {
namespace {

struct Locate {
  const ItemRegistry& items;

  std::optional<Rect> operator()(const RegisterPlace& place) const {
    return items.find(fmt::format("reg {}", emu::register_name(place.reg)));
  }
  std::optional<Rect> operator()(const CellPlace& place) const { return items.find(label("cell", place.address)); }
  std::optional<Rect> operator()(const BlockPlace& place) const {
    return items.find(label("saved rsp", place.thread.value));
  }
};

/// Where the digits stand in a row or a cell.
Point digits_of(const Place& place, const Rect& rect) {
  if (std::holds_alternative<RegisterPlace>(place)) return {mix(rect.x0, rect.x1, 0.52f), rect.center().y};
  if (std::holds_alternative<CellPlace>(place)) return {mix(rect.x0, rect.x1, 0.38f), rect.center().y};
  return rect.center();
}

}  // namespace

void draw_flights(Canvas& canvas, const View& view) {
  if (!view.film.running()) return;
  const Theme& theme = canvas.theme();
  const Locate locate{canvas.items()};
  for (const Flight& flight : view.film.flights) {
    const auto from = std::visit(locate, flight.from);
    const auto to = std::visit(locate, flight.to);
    if (!from || !to) continue;
    const auto t = static_cast<float>(view.film.progress);
    const Point a = digits_of(flight.from, *from);
    const Point b = digits_of(flight.to, *to);
    Point at = mix(a, b, t);
    at.y -= std::sin(t * 3.1415927f) * canvas.px(36);
    const std::string digits = hex(flight.value);
    const float half = canvas.width(FontRole::mono_bold, digits) / 2 + canvas.px(12);
    const Rect pill{at.x - half, at.y - canvas.px(15), at.x + half, at.y + canvas.px(15)};
    for (int dot = 1; dot <= 4; ++dot) {
      const float back = std::max(0.f, t - 0.06f * static_cast<float>(dot));
      Point trail = mix(a, b, back);
      trail.y -= std::sin(back * 3.1415927f) * canvas.px(36);
      canvas.circle(trail, canvas.px(7 - static_cast<float>(dot)),
                    with_alpha(theme.changed, 150u - 30u * static_cast<unsigned>(dot)));
    }
    canvas.fill(pill, theme.changed, pill.height() / 2);
    canvas.outline(pill, theme.panel, pill.height() / 2, canvas.px(2));
    canvas.items().begin_panel("flight", pill);
    canvas.text_in(pill, {FontRole::mono_bold}, theme.panel, digits, Align::center);
    canvas.items().mark(fmt::format("flight {}", digits), pill);
  }
}

}  // namespace fiberscope::app
