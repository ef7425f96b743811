#include "app/timeline_panel.h"

#include <fmt/format.h>
#include <imgui.h>

#include <cmath>

#include "app/figures/processor_rows.h"
#include "app/format.h"

namespace fiberscope::app {
namespace {

constexpr float kNames = 150;
constexpr float kAxis = 32;
constexpr std::uint32_t kFutureAlpha = 70;

std::string name_of(const View& view, std::optional<core::ThreadId> thread) {
  if (!thread) return view.words()(Word::no_thread);
  for (const core::Thread& t : view.timeline->threads) {
    if (t.id == *thread) return t.name;
  }
  return std::to_string(thread->value);
}

}  // namespace

void TimelinePanel::follow(const View& view) {
  const double whole = std::max(1.0, static_cast<double>(view.timeline->steps.value));
  if (!zoomed_) {
    scale_.range = {0, whole};
    followed_ = view.cursor;
    return;
  }
  scale_.range = shift(scale_.range, 0, view.timeline->steps);
  if (scale_.range.span() >= whole) zoomed_ = false;
  // The view moves only when the cursor does, and leaves it.
  if (view.cursor == followed_) return;
  followed_ = view.cursor;
  const auto cursor = static_cast<double>(view.cursor.value);
  if (cursor < scale_.range.first || cursor > scale_.range.last) {
    scale_.range = shift(scale_.range, cursor - scale_.range.first - scale_.range.span() / 2, view.timeline->steps);
  }
}

void TimelinePanel::draw_lanes(Canvas& canvas, const View& view, const Rect& area, const Rect& lanes) {
  const Theme& theme = canvas.theme();
  const auto& order = view.styles->order();
  const float pitch = lanes.height() / static_cast<float>(std::max<std::size_t>(1, order.size()));
  const float gap = std::min(canvas.px(5), pitch * 0.2f);
  const float now = lanes.x0 + std::clamp(scale_.x_of(static_cast<double>(view.cursor.value)), 0.f, lanes.width());
  const auto lane_of = [&](std::size_t index) {
    const float y = std::floor(lanes.y0 + pitch * static_cast<float>(index));
    return Rect{lanes.x0, y, lanes.x1, std::floor(lanes.y0 + pitch * static_cast<float>(index + 1) - gap)};
  };
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Rect lane = lane_of(i);
    const float radius = std::min(canvas.px(13), lane.height() * 0.5f);
    canvas.badge({area.x0 + canvas.px(24), lane.center().y}, radius, view.styles->of(order[i]));
    canvas.text_in({area.x0 + canvas.px(46), lane.y0, lane.x0 - canvas.px(6), lane.y1},
                   {FontRole::small, FontRole::tiny, FontRole::micro}, theme.text, name_of(view, order[i]));
    canvas.fill(lane, theme.grid, canvas.px(3));
    canvas.items().mark(label("lane", order[i].value), lane);
  }
  // Behind the bars where these carry the names of processors.
  if (view.timeline->processors > 1) draw_mark_lines(canvas, lanes);
  for (const TimeBar& bar : bars_) {
    const auto index = view.styles->position(bar.thread);
    if (!index) continue;
    const Rect lane = lane_of(*index);
    const Colour colour = theme.thread(view.styles->of(bar.thread));
    // Opaque where lines lie behind it.
    const Colour later =
        bar.cpu ? blend(theme.grid, with_alpha(colour, kFutureAlpha)) : with_alpha(colour, kFutureAlpha);
    const float edge = bar.x1 - bar.x0 > 6 ? 1.f : 0.f;
    const float x0 = lane.x0 + bar.x0 + edge;
    const float x1 = std::max(x0 + 1, lane.x0 + bar.x1 - edge);
    const float rounding = x1 - x0 > canvas.px(8) ? canvas.px(3) : 0;
    const float margin = bar.merged ? lane.height() * 0.2f : 0;  // a lower bar: several slices in one
    const Rect rect{x0, lane.y0 + margin, x1, lane.y1 - margin};
    if (bar.idle) {
      draw_idle(canvas, rect, now <= x0);
    } else if (now >= x1) {
      canvas.fill(rect, colour, rounding);
    } else if (now <= x0) {
      canvas.fill(rect, later, rounding);
    } else {
      canvas.fill({x0, rect.y0, now, rect.y1}, colour, 0);
      canvas.fill({now, rect.y0, x1, rect.y1}, later, 0);
    }
    if (bar.cpu && !bar.idle) draw_processor_word(canvas, view, bar, rect, now);
  }
}

/// Beside the cursor's line where that would go through it.
void TimelinePanel::draw_processor_word(Canvas& canvas, const View& view, const TimeBar& bar, const Rect& rect,
                                        float now) {
  const Theme& theme = canvas.theme();
  const std::string number = std::to_string(bar.cpu->value);
  const float gap = canvas.px(5);
  for (const std::string& word : {"CPU " + number, number}) {
    const float wide = canvas.width(FontRole::tiny, word) + 2 * gap;
    Rect room = rect;
    if (now > rect.center().x - wide / 2 && now < rect.center().x + wide / 2)
      (now - rect.x0 > rect.x1 - now ? room.x1 : room.x0) = now;
    if (room.width() < wide) continue;
    const bool past = room.center().x < now;
    canvas.text_in(room, {FontRole::tiny}, past ? theme.on_thread(view.styles->of(bar.thread)) : theme.text, word,
                   Align::center);
    return;
  }
}

void TimelinePanel::draw_mark_lines(Canvas& canvas, const Rect& lanes) {
  const Colour stroke = canvas.theme().dark() ? rgb(0xFFFFFF, 130) : rgb(0x000000, 140);
  float last = -1000;
  for (const SwitchMark& mark : marks_) {
    const float x = std::floor(lanes.x0 + mark.x);
    if (x - last < canvas.px(4)) continue;
    canvas.dashed({x, lanes.y0}, {x, lanes.y1 - canvas.px(4)}, stroke);
    last = x;
  }
}

void TimelinePanel::draw_marks(Canvas& canvas, const View& view, const Rect& lanes, Commands& commands) {
  const Theme& theme = canvas.theme();
  float last = -1000;
  for (const SwitchMark& mark : marks_) {
    const core::Switch& change = view.timeline->switches[mark.first];
    const float x = std::floor(lanes.x0 + mark.x);
    const bool roomy = x - last >= canvas.px(4);
    if (roomy) {
      canvas.triangle({x - canvas.px(5), lanes.y0 - canvas.px(9)}, {x + canvas.px(5), lanes.y0 - canvas.px(9)},
                      {x, lanes.y0 - canvas.px(1)}, theme.dim);
      last = x;
    }
    if (!roomy) continue;
    const auto hit = canvas.hit(label("switch", change.step.value), {x - canvas.px(5), lanes.y0 - canvas.px(10),
                                                                     x + canvas.px(5), lanes.y0 + canvas.px(2)});
    if (hit.hovered) {
      const Words words = view.words();
      std::string tip = std::string(words(Word::step)) + " " + grouped(change.step.value) + ": " +
                        name_of(view, change.from) + " → " + name_of(view, change.to) + "\n" +
                        words.reason(change.reason);
      if (!change.at.empty()) tip += "  (" + change.at + ")";
      if (mark.count > 1) tip += "  +" + std::to_string(mark.count - 1);
      canvas.tooltip(tip + "\n" + words(Word::tip_switch));
    }
    if (hit.clicked) commands.push_back(command::GoTo{change.step});
  }
}

void TimelinePanel::draw_axis(Canvas& canvas, const View& view, const Rect& area, const Rect& lanes) {
  const Theme& theme = canvas.theme();
  const core::StepIndex steps = view.timeline->steps;
  if (!view.timeline->idles.empty()) {
    const Rect sign{area.x0 + canvas.px(14), area.y0 + canvas.px(7), area.x0 + canvas.px(40), area.y0 + canvas.px(23)};
    draw_idle(canvas, sign, false);
    canvas.text_in({sign.x1 + canvas.px(6), area.y0 + canvas.px(2), lanes.x0 - canvas.px(6), lanes.y0 - canvas.px(6)},
                   {FontRole::small, FontRole::tiny, FontRole::micro}, theme.dim, view.words()(Word::idle));
  }
  const float spacing = canvas.width(FontRole::small, grouped(steps.value)) + canvas.px(50);
  const float cursor = lanes.x0 + scale_.x_of(static_cast<double>(view.cursor.value));
  const float half = canvas.width(FontRole::small, grouped(view.cursor.value)) / 2 + canvas.px(18);
  for (const core::StepIndex tick : make_ticks(scale_, spacing, steps)) {
    const std::string text = grouped(tick.value);
    const float wide = canvas.width(FontRole::small, text);
    const float x = lanes.x0 + scale_.x_of(static_cast<double>(tick.value));
    const float left = std::clamp(x - wide / 2, lanes.x0, lanes.x1 - wide);
    if (left < cursor + half && left + wide > cursor - half) continue;
    canvas.text_in({left, area.y0 + canvas.px(2), left + wide + 1, lanes.y0 - canvas.px(9)}, {FontRole::small},
                   theme.dim, text);
  }
}

void TimelinePanel::draw_cursor(Canvas& canvas, const View& view, const Rect& area, const Rect& lanes) {
  const Theme& theme = canvas.theme();
  const float x = lanes.x0 + scale_.x_of(static_cast<double>(view.cursor.value));
  if (x < lanes.x0 - 1 || x > lanes.x1 + 1) return;
  const Colour colour = view.in_past ? theme.alert : theme.text;
  canvas.fill({x - canvas.px(2), area.y0 + canvas.px(22), x + canvas.px(2), area.y1 - canvas.px(5)}, colour);
  const std::string text = grouped(view.cursor.value);
  const float half = std::max(canvas.px(28), canvas.width(FontRole::small, text) / 2 + canvas.px(10));
  const float middle = std::clamp(x, area.x0 + half + 2, area.x1 - half - 2);
  const Rect pill{middle - half, area.y0 + canvas.px(2), middle + half, area.y0 + canvas.px(24)};
  canvas.pill(pill, true, colour, view.in_past ? theme.on_alert : theme.panel, text);
  canvas.items().mark("cursor", pill);
}

void TimelinePanel::react(Canvas& canvas, const View& view, const Rect& area, const Rect& lanes, Commands& commands) {
  const auto hit = canvas.hit(
      "##scrub", {lanes.x0 - canvas.px(4), lanes.y0 + canvas.px(2), lanes.x1 + canvas.px(4), area.y1 - canvas.px(2)});
  const auto axis = canvas.hit(
      "##axis", {lanes.x0 - canvas.px(4), area.y0 + canvas.px(1), lanes.x1 + canvas.px(4), lanes.y0 - canvas.px(10)});
  const ImGuiIO& io = ImGui::GetIO();
  const float x = io.MousePos.x - lanes.x0;
  if (hit.held || axis.held) {
    const core::StepIndex target = scale_.cursor_at(x, view.timeline->steps);
    if (target != view.cursor || view.player->playing()) commands.push_back(command::GoTo{target});
  }
  if (!area.contains({io.MousePos.x, io.MousePos.y}) || !ImGui::IsWindowHovered()) return;
  if (io.MouseWheel != 0) {
    constexpr double kNotch = 0.8;
    scale_.range = zoom(scale_, x, std::pow(kNotch, static_cast<double>(io.MouseWheel)), view.timeline->steps);
    zoomed_ = true;
  }
  if (io.MouseWheelH != 0) {
    scale_.range =
        shift(scale_.range, -static_cast<double>(io.MouseWheelH) * scale_.range.span() / 10, view.timeline->steps);
    zoomed_ = true;
  }
}

void TimelinePanel::draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  canvas.panel("timeline", area);
  const Rect lanes{area.x0 + canvas.px(kNames), area.y0 + canvas.px(kAxis), area.x1 - canvas.px(16),
                   area.y1 - canvas.px(5)};
  scale_.width = lanes.width();
  follow(view);
  const Made wanted{scale_.range, scale_.width, view.timeline->slices.size(), view.timeline->steps};
  if (!(made_ == wanted)) {
    made_ = wanted;
    bars_ = make_bars(*view.timeline, scale_);
    marks_ = make_marks(*view.timeline, scale_);
  }
  draw_lanes(canvas, view, area, lanes);
  if (view.timeline->processors == 1) draw_mark_lines(canvas, lanes);
  draw_marks(canvas, view, lanes, commands);
  draw_axis(canvas, view, area, lanes);
  draw_cursor(canvas, view, area, lanes);
  react(canvas, view, area, lanes, commands);
}

}  // namespace fiberscope::app
