#include "app/toolbar_panel.h"

#include <fmt/format.h>
#include <imgui.h>

#include <cmath>

#include "app/format.h"

namespace fiberscope::app {
namespace {

constexpr float kButton = 52;
constexpr float kButtonHeight = 42;
// Most of the slider is for speeds that an eye can follow.
constexpr double kWatchable = 60;
constexpr double kWatchablePart = 0.7;

/// The signs on the buttons: triangles and bars around a centre.
struct Sign {
  Canvas& canvas;
  Point at;
  float r;
  Colour colour;

  void forward(float dx, float size = 1) const {
    const float x = at.x + dx * r;
    canvas.triangle({x - r * 0.8f * size, at.y - r * size}, {x + r * 0.9f * size, at.y},
                    {x - r * 0.8f * size, at.y + r * size}, colour);
  }
  void back(float dx) const {
    const float x = at.x + dx * r;
    canvas.triangle({x + r * 0.8f, at.y - r}, {x - r * 0.9f, at.y}, {x + r * 0.8f, at.y + r}, colour);
  }
  void bar(float dx, float half = 0.2f) const {
    const float x = at.x + dx * r;
    canvas.fill({x - r * half, at.y - r, x + r * half, at.y + r}, colour);
  }
  void swap() const {
    const float y = r * 0.45f;
    canvas.line({at.x - r, at.y - y}, {at.x + r * 0.5f, at.y - y}, colour, canvas.px(2.5f));
    canvas.triangle({at.x + r * 0.3f, at.y - y - r * 0.5f}, {at.x + r * 1.1f, at.y - y},
                    {at.x + r * 0.3f, at.y - y + r * 0.5f}, colour);
    canvas.line({at.x - r * 0.5f, at.y + y}, {at.x + r, at.y + y}, colour, canvas.px(2.5f));
    canvas.triangle({at.x - r * 0.3f, at.y + y - r * 0.5f}, {at.x - r * 1.1f, at.y + y},
                    {at.x - r * 0.3f, at.y + y + r * 0.5f}, colour);
  }
};

/// What a replayed schedule is one of: "Code textbook · Scheduler any · CPUs one · Memory sc".
std::string explored_text(const core::ExploredAs& explored, const Words& words) {
  // On processors of their own nobody schedules the threads: the schedule gives the turns.
  const bool scheduled = explored.cpus != "many";
  return fmt::format("{} {} · {} {} · {} {} · {} {}", words(Word::explore_code), explored.lowering,
                     words(Word::explore_scheduler), scheduled ? explored.scheduler : words(Word::no_scheduler),
                     words(Word::explore_cpus), explored.cpus, words(Word::explore_memory), explored.memory);
}

}  // namespace

double speed_to_slider(double steps_per_second) {
  if (steps_per_second <= kWatchable)
    return kWatchablePart * std::log(steps_per_second / kMinimumSpeed) / std::log(kWatchable / kMinimumSpeed);
  return kWatchablePart +
         (1 - kWatchablePart) * std::log(steps_per_second / kWatchable) / std::log(kMaximumSpeed / kWatchable);
}

double slider_to_speed(double place) {
  place = std::clamp(place, 0.0, 1.0);
  const double speed =
      place <= kWatchablePart
          ? kMinimumSpeed * std::pow(kWatchable / kMinimumSpeed, place / kWatchablePart)
          : kWatchable * std::pow(kMaximumSpeed / kWatchable, (place - kWatchablePart) / (1 - kWatchablePart));
  // Two significant figures: what is written beside the slider is what one gets.
  const double unit = std::pow(10.0, std::floor(std::log10(speed)) - 1);
  return std::round(speed / unit) * unit;
}

float ToolbarPanel::draw_transport(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const float middle = area.center().y;
  float x = area.x0 + canvas.px(12);
  const auto button = [&](const char* label, bool primary, const std::string& tip, auto sign, const Command& command) {
    const Rect box{x, middle - canvas.px(kButtonHeight) / 2, x + canvas.px(kButton),
                   middle + canvas.px(kButtonHeight) / 2};
    const auto hit = canvas.hit(label, box);
    canvas.fill(box, primary ? theme.accent : hit.hovered ? theme.border : theme.panel, canvas.px(8));
    if (!primary) canvas.outline(box, theme.border, canvas.px(8));
    sign(Sign{canvas, box.center(), canvas.px(10), primary ? theme.on_accent : theme.text});
    if (hit.hovered) canvas.tooltip(tip);
    if (hit.clicked) commands.push_back(command);
    x += canvas.px(kButton + 7);
  };
  const bool playing = view.player->playing();
  button(
      "##restart", false, words(Word::tip_restart),
      [](const Sign& s) {
        s.bar(-1.4f);
        s.back(0);
        s.back(1.2f);
      },
      command::GoTo{{0}});
  button(
      "##previous_switch", false, words(Word::tip_previous_switch),
      [](const Sign& s) {
        const Sign small{s.canvas, {s.at.x + s.r * 0.55f, s.at.y}, s.r * 0.85f, s.colour};
        small.swap();
        const Sign arrow{s.canvas, {s.at.x - s.r * 1.2f, s.at.y}, s.r * 0.6f, s.colour};
        arrow.back(0);
      },
      command::PreviousSwitch{});
  button(
      "##back", false, words(Word::tip_back),
      [](const Sign& s) {
        s.bar(-1);
        s.back(0.4f);
      },
      command::StepBy{-1});
  button(
      "##play", true, words(Word::tip_play),
      [playing](const Sign& s) {
        if (playing) {
          s.bar(-0.55f, 0.32f);
          s.bar(0.55f, 0.32f);
        } else {
          s.forward(0, 1.15f);
        }
      },
      command::TogglePlay{});
  button(
      "##step", false, words(Word::tip_forward),
      [](const Sign& s) {
        s.forward(-0.4f);
        s.bar(1);
      },
      command::StepBy{1});
  button(
      "##next_switch", false, words(Word::tip_next_switch),
      [](const Sign& s) {
        const Sign small{s.canvas, {s.at.x - s.r * 0.55f, s.at.y}, s.r * 0.85f, s.colour};
        small.swap();
        const Sign arrow{s.canvas, {s.at.x + s.r * 1.2f, s.at.y}, s.r * 0.6f, s.colour};
        arrow.forward(0);
      },
      command::NextSwitch{});
  return x;
}

float ToolbarPanel::draw_speed(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const float middle = area.center().y;
  float x = area.x0 + canvas.px(10);
  const float word = std::ceil(canvas.width(FontRole::text, words(Word::speed)));
  canvas.text_in({x, area.y0, x + word + 1, area.y1}, {FontRole::text}, theme.dim, words(Word::speed));
  x += word + canvas.px(12);

  const float wide = canvas.px(120);
  const float knob = x + wide * static_cast<float>(speed_to_slider(view.player->speed()));
  canvas.fill({x, middle - canvas.px(3), x + wide, middle + canvas.px(3)}, theme.border, canvas.px(3));
  canvas.fill({x, middle - canvas.px(3), knob, middle + canvas.px(3)}, theme.accent, canvas.px(3));
  canvas.circle({knob, middle}, canvas.px(10), theme.text);
  const auto hit = canvas.hit("##speed", {x, middle - canvas.px(16), x + wide, middle + canvas.px(16)});
  if (hit.held) {
    commands.push_back(command::SetSpeed{slider_to_speed(static_cast<double>((ImGui::GetIO().MousePos.x - x) / wide))});
  } else if (hit.hovered) {
    canvas.tooltip(words(Word::tip_speed));
  }
  x += wide + canvas.px(16);
  const std::string number = speed_number(view.player->speed());
  x += canvas.text_in({x, area.y0, x + canvas.px(90), area.y1}, {FontRole::mono_bold}, theme.text, number).width();
  x += canvas.px(7);
  const float unit = std::ceil(canvas.width(FontRole::small, words(Word::steps_per_second)));
  canvas.text_in({x, area.y0, x + unit + 1, area.y1}, {FontRole::small}, theme.dim, words(Word::steps_per_second));
  return area.x0 + canvas.px(10) + word + canvas.px(12) + wide + canvas.px(16 + 66) + unit + canvas.px(14);
}

float ToolbarPanel::draw_right(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const float middle = area.center().y;
  const char* name = words(theme.dark() ? Word::dark : Word::light);
  const float wide = canvas.px(54) + std::ceil(canvas.width(FontRole::text, name));
  const Rect box{area.x1 - canvas.px(14) - wide, middle - canvas.px(19), area.x1 - canvas.px(14),
                 middle + canvas.px(19)};
  const auto hit = canvas.hit("##theme", box);
  canvas.outline(box, hit.hovered ? theme.text : theme.border, canvas.px(8));
  const Point moon{box.x0 + canvas.px(22), middle};
  canvas.circle(moon, canvas.px(8), theme.text);
  if (theme.dark()) canvas.circle({moon.x + canvas.px(4), moon.y - canvas.px(3)}, canvas.px(7), theme.head);
  canvas.text_in({box.x0 + canvas.px(36), box.y0, box.x1 - canvas.px(12), box.y1}, {FontRole::text}, theme.text, name,
                 Align::right);
  if (hit.hovered) canvas.tooltip(words(Word::tip_theme));
  if (hit.clicked) commands.push_back(command::ToggleTheme{});

  const Rect figures{box.x0 - canvas.px(52), box.y0, box.x0 - canvas.px(10), box.y1};
  const auto open_figures = canvas.hit("##figures", figures);
  const bool shown = view.state->figure != core::Figure::none;
  if (shown) canvas.fill(figures, theme.accent, canvas.px(8));
  canvas.outline(figures, open_figures.hovered ? theme.text : theme.border, canvas.px(8));
  for (const Point corner : {Point{-1, -1}, Point{1, -1}, Point{-1, 1}, Point{1, 1}}) {
    const Point at{figures.center().x + corner.x * canvas.px(7), figures.center().y + corner.y * canvas.px(7)};
    const float r = canvas.px(5);
    canvas.fill({at.x - r, at.y - r, at.x + r, at.y + r}, shown ? theme.on_accent : theme.text, canvas.px(2));
  }
  if (open_figures.hovered) canvas.tooltip(words(Word::tip_figure));
  if (open_figures.clicked) commands.push_back(command::ToggleFigure{});

  float left = figures.x0;
  if (view.can_choose) {
    const Rect choose{left - canvas.px(52), box.y0, left - canvas.px(10), box.y1};
    const auto pressed = canvas.hit("##choose", choose);
    const bool chosen = view.state->choosing;
    if (chosen) canvas.fill(choose, theme.accent, canvas.px(8));
    canvas.outline(choose, pressed.hovered ? theme.text : theme.border, canvas.px(8));
    // One way that parts into three.
    const Colour ink = chosen ? theme.on_accent : theme.text;
    const Point from{choose.center().x - canvas.px(11), choose.center().y};
    for (const float to : {-9.f, 0.f, 9.f}) {
      const Point end{choose.center().x + canvas.px(9), choose.center().y + canvas.px(to)};
      canvas.line(from, end, ink, canvas.px(2));
      canvas.circle(end, canvas.px(4), ink);
    }
    canvas.circle(from, canvas.px(4), ink);
    if (pressed.hovered) canvas.tooltip(words(Word::tip_choose));
    if (pressed.clicked) commands.push_back(command::ChooseOrder{});
    left = choose.x0;
  }

  float x = left - canvas.px(18);
  const std::string place = grouped(view.cursor.value) + " / " + grouped(view.timeline->steps.value);
  const float place_width = std::ceil(canvas.width(FontRole::mono_bold, place)) + 1;
  const Rect counter{x - place_width, area.y0, x, area.y1};
  canvas.text_in(counter, {FontRole::mono_bold}, view.in_past ? theme.alert : theme.text, place, Align::right);
  if (canvas.hit("##counter", counter).clicked) commands.push_back(command::Open{command::Dialog::go_to});
  x = counter.x0 - canvas.px(10);
  const float step_width = std::ceil(canvas.width(FontRole::text, words(Word::step))) + 1;
  canvas.text_in({x - step_width, area.y0, x, area.y1}, {FontRole::text}, theme.dim, words(Word::step), Align::right);
  x -= step_width + canvas.px(14);

  const auto sign = [&](const std::string& text, bool filled, const char* label) {
    const float pill = std::ceil(canvas.width(FontRole::small, text)) + canvas.px(28);
    const Rect rect{x - pill, middle - canvas.px(15), x, middle + canvas.px(15)};
    const auto pressed = canvas.hit(label, rect);
    canvas.pill(rect, filled, theme.alert, theme.on_alert, text);
    if (pressed.clicked) commands.push_back(command::ToEnd{});
    x = rect.x0 - canvas.px(10);
  };
  if (view.timeline->recording) sign(words(Word::recording), false, "##recording");
  if (view.in_past) {
    const std::uint64_t behind = view.timeline->steps.value - view.cursor.value;
    sign(std::string(words(Word::past)) + " · " + words(Word::behind_n, grouped(behind)), true, "##past");
  }
  return x;
}

void ToolbarPanel::draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  canvas.items().begin_panel("toolbar", area);
  canvas.fill(area, theme.head);
  canvas.line({area.x0, area.y1}, {area.x1, area.y1}, theme.border);
  float x = draw_transport(canvas, view, area, commands);
  const float right = draw_right(canvas, view, area, commands);
  if (right - x > canvas.px(340)) x = draw_speed(canvas, view, {x, area.y0, right, area.y1}, commands);
  if (right - x < canvas.px(80)) return;
  canvas.line({x, area.y0 + canvas.px(12)}, {x, area.y1 - canvas.px(12)}, theme.border);
  const Rect title{x + canvas.px(20), area.y0, right - canvas.px(10), area.y1};
  if (view.scenario == nullptr || !view.scenario->explored) {
    canvas.text_in(title, {FontRole::title, FontRole::text_bold, FontRole::small, FontRole::tiny}, theme.text,
                   view.title);
    return;
  }
  const std::string explored = explored_text(*view.scenario->explored, view.words());
  const float half = area.center().y;
  const auto fits = [&](const std::string& text) { return canvas.width(FontRole::micro, text) <= title.width(); };
  const std::string name(view.title);
  canvas.text_in({title.x0, area.y0 + canvas.px(4), title.x1, half + canvas.px(2)},
                 {FontRole::small, FontRole::tiny, FontRole::micro}, theme.text, fits(name) ? name : elide(name, fits));
  canvas.text_in({title.x0, half, title.x1, area.y1 - canvas.px(4)}, {FontRole::small, FontRole::tiny, FontRole::micro},
                 theme.dim, explored);
  canvas.items().mark("explored as", title);
  if (canvas.hit("##title", title).hovered) canvas.tooltip(name + "\n" + explored);
}

}  // namespace fiberscope::app
