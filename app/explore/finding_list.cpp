#include "app/explore/finding_list.h"

#include <fmt/format.h>

#include <algorithm>

namespace fiberscope::app {
namespace {

using core::explore::ExploreAnswer;
using Finding = ExploreAnswer::Finding;

constexpr float kLine = 24;
constexpr float kPad = 8;

Word word_of(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::violation:
      return Word::finding_assertion;
    case Finding::Kind::deadlock:
      return Word::finding_deadlock;
    case Finding::Kind::livelock:
      return Word::finding_livelock;
    case Finding::Kind::race:
      break;
  }
  return Word::finding_race;
}

float height_of(const Finding& finding) {
  return kLine * static_cast<float>(1 + std::min<std::size_t>(finding.places.size(), 4)) + kPad;
}

void draw_finding(Canvas& canvas, const View& view, const Finding& finding, std::size_t index, const Rect& area,
                  Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const auto px = [&](float units) { return canvas.px(units); };
  const float line = px(kLine);
  const bool severe = finding.kind != Finding::Kind::race;
  const char* kind = words(word_of(finding.kind));
  const float wide = canvas.width(FontRole::tiny, kind) + px(22);
  canvas.pill({area.x0, area.y0 + px(1), area.x0 + wide, area.y0 + line}, severe, severe ? theme.alert : theme.dim,
              theme.on_alert, kind, FontRole::tiny);
  float right = area.x1;
  for (std::size_t i = finding.schedules.size(); i-- > 0;) {
    const Rect box{right - px(40), area.y0, right, area.y0 + line};
    if (draw_replay(canvas, fmt::format("finding {} {}", index, i), box,
                    finding.schedules[i] + "\n" + words(Word::tip_replay)))
      commands.push_back(command::Explore{exploring::ReplaySchedule{finding.schedules[i]}});
    right = box.x0 - px(6);
  }
  canvas.text_in({area.x0 + wide + px(10), area.y0, right - px(6), area.y0 + line},
                 {FontRole::mono_small, FontRole::mono_tiny}, theme.text, finding.what);
  float y = area.y0 + line;
  for (std::size_t i = 0; i < std::min<std::size_t>(finding.places.size(), 4); ++i) {
    canvas.text_in({area.x0 + px(8), y, area.x1, y + line}, {FontRole::mono_tiny, FontRole::tiny, FontRole::micro},
                   theme.dim, finding.places[i]);
    y += line;
  }
}

}  // namespace

void FindingList::draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const auto px = [&](float units) { return canvas.px(units); };
  const Rect note = canvas.panel_head("findings", area, words(Word::findings));
  if (!view.explore->answer) return;
  const auto& findings = view.explore->answer->findings;
  const Rect list{area.x0 + px(14), area.y0 + px(44), area.x1 - px(12), area.y1 - px(4)};
  if (findings.empty()) {
    canvas.text_in({list.x0, list.y0, list.x1, list.y0 + px(34)},
                   {FontRole::text, FontRole::small, FontRole::tiny, FontRole::micro}, theme.dim,
                   words(Word::findings_none));
    return;
  }
  // Rows differ in height: the last page begins where the rest fits.
  std::size_t fits = 0;
  for (float used = 0; fits < findings.size(); ++fits) {
    used += px(height_of(findings[findings.size() - 1 - fits]));
    if (used > list.height()) break;
  }
  const std::size_t first = scroll_.first(area, findings.size(), std::max<std::size_t>(1, fits));
  float y = list.y0;
  std::size_t end = first;
  while (end < findings.size() && y + px(height_of(findings[end])) <= list.y1 + px(kPad)) {
    const float high = px(height_of(findings[end]));
    draw_finding(canvas, view, findings[end], end + 1, {list.x0, y, list.x1, y + high - px(kPad)}, commands);
    y += high;
    ++end;
  }
  if (end - first < findings.size())
    canvas.text_in(
        note, {FontRole::small, FontRole::tiny}, theme.dim,
        words(Word::shown_of_n, {std::to_string(first + 1), std::to_string(end), std::to_string(findings.size())}),
        Align::right);
}

}  // namespace fiberscope::app
