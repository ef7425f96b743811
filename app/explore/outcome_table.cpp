#include "app/explore/outcome_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/explore/probability_text.h"

namespace fiberscope::app {
namespace {

using core::explore::ExploreAnswer;

constexpr float kHead = 38;
constexpr float kColumns = 30;
constexpr float kRow = 52;
constexpr float kValueLine = 24;  // of a row, where the values need one

struct Column {
  Word word;
  OutcomeOrder order;
  float width;
};
constexpr std::array<Column, 4> kNumbers = {{{Word::explore_schedules, OutcomeOrder::schedules, 108},
                                             {Word::explore_executions, OutcomeOrder::executions, 104},
                                             {Word::outcome_probability, OutcomeOrder::probability, 108},
                                             {Word::outcome_preemptions, OutcomeOrder::preemptions, 86}}};
constexpr float kReplay = 46;
constexpr float kBadge = 52;

std::string number_text(const ExploreAnswer::Outcome& outcome, OutcomeOrder column) {
  switch (column) {
    case OutcomeOrder::schedules:
      return short_count(outcome.schedules);
    case OutcomeOrder::executions:
      return short_count(outcome.executions);
    case OutcomeOrder::probability:
      return outcome.probability ? core::explore::probability_text(*outcome.probability) : "–";
    case OutcomeOrder::preemptions:
      return outcome.preemptions ? std::to_string(*outcome.preemptions) : "–";
    case OutcomeOrder::id:
      break;
  }
  return {};
}

/// How the values are shown, so that all of them can be read.
struct ValueStyle {
  bool telling = false;   ///< only what is not the same in all outcomes: the head has the rest
  bool own_line = false;  ///< below the numbers

  [[nodiscard]] std::string text(const ExploreState& state, const ExploreAnswer::Outcome& outcome) const {
    return telling ? telling_values(state, outcome) : outcome_values(state, outcome);
  }
};

/// For a table so wide.
ValueStyle value_style(const Canvas& canvas, const ExploreState& state, float width) {
  float column = width - canvas.px(kBadge + kReplay + 12);
  for (const Column& number : kNumbers) column -= canvas.px(number.width);
  const auto fit = [&](const ValueStyle& style) {
    const auto& outcomes = state.answer->outcomes;
    return std::all_of(outcomes.begin(), outcomes.end(), [&](const auto& one) {
      return canvas.width(FontRole::mono_tiny, style.text(state, one)) <= column;
    });
  };
  for (const ValueStyle style : {ValueStyle{false, false}, ValueStyle{true, false}})
    if (fit(style)) return style;
  return {true, true};
}

struct Row {
  Canvas& canvas;
  const View& view;
  const ExploreAnswer::Outcome& outcome;
  ValueStyle style;
  Rect area;
  Commands& commands;

  void draw() const {
    const Theme& theme = canvas.theme();
    const Words words = view.words();
    const auto px = [this](float units) { return canvas.px(units); };
    const bool replayable = !outcome.witness.empty();
    // What lies on top of the row comes first: the first one under the mouse takes the click.
    const float middle = area.center().y;
    const Rect badge{area.x0 + px(10), middle - px(17), area.x0 + px(44), middle + px(17)};
    const auto letter = canvas.hit(fmt::format("show outcome {}", outcome.id), badge);
    const auto hit = canvas.hit(fmt::format("outcome {}", outcome.id), area);
    const bool shown = view.explore->shown.outcome == outcome.id;
    if (hit.hovered) canvas.fill(area, theme.head, px(6));
    if (shown) {
      canvas.outline(area, theme.text, px(6), px(1.5f));
      canvas.fill({area.x0, area.y0 + px(6), area.x0 + px(4), area.y1 - px(6)}, theme.text, px(2));
    }
    draw_outcome(canvas, badge, outcome.id);

    float x = area.x1 - px(kReplay);
    const float line = area.y0 + px(28);
    const Point at{area.x1 - px(kReplay) / 2, middle};
    const float r = px(9);
    if (replayable)
      canvas.triangle({at.x - r * 0.8f, at.y - r}, {at.x + r, at.y}, {at.x - r * 0.8f, at.y + r},
                      hit.hovered ? theme.accent : theme.dim);
    for (auto column = kNumbers.rbegin(); column != kNumbers.rend(); ++column) {
      canvas.text_in({x - px(column->width), area.y0 + px(2), x - px(8), line},
                     {FontRole::mono_small, FontRole::mono_tiny}, theme.text, number_text(outcome, column->order),
                     Align::right);
      x -= px(column->width);
    }
    const std::string values = style.text(*view.explore, outcome);
    const float lower = style.own_line ? line + px(kValueLine) : line;
    const Rect place{area.x0 + px(kBadge), style.own_line ? line : area.y0 + px(2),
                     style.own_line ? area.x1 - px(kReplay) - px(8) : x, lower};
    if (style.own_line) {
      canvas.text_in(place, {FontRole::mono_small, FontRole::mono_tiny, FontRole::tiny, FontRole::micro}, theme.text,
                     shorten(values, place.width(), FontRole::micro));
    } else {
      canvas.text_in(place, {FontRole::mono_small, FontRole::mono_tiny}, theme.text, values);
    }
    const Rect below{area.x0 + px(kBadge), lower, area.x1 - px(kReplay) - px(8), area.y1 - px(2)};
    float left = below.x0;
    if (outcome.violates) {
      const float wide = canvas.width(FontRole::tiny, words(Word::outcome_fails)) + px(20);
      canvas.pill({left, below.y0 + px(1), left + wide, below.y1 - px(1)}, true, theme.alert, theme.on_alert,
                  words(Word::outcome_fails), FontRole::tiny);
      left += wide + px(8);
    }
    canvas.text_in({left, below.y0, below.x1, below.y1}, {FontRole::mono_tiny}, theme.dim,
                   shorten(outcome.witness, below.x1 - left));
    if (letter.clicked) commands.push_back(command::Explore{exploring::ShowOutcome{outcome.id}});
    if (hit.clicked && replayable) commands.push_back(command::Explore{exploring::ReplayOutcome{outcome.id}});
    if (letter.hovered) canvas.tooltip(words(Word::tip_show_outcome));
    if (hit.hovered && replayable) canvas.tooltip(tip(outcome_values(*view.explore, outcome)));
  }

  /// The whole of what the row may have shortened.
  [[nodiscard]] std::string tip(const std::string& values) const {
    const Words words = view.words();
    std::string text = values + "\n" + outcome.witness + "\n";
    text += fmt::format("{} {}", outcome.schedules,
                        words(outcome.schedules == "1" ? Word::one_schedule : Word::explore_schedules));
    if (!outcome.probability_exact.empty())
      text += fmt::format("\n{}: {}", words(Word::tip_probability), outcome.probability_exact);
    return text + "\n" + words(Word::tip_replay);
  }

  /// What is too long for its line ends with "…"; the tip spells it out.
  [[nodiscard]] std::string shorten(const std::string& whole, float wide, FontRole font = FontRole::mono_tiny) const {
    const auto fits = [&](const std::string& text) { return canvas.width(font, text) <= wide; };
    return fits(whole) ? whole : elide(whole, fits);
  }
};

/// What is the same in all outcomes, once for all of them.
void draw_common(Canvas& canvas, const View& view, const Rect& area) {
  const std::string common = common_values(*view.explore);
  if (common.empty()) return;
  const std::string text = view.words()(Word::outcome_common_n, common);
  const auto fits = [&](const std::string& one) { return canvas.width(FontRole::micro, one) <= area.width(); };
  const Rect place = canvas.text_in(area, {FontRole::small, FontRole::tiny, FontRole::micro}, canvas.theme().dim,
                                    fits(text) ? text : elide(text, fits), Align::right);
  if (canvas.hit("common values", place).hovered) canvas.tooltip(text);
}

}  // namespace

float OutcomeTable::wanted_height(const Canvas& canvas, const ExploreState& state, float width) {
  const std::size_t outcomes = state.answer ? state.answer->outcomes.size() : 0;
  const bool own_line = outcomes > 0 && value_style(canvas, state, width).own_line;
  const float row = own_line ? kRow + kValueLine : kRow;
  return kHead + kColumns + row * static_cast<float>(std::max<std::size_t>(outcomes, 1)) + 10;
}

void OutcomeTable::draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const auto px = [&](float units) { return canvas.px(units); };
  const Rect note = canvas.panel_head("outcomes", area, words(Word::outcomes));
  if (!view.explore->answer) {
    if (view.explore->running)
      canvas.text_in({area.x0 + px(18), area.y0 + px(kHead), area.x1 - px(18), area.y0 + px(kHead + kColumns)},
                     {FontRole::small, FontRole::tiny}, theme.dim, words(Word::explore_exploring));
    return;
  }
  const ExploreAnswer& answer = *view.explore->answer;
  const Rect list{area.x0 + px(6), area.y0 + px(kHead + kColumns), area.x1 - px(6), area.y1 - px(6)};

  float x = list.x1 - px(kReplay);
  const float top = area.y0 + px(kHead);
  for (auto column = kNumbers.rbegin(); column != kNumbers.rend(); ++column) {
    const Rect head{x - px(column->width) + px(4), top, x - px(8), list.y0};
    const auto hit = canvas.hit(fmt::format("sort {}", static_cast<int>(column->order)), head);
    const bool sorted = view.explore->order == column->order;
    canvas.text_in(head, {FontRole::small, FontRole::tiny, FontRole::micro},
                   sorted || hit.hovered ? theme.text : theme.dim, words(column->word), Align::right);
    if (hit.clicked) commands.push_back(command::Explore{exploring::SortOutcomes{column->order}});
    if (hit.hovered) canvas.tooltip(words(Word::tip_sort));
    x -= px(column->width);
  }
  const Rect values{list.x0 + px(kBadge), top, x, list.y0};
  const auto hit = canvas.hit("sort 0", values);
  canvas.text_in(values, {FontRole::small, FontRole::tiny, FontRole::micro},
                 view.explore->order == OutcomeOrder::id ? theme.text : theme.dim, words(Word::outcome_values));
  if (hit.clicked) commands.push_back(command::Explore{exploring::SortOutcomes{OutcomeOrder::id}});

  if (answer.outcomes.empty()) {
    canvas.text_in({list.x0 + px(12), list.y0, list.x1 - px(12), list.y0 + px(40)},
                   {FontRole::text, FontRole::small, FontRole::tiny}, theme.dim, words(Word::outcome_none));
    return;
  }
  const ValueStyle style = value_style(canvas, *view.explore, area.width());
  const float row = px(style.own_line ? kRow + kValueLine : kRow);
  const auto fits = std::max<std::size_t>(1, static_cast<std::size_t>(list.height() / row));
  const std::size_t first = scroll_.first(area, answer.outcomes.size(), fits);
  const std::size_t end = std::min(first + fits, answer.outcomes.size());
  Rect free = note;
  if (fits < answer.outcomes.size())
    free.x1 = canvas
                  .text_in(note, {FontRole::small, FontRole::tiny}, theme.dim,
                           words(Word::shown_of_n, {std::to_string(first + 1), std::to_string(end),
                                                    std::to_string(answer.outcomes.size())}),
                           Align::right)
                  .x0 -
              px(12);
  if (style.telling) draw_common(canvas, view, free);
  for (std::size_t i = first; i < end; ++i) {
    const float y = list.y0 + row * static_cast<float>(i - first);
    Row{canvas, view, answer.outcomes[i], style, {list.x0, y, list.x1, y + row - px(2)}, commands}.draw();
  }
}

}  // namespace fiberscope::app
