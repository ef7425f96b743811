#include "app/explore/lattice_figure.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>

#include "app/explore/outcome_style.h"
#include "app/format.h"

namespace fiberscope::app {
namespace {

using core::explore::LatticePoint;
using core::explore::ProgressGraph;

constexpr float kSmallestCell = 7;  // pixels
constexpr float kRoundCell = 34;    // units
constexpr std::size_t kMostStrips = 8;

class Plot {
 public:
  Plot(Canvas& canvas, const View& view, const LatticePlot& plot)
      : canvas_(canvas), view_(view), plot_(plot), graph_(*view.explore->answer->pictures->progress) {}

  void draw() {
    draw_grid();
    draw_path();
    for (std::uint32_t second = 0; second <= graph_.steps[1]; ++second)
      for (std::uint32_t first = 0; first <= graph_.steps[0]; ++first) draw_point({first, second});
    draw_axes();
  }

  [[nodiscard]] std::string tip(LatticePoint at) const {
    const Words words = view_.words();
    std::string text;
    const std::array<std::uint32_t, 2> done{at.first, at.second};
    for (std::size_t thread = 0; thread < 2; ++thread) {
      if (graph_.loops()) {
        const std::string name = std::to_string(thread + 1);
        text += done[thread] == graph_.steps[thread]
                    ? words(Word::progress_finished_n, name)
                    : words(Word::progress_at_n, {name, graph_.texts[thread][done[thread]]});
        text += "\n";
        continue;
      }
      text += words(Word::progress_after_n,
                    {std::to_string(thread + 1), std::to_string(done[thread]), std::to_string(graph_.steps[thread])});
      const std::string last = done[thread] == 0 ? "" : graph_.texts[thread][done[thread] - 1];
      text += last.empty() ? "\n" : ": " + last + "\n";
    }
    const auto* outcomes = graph_.outcomes(at);
    if (outcomes == nullptr) return text + words(Word::progress_unreachable);
    if (outcomes->empty()) return text + words(Word::progress_stuck);
    text += words(Word::progress_still);
    for (const std::uint32_t id : *outcomes) text += " " + outcome_letter(id);
    return text;
  }

 private:
  [[nodiscard]] Rect square(LatticePoint at) const {
    const Point middle = plot_.at(at);
    const float half = plot_.cell * 0.34f;
    return {middle.x - half, middle.y - half, middle.x + half, middle.y + half};
  }

  void draw_grid() {
    const Colour colour = canvas_.theme().border;
    const LatticePoint end{graph_.steps[0], graph_.steps[1]};
    for (std::uint32_t i = 0; i <= end.first; ++i) canvas_.line(plot_.at({i, 0}), plot_.at({i, end.second}), colour, 1);
    for (std::uint32_t i = 0; i <= end.second; ++i) canvas_.line(plot_.at({0, i}), plot_.at({end.first, i}), colour, 1);
  }

  void draw_path() {
    const ShownSchedule& shown = view_.explore->shown;
    const auto points = !graph_.loops()    ? core::explore::points_of(shown.actions)
                        : !shown.execution ? std::vector<LatticePoint>()
                                           : points_of(graph_, shown.execution->steps, shown.outcome != 0);
    for (std::size_t i = 1; i < points.size(); ++i) {
      if (points[i].first > graph_.steps[0] || points[i].second > graph_.steps[1]) break;
      if (leaps(points[i - 1], points[i])) {
        draw_leap(points[i - 1], points[i]);
      } else {
        canvas_.line(plot_.at(points[i - 1]), plot_.at(points[i]), canvas_.theme().text, std::max(2.f, canvas_.px(5)));
      }
      on_path_.push_back(points[i - 1]);
      on_path_.push_back(points[i]);
    }
  }

  /// More or less than one to the right or up.
  [[nodiscard]] static bool leaps(LatticePoint from, LatticePoint to) {
    return to.first + to.second != from.first + from.second + 1 || to.first < from.first || to.second < from.second;
  }

  /// Dashed, beside the points that are passed over.
  void draw_leap(LatticePoint from, LatticePoint to) {
    if (from == to) return;
    const float aside = plot_.cell * 0.42f;
    const bool across = from.second == to.second;
    const auto moved = [&](LatticePoint at) {
      const Point point = plot_.at(at);
      return across ? Point{point.x, point.y - aside} : Point{point.x - aside, point.y};
    };
    const Point corners[] = {plot_.at(from), moved(from), moved(to), plot_.at(to)};
    const float dash = std::max(2.f, canvas_.px(4));
    for (std::size_t i = 0; i < 3; ++i) {
      const Point a = corners[i];
      const Point b = corners[i + 1];
      const float length = std::max(1.f, std::hypot(b.x - a.x, b.y - a.y));
      for (float at = 0; at < length; at += 2 * dash)
        canvas_.line(mix(a, b, at / length), mix(a, b, std::min(1.f, (at + dash) / length)), canvas_.theme().text,
                     std::max(1.5f, canvas_.px(2.5f)));
    }
  }

  void draw_point(LatticePoint at) {
    const Theme& theme = canvas_.theme();
    const Rect box = square(at);
    canvas_.items().mark(fmt::format("point {} {}", at.first, at.second), box);
    const auto* outcomes = graph_.outcomes(at);
    // Round corners and hatching are many vertices, and small points are many.
    const float rounding = plot_.cell >= canvas_.px(kRoundCell) ? canvas_.px(5) : 0;
    canvas_.fill(box, theme.panel, rounding);
    if (outcomes == nullptr) {
      if (legible(box)) {
        canvas_.hatch(box, theme.hatch, std::max(3.f, canvas_.px(6)));
      } else {
        canvas_.line({box.x0, box.y1}, {box.x1, box.y0}, theme.hatch, 1);
      }
      canvas_.outline(box, theme.faint, rounding);
    } else if (outcomes->empty()) {
      canvas_.outline(box, theme.alert, rounding, canvas_.px(2));
      write(box, "×", theme.alert);
    } else if (outcomes->size() == 1) {
      canvas_.fill(box, outcome_colour(theme, outcomes->front()), rounding);
      write(box, outcome_letter(outcomes->front()), on_outcome(theme, outcomes->front()));
    } else {
      draw_choice(box, *outcomes);
    }
    if (std::find(on_path_.begin(), on_path_.end(), at) != on_path_.end())
      canvas_.outline({box.x0 - 1, box.y0 - 1, box.x1 + 1, box.y1 + 1}, theme.text, rounding, canvas_.px(3));
  }

  /// A strip for each outcome that is left, and how many there are.
  void draw_choice(const Rect& box, const std::vector<std::uint32_t>& outcomes) {
    const Theme& theme = canvas_.theme();
    const std::size_t strips = std::min(outcomes.size(), kMostStrips);
    const float wide = box.width() / static_cast<float>(strips);
    for (std::size_t i = 0; i < strips; ++i) {
      const float x = box.x0 + wide * static_cast<float>(i);
      canvas_.fill({x, box.y0, x + wide, box.y1}, outcome_colour(theme, outcomes[i]));
    }
    const float half = std::min(box.height() * 0.30f, canvas_.px(12));
    const Point middle = box.center();
    if (half * 2 < canvas_.line_height(FontRole::micro) * 0.8f) return;  // the strips say which, and the tip
    const Rect plate{middle.x - half * 1.2f, middle.y - half, middle.x + half * 1.2f, middle.y + half};
    canvas_.fill(plate, theme.panel, canvas_.px(4));
    write(plate, std::to_string(outcomes.size()), theme.text);
  }

  [[nodiscard]] bool legible(const Rect& box) const {
    return box.height() >= canvas_.line_height(FontRole::micro) * 0.9f;
  }

  void write(const Rect& box, const std::string& text, Colour colour) {
    if (!legible(box)) return;
    canvas_.text_in(box, {box.height() > canvas_.px(26) ? FontRole::text_bold : FontRole::tiny, FontRole::micro},
                    colour, text, Align::center);
  }

  void draw_axes() {
    const Theme& theme = canvas_.theme();
    const float line = canvas_.line_height(FontRole::tiny);
    const std::uint32_t every = plot_.cell > line * 1.4f ? 1 : plot_.cell > line * 0.7f ? 2 : 5;
    for (std::uint32_t i = 0; i <= graph_.steps[0]; i += every) {
      const float x = plot_.at({i, 0}).x;
      canvas_.text_in({x - plot_.cell * every / 2, plot_.area.y1, x + plot_.cell * every / 2, plot_.area.y1 + line},
                      {FontRole::tiny, FontRole::micro}, theme.dim, std::to_string(i), Align::center);
    }
    for (std::uint32_t i = 0; i <= graph_.steps[1]; i += every) {
      const float y = plot_.at({0, i}).y;
      canvas_.text_in({plot_.area.x0 - canvas_.px(34), y - line / 2, plot_.area.x0 - canvas_.px(4), y + line / 2},
                      {FontRole::tiny, FontRole::micro}, theme.dim, std::to_string(i), Align::right);
    }
    const float radius = canvas_.px(12);
    // Beside the last number, and above the topmost one.
    const float last = plot_.at({graph_.steps[0], 0}).x;
    const float wide = canvas_.width(FontRole::tiny, std::to_string(graph_.steps[0])) / 2;
    const float top = plot_.at({0, graph_.steps[1]}).y - line / 2 - radius - canvas_.px(2);
    canvas_.badge(
        {std::max(plot_.area.x1 + canvas_.px(14), last + wide + radius + canvas_.px(4)), plot_.area.y1 + line / 2},
        radius, explored_thread(0));
    canvas_.badge({plot_.area.x0 - canvas_.px(16), std::min(plot_.area.y0 - canvas_.px(14), top)}, radius,
                  explored_thread(1));
  }

  Canvas& canvas_;
  const View& view_;
  const LatticePlot& plot_;
  const ProgressGraph& graph_;
  std::vector<LatticePoint> on_path_;
};

}  // namespace

LatticePoint LatticePlot::nearest(Point place) const {
  const auto clamp = [](float value, std::uint32_t most) {
    return static_cast<std::uint32_t>(std::clamp(std::floor(value), 0.f, static_cast<float>(most)));
  };
  return {clamp((place.x - area.x0) / cell, steps[0]), clamp((area.y1 - place.y) / cell, steps[1])};
}

LatticePlot lay_out_lattice(const Rect& area, std::array<std::uint32_t, 2> steps) {
  const float across = static_cast<float>(steps[0]) + 1;
  const float up = static_cast<float>(steps[1]) + 1;
  const float cell = std::floor(std::min(area.width() / across, area.height() / up));
  const Point middle = area.center();
  return {
      {middle.x - cell * across / 2, middle.y - cell * up / 2, middle.x + cell * across / 2, middle.y + cell * up / 2},
      cell,
      steps};
}

void LatticeFigure::draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Words words = view.words();
  const auto px = [&](float units) { return canvas.px(units); };
  canvas.panel_head("lattice", area, words(Word::progress_graph));
  if (!view.explore->answer) return;
  const float bottom = area.y1 - px(130);
  draw_plot(canvas, view, {area.x0 + px(48), area.y0 + px(70), area.x1 - px(34), bottom - px(32)}, commands);
  draw_shown(canvas, view, {area.x0 + px(14), bottom, area.x1 - px(14), area.y1 - px(8)}, commands);
}

void LatticeFigure::draw_plot(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const auto& pictures = view.explore->answer->pictures;
  const Words words = view.words();
  const auto say = [&](const std::string& text) {
    float y = area.y0;
    for (const std::string& line : canvas.wrap(FontRole::small, text, area.width(), 5)) {
      canvas.text_in({area.x0, y, area.x1, y + canvas.px(26)}, {FontRole::small, FontRole::tiny, FontRole::micro},
                     canvas.theme().dim, line);
      y += canvas.px(26);
    }
  };
  if (!pictures) return say(words(Word::progress_incomplete));
  if (!pictures->progress)
    return say(words(Word::progress_none,
                     {grouped(core::explore::kMostProgressPoints), grouped(core::explore::kMostProgressStates),
                      grouped(core::explore::kMostProgressOutcomes)}));
  const LatticePlot plot = lay_out_lattice(area, pictures->progress->steps);
  if (plot.cell < kSmallestCell)
    return say(words(Word::progress_too_large_n, grouped(pictures->progress->points.size())));
  Plot drawing(canvas, view, plot);
  drawing.draw();
  const auto hit = canvas.hit("lattice", plot.area);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const LatticePoint under = plot.nearest({mouse.x, mouse.y});
  if (!hit.held) dragged_.reset();
  if (hit.held && view.explore->can_drag() && dragged_ != under) {
    dragged_ = under;
    commands.push_back(command::Explore{exploring::Drag{under}});
  }
  if (hit.hovered && !hit.held) canvas.tooltip(drawing.tip(under));
}

void LatticeFigure::draw_shown(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const ShownSchedule& shown = view.explore->shown;
  const auto px = [&](float units) { return canvas.px(units); };
  const float line = px(30);
  if (shown.text.empty()) return;
  const auto short_text = [&](float wide) {
    const auto fits = [&](const std::string& text) { return canvas.width(FontRole::mono_tiny, text) <= wide; };
    return fits(shown.text) ? shown.text : elide(shown.text, fits);
  };
  canvas.text_in({area.x0, area.y0, area.x1, area.y0 + line}, {FontRole::mono_small, FontRole::mono_tiny}, theme.text,
                 short_text(area.width()));
  const float second = area.y0 + line;
  std::string state = words(shown.witness ? Word::shown_witness : shown.path ? Word::shown_typed : Word::shown_dragged);
  float x = area.x0;
  if (shown.path && shown.path->end != core::explore::SchedulePath::End::outcome) {
    state = path_state(*shown.path, words);
  } else if (shown.blocked) {
    state = words(Word::shown_blocked_n, fmt::format("T{}", shown.actions[*shown.blocked] + 1));
  } else if (const auto* outcome = view.explore->outcome(shown.outcome)) {
    draw_outcome(canvas, {x, second + px(2), x + px(28), second + px(28)}, outcome->id);
    canvas.items().mark(fmt::format("shown outcome {}", outcome->id), {x, second + px(2), x + px(28), second + px(28)});
    x += px(38);
    const std::string tail = " · " + state;
    const auto fits = [&](const std::string& text) {
      return canvas.width(FontRole::micro, text + tail) <= area.x1 - x;
    };
    const std::string all = outcome_values(*view.explore, *outcome);
    const std::string values = fits(all) ? all : telling_values(*view.explore, *outcome);
    state = (fits(values) ? values : elide(values, fits)) + tail;
    if (!fits(all) && canvas.hit("shown values", {x, second, area.x1, second + line}).hovered) canvas.tooltip(all);
  } else {
    state = std::string(words(Word::shown_no_end)) + " · " + state;
  }
  canvas.text_in({x, second, area.x1, second + line},
                 {FontRole::text, FontRole::small, FontRole::tiny, FontRole::micro},
                 shown.blocked ? theme.alert : theme.text, state);
  const float third = second + line + px(4);
  const float wide = canvas.width(FontRole::text_bold, words(Word::replay_this)) + px(28);
  const Rect button{area.x0, third, shown.blocked ? area.x0 : area.x0 + wide, third + px(36)};
  if (!shown.blocked && draw_button(canvas, "replay this", button, words(Word::replay_this)))
    commands.push_back(command::Explore{exploring::ReplayPath{}});
  const auto& pictures = view.explore->answer->pictures;
  if (!pictures || !pictures->progress) return;
  const Word hint = pictures->progress->loops()    ? Word::progress_places
                    : view.explore->can_drag()     ? Word::progress_drag
                    : pictures->states.has_buffers ? Word::progress_no_drag
                                                   : Word::progress_many_states;
  const Rect room{button.x1 + px(12), third - px(2), area.x1, area.y1};
  float y = room.y0;
  const std::string note = shown.path && !shown.path->why.empty() ? shown.path->why : words(hint);
  for (const std::string& text : canvas.wrap(FontRole::tiny, note, room.width(), 3)) {
    canvas.text_in({room.x0, y, room.x1, y + px(20)}, {FontRole::tiny, FontRole::micro}, theme.dim, text);
    y += px(20);
  }
}

}  // namespace fiberscope::app
