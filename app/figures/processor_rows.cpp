#include "app/figures/processor_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/figures/figures.h"
#include "app/format.h"
#include "app/timeline_layout.h"

namespace fiberscope::app {
namespace {

constexpr std::uint32_t kFutureAlpha = 110;

/// The name where it fits, else the letter of the thread's mark, else nothing.
std::string name_that_fits(const Canvas& canvas, const std::string& name, char letter, float room) {
  if (canvas.width(FontRole::micro, name) <= room) return name;
  const std::string sign(1, letter);
  return canvas.width(FontRole::micro, sign) <= room ? sign : std::string();
}

/// In letters that are no higher than the place.
void write(Canvas& canvas, const Rect& place, Colour ink, std::string_view text) {
  if (place.height() >= canvas.line_height(FontRole::small) * 0.75f) {
    canvas.text_in(place, {FontRole::small, FontRole::tiny, FontRole::micro}, ink, text);
  } else {
    canvas.text_in(place, {FontRole::micro}, ink, text);
  }
}

/// A stay without the times in which its processor waits.
void add_bars(const core::Timeline& timeline, const core::Stay& stay, std::vector<ProcessorBar>& bars) {
  if (stay.own_last < stay.own_first) return;
  core::StepIndex from = stay.first - 1;
  const auto add = [&](bool idle, core::StepIndex to) {
    if (to > from) bars.push_back({stay.cpu, stay.thread, idle, timeline.rounds_at(from), timeline.rounds_at(to)});
    from = std::max(from, to);
  };
  for (const core::Idle& idle : timeline.idles) {
    if (idle.cpu != stay.cpu || idle.last < stay.first || idle.first > stay.last) continue;
    add(false, idle.first - 1);
    add(true, std::min(idle.last, stay.last));
  }
  add(false, stay.last);
}

}  // namespace

std::vector<ProcessorBar> processor_bars(const core::Timeline& timeline) {
  std::vector<ProcessorBar> bars;
  if (timeline.processors == 1)
    for (const core::Slice& slice : timeline.slices)
      bars.push_back(
          {slice.cpu, slice.thread, false, timeline.rounds_at(slice.first - 1), timeline.rounds_at(slice.last)});
  for (const core::Stay& stay : timeline.stays) add_bars(timeline, stay, bars);
  std::stable_sort(bars.begin(), bars.end(), [](const ProcessorBar& left, const ProcessorBar& right) {
    return left.cpu == right.cpu ? left.first < right.first : left.cpu < right.cpu;
  });
  return bars;
}

std::vector<core::CpuId> processors_that_ran(const core::Timeline& timeline) {
  std::vector<core::CpuId> cpus;
  for (std::uint16_t i = 0; i < timeline.processors; ++i)
    if (i >= timeline.own_steps.size() || timeline.own_steps[i] > 0) cpus.push_back({i});
  return cpus;
}

std::string never_started(const Words& words, const core::Timeline& timeline) {
  const std::size_t others = timeline.processors - processors_that_ran(timeline).size();
  return others == 0 ? "" : " · " + words(Word::never_started_n, std::to_string(others));
}

bool is_idle(const core::Timeline& timeline, core::CpuId cpu, core::StepIndex cursor) {
  return std::any_of(timeline.idles.begin(), timeline.idles.end(), [&](const core::Idle& idle) {
    // At the cursor of its last step the interrupt has come, but for what never ends.
    const bool lasts = cursor < idle.last || (cursor == idle.last && idle.last == timeline.steps);
    return idle.cpu == cpu && idle.first <= cursor + 1 && lasts;
  });
}

core::StepIndex cursor_at_rounds(const core::Timeline& timeline, double rounds) {
  if (rounds <= 0) return {};
  if (timeline.clock.empty()) return {static_cast<std::uint64_t>(rounds)};
  const auto parts = static_cast<std::uint64_t>(rounds * static_cast<double>(core::kPartsOfRound));
  const auto behind = std::upper_bound(timeline.clock.begin(), timeline.clock.end(), parts);
  return {static_cast<std::uint64_t>(behind - timeline.clock.begin()) - 1};
}

void draw_idle(Canvas& canvas, const Rect& bar, bool future) {
  const Theme& theme = canvas.theme();
  const Colour ink = future ? with_alpha(theme.dim, kFutureAlpha) : theme.dim;
  canvas.fill(bar, theme.panel);
  if (bar.x1 - bar.x0 > canvas.px(6)) canvas.hatch(bar, ink, canvas.px(7));
  canvas.outline(bar, ink);
}

float draw_idle_legend(Canvas& canvas, const Words& words, const core::Timeline& timeline, const Rect& line) {
  if (timeline.idles.empty()) return line.x1;
  const std::string text = words(Word::idle_legend);
  const float wide = std::min(std::ceil(canvas.width(FontRole::tiny, text)) + canvas.px(2), line.width() * 0.6f);
  const Rect letters{line.x1 - wide, line.y0, line.x1, line.y1};
  const float half = std::min(canvas.px(8), line.height() / 2 - 1);
  const float x1 = letters.x0 - canvas.px(6);
  const Rect sign{x1 - canvas.px(28), line.center().y - half, x1, line.center().y + half};
  draw_idle(canvas, sign, false);
  canvas.text_in(letters, {FontRole::tiny, FontRole::micro}, canvas.theme().dim, text);
  return sign.x0;
}

void draw_processor_rows(Canvas& canvas, const core::Timeline& timeline, const ThreadStyles& styles,
                         const RoundScale& scale, const Rect& area, std::optional<core::StepIndex> now) {
  const Theme& theme = canvas.theme();
  const std::vector<core::CpuId> cpus = processors_that_ran(timeline);
  const float row = area.height() / static_cast<float>(std::max<std::size_t>(cpus.size(), 1));
  const float margin = std::min(canvas.px(5), row * 0.12f);
  const auto rect_of = [&](std::size_t place, double first, double last) {
    const float y = area.y0 + row * static_cast<float>(place);
    const float x0 = scale.x_of(first);
    return Rect{x0, y + margin, std::max(scale.x_of(last), x0 + 1), y + row - margin};
  };
  const std::vector<ProcessorBar> bars = processor_bars(timeline);
  for (std::size_t i = 0; i < cpus.size(); ++i) {
    const float y = area.y0 + row * static_cast<float>(i);
    write(canvas, {area.x0, y, scale.x0 - canvas.px(6), y + row}, theme.text, fmt::format("CPU {}", cpus[i].value));
    // From where it was started.
    const auto first =
        std::find_if(bars.begin(), bars.end(), [&](const ProcessorBar& bar) { return bar.cpu == cpus[i]; });
    if (first != bars.end()) canvas.fill(rect_of(i, first->first, timeline.rounds()), theme.grid);
  }
  const double passed = now ? timeline.rounds_at(*now) : timeline.rounds();
  for (const ProcessorBar& bar : bars) {
    const auto place = std::find(cpus.begin(), cpus.end(), bar.cpu) - cpus.begin();
    const Rect rect = rect_of(static_cast<std::size_t>(place), bar.first, bar.last);
    const bool future = bar.first >= passed && now;
    const ThreadStyle style = styles.of(bar.thread);
    if (bar.idle) {
      draw_idle(canvas, rect, future);
      continue;
    }
    const float now_x = std::clamp(scale.x_of(passed), rect.x0, rect.x1);
    if (!future) canvas.fill({rect.x0, rect.y0, now_x, rect.y1}, theme.thread(style));
    if (now_x < rect.x1 || future)
      canvas.fill({future ? rect.x0 : now_x, rect.y0, rect.x1, rect.y1}, with_alpha(theme.thread(style), kFutureAlpha));
    if (row < canvas.line_height(FontRole::micro) * 0.8f) continue;
    Rect inside{rect.x0 + canvas.px(3), rect.y0, rect.x1 - canvas.px(3), rect.y1};
    // Beside the cursor's line, where that goes through the bar.
    if (const float line = scale.x_of(passed); now && line > rect.x0 && line < rect.x1)
      (line - rect.x0 > rect.x1 - line ? inside.x1 : inside.x0) =
          line + (line - rect.x0 > rect.x1 - line ? -1.f : 1.f) * canvas.px(4);
    const std::string name = name_that_fits(canvas, name_of(timeline, bar.thread), style.letter, inside.width() - 1);
    const bool behind = now && inside.x0 >= scale.x_of(passed);
    if (!name.empty()) write(canvas, inside, behind ? theme.text : theme.on_thread(style), name);
  }
}

void draw_axis(Canvas& canvas, const RoundScale& scale, const Rect& area, std::string_view unit) {
  const Theme& theme = canvas.theme();
  const float wide = std::ceil(canvas.width(FontRole::tiny, unit)) + canvas.px(2);
  canvas.line({scale.x0, area.y0}, {scale.x1, area.y0}, theme.border);
  const Rect words{scale.x1 - wide, area.y0 + canvas.px(3), scale.x1, area.y1};
  canvas.text_in(words, {FontRole::tiny, FontRole::micro}, theme.text, unit, Align::right);
  const TimeScale times{{0, scale.rounds}, scale.x1 - scale.x0};
  const core::StepIndex end{static_cast<std::uint64_t>(scale.rounds)};
  for (const core::StepIndex tick : make_ticks(times, canvas.px(90), end)) {
    const std::string text = grouped(tick.value);
    const float half = std::ceil(canvas.width(FontRole::tiny, text)) / 2 + 1;
    const float x = scale.x_of(static_cast<double>(tick.value));
    canvas.line({x, area.y0}, {x, area.y0 + canvas.px(4)}, theme.dim);
    const float left = std::max(scale.x0, x - half);
    if (left + 2 * half > words.x0 - canvas.px(8)) continue;
    canvas.text_in({left, area.y0 + canvas.px(3), left + 2 * half, area.y1}, {FontRole::tiny, FontRole::micro},
                   theme.dim, text);
  }
}

}  // namespace fiberscope::app
