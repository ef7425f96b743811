#include "app/explore/outcome_style.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "app/format.h"

namespace fiberscope::app {
namespace {

std::size_t colour_of(std::size_t id) {
  return (id + 1) % kThreadColours;
}

/// Whether the value is the same in all outcomes.
bool is_common(const ExploreState& state, std::size_t value) {
  const auto& outcomes = state.answer->outcomes;
  return std::all_of(outcomes.begin(), outcomes.end(),
                     [&](const auto& one) { return one.values.at(value) == outcomes.front().values.at(value); });
}

template <typename Wanted>
std::string values_where(const ExploreState& state, const core::explore::ExploreAnswer::Outcome& outcome,
                         const Wanted& wanted) {
  std::string text;
  for (const std::size_t i : state.values_order)
    if (i < outcome.values.size() && wanted(i))
      text += (text.empty() ? "" : " ") + state.answer->observables[i] + "=" + std::to_string(outcome.values[i]);
  return text;
}

}  // namespace

std::string outcome_letter(std::size_t id) {
  constexpr std::size_t kLetters = 26;
  return id >= 1 && id <= kLetters ? std::string(1, static_cast<char>('A' + id - 1)) : std::to_string(id);
}

Colour outcome_colour(const Theme& theme, std::size_t id) {
  return theme.threads[colour_of(id)];
}

Colour on_outcome(const Theme& theme, std::size_t id) {
  return theme.on_threads[colour_of(id)];
}

void draw_outcome(Canvas& canvas, const Rect& box, std::size_t id) {
  canvas.fill(box, outcome_colour(canvas.theme(), id), canvas.px(5));
  canvas.text_in(box, {FontRole::text_bold, FontRole::small, FontRole::tiny, FontRole::micro},
                 on_outcome(canvas.theme(), id), outcome_letter(id), Align::center);
}

std::string outcome_values(const ExploreState& state, const core::explore::ExploreAnswer::Outcome& outcome) {
  return values_where(state, outcome, [](std::size_t) { return true; });
}

std::string telling_values(const ExploreState& state, const core::explore::ExploreAnswer::Outcome& outcome) {
  const std::string text = values_where(state, outcome, [&](std::size_t i) { return !is_common(state, i); });
  return text.empty() ? outcome_values(state, outcome) : text;
}

std::string common_values(const ExploreState& state) {
  const auto& outcomes = state.answer->outcomes;
  if (outcomes.empty()) return {};
  const std::string text = values_where(state, outcomes.front(), [&](std::size_t i) { return is_common(state, i); });
  return text == outcome_values(state, outcomes.front()) ? "" : text;
}

std::string short_count(std::string_view digits) {
  constexpr std::size_t kWhole = 9;
  if (digits.empty()) return "–";
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return std::string(digits);
  if (digits.size() <= kWhole) return grouped(std::stoull(std::string(digits)));
  unsigned long tenths = std::stoul(std::string(digits.substr(0, 2)));
  std::size_t power = digits.size() - 1;
  if (digits[2] >= '5') ++tenths;
  if (tenths == 100) {
    tenths = 10;
    ++power;
  }
  return fmt::format("~{}.{}e{}", tenths / 10, tenths % 10, power);
}

std::string counted(std::string_view digits, const Words& words, Word one, Word many) {
  return short_count(digits) + " " + words(digits == "1" ? one : many);
}

std::string path_state(const core::explore::SchedulePath& path, const Words& words) {
  using End = core::explore::SchedulePath::End;
  switch (path.end) {
    case End::outcome:
      return words(Word::shown_typed);
    case End::deadlock:
      return words(Word::shown_deadlock);
    case End::stops:
      return words(Word::shown_stops);
    case End::impossible:
      break;
  }
  return words(Word::shown_impossible_n, std::to_string(path.item));
}

ThreadStyle explored_thread(std::size_t thread) {
  return {static_cast<char>('1' + thread), static_cast<BadgeShape>(thread % kThreadColours),
          static_cast<std::uint8_t>(thread % kThreadColours)};
}

bool draw_button(Canvas& canvas, std::string_view label, const Rect& box, std::string_view word, bool primary,
                 std::string_view tip) {
  const Theme& theme = canvas.theme();
  const auto hit = canvas.hit(label, box);
  canvas.fill(box, primary ? theme.accent : hit.hovered ? theme.border : theme.head, canvas.px(7));
  if (!primary) canvas.outline(box, theme.border, canvas.px(7));
  canvas.text_in(box.inset(canvas.px(6), 0), {FontRole::text_bold, FontRole::small, FontRole::tiny, FontRole::micro},
                 primary ? theme.on_accent : theme.text, word, Align::center);
  if (hit.hovered && !tip.empty()) canvas.tooltip(tip);
  return hit.clicked;
}

bool draw_replay(Canvas& canvas, std::string_view label, const Rect& box, std::string_view tip) {
  const Theme& theme = canvas.theme();
  const auto hit = canvas.hit(label, box);
  canvas.fill(box, hit.hovered ? theme.accent : theme.head, canvas.px(6));
  canvas.outline(box, theme.border, canvas.px(6));
  const Point at = box.center();
  const float r = std::min(box.width(), box.height()) * 0.26f;
  canvas.triangle({at.x - r * 0.8f, at.y - r}, {at.x + r, at.y}, {at.x - r * 0.8f, at.y + r},
                  hit.hovered ? theme.on_accent : theme.text);
  if (hit.hovered) canvas.tooltip(tip);
  return hit.clicked;
}

std::size_t ListScroll::first(const Rect& area, std::size_t rows, std::size_t fits) {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.MouseWheel != 0 && area.contains({io.MousePos.x, io.MousePos.y})) at_ -= io.MouseWheel;
  at_ = std::clamp(at_, 0.f, static_cast<float>(rows > fits ? rows - fits : 0));
  return static_cast<std::size_t>(at_ + 0.5f);
}

}  // namespace fiberscope::app
