// What the switches cost, counted from the trace; beside another run where the scenario names one (notes 000 and 001).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/figures/figures.h"
#include "app/figures/lane.h"
#include "app/format.h"

namespace fiberscope::app {
namespace {

/// Of the models only what note 001 speaks of; `cost` and `compare` print all.
constexpr std::string_view kModels[] = {"cache_cold_restore_misses", "cache_cold_warmed_restore_misses"};

bool is_shown(const core::CostRow& row) {
  return !row.is_model || std::find(std::begin(kModels), std::end(kModels), row.key) != std::end(kModels);
}

/// The middle of a run's row; "-" where it has none.
std::string median_of(const core::RunCosts& run, const std::string& key) {
  for (const core::CostRow& row : run.rows) {
    const auto* values = std::get_if<core::Spread>(&row.value);
    if (row.key == key && values != nullptr) return std::to_string(values->median);
  }
  return "-";
}

/// The model of the TLBs, a line for each policy: entries kept by a change of stack, hits and misses up to the next
/// one.
std::vector<std::vector<std::string>> tlb_lines(const core::CostComparison& costs) {
  constexpr std::pair<const char*, const char*> kPolicies[] = {
      {"same_space", "one address space"}, {"full_flush", "full flush"}, {"pcid", "PCID"}};
  std::vector<std::vector<std::string>> lines;
  for (const auto& [policy, words] : kPolicies) {
    const std::string key = fmt::format("tlb_{}_", policy);
    std::vector<std::string> line{fmt::format("model: TLB, {}: entries kept, hits, misses (middle)", words)};
    for (const core::RunCosts& run : costs.runs)
      line.push_back(fmt::format("{}, {}, {}", median_of(run, key + "kept"), median_of(run, key + "hits"),
                                 median_of(run, key + "misses")));
    lines.push_back(std::move(line));
  }
  return lines;
}

/// Where a processor's row begins: the steps that the furthest of the others had run before its first one.
std::uint64_t steps_before_start(const core::Timeline& timeline, core::CpuId cpu) {
  std::vector<std::uint64_t> ran(timeline.processors, 0);
  for (const core::Slice& slice : timeline.slices) {
    if (slice.cpu == cpu) break;
    ran[slice.cpu.value] += slice.last.value - slice.first.value + 1;
  }
  return *std::max_element(ran.begin(), ran.end());
}

/// With several processors a row each, in the steps of that processor alone, from where it was started: what they do at
/// the same time stands one above the other, as far as their turns are equal.
void draw_processors(Canvas& canvas, const core::Timeline& timeline, const ThreadStyles& styles, std::uint64_t longest,
                     const Rect& area) {
  const Theme& theme = canvas.theme();
  const float row = area.height() / static_cast<float>(timeline.processors);
  const float left = area.x0 + canvas.px(96);
  const auto x_of = [&](std::uint64_t step) {
    return left + (area.x1 - left) * static_cast<float>(step) / static_cast<float>(std::max<std::uint64_t>(longest, 1));
  };
  std::vector<std::uint64_t> begins;
  for (std::size_t i = 0; i < timeline.processors; ++i) {
    const float y = area.y0 + row * static_cast<float>(i);
    canvas.text_in({area.x0, y, left - canvas.px(6), y + row}, {FontRole::tiny, FontRole::micro}, theme.text,
                   fmt::format("CPU {}", i));
    const std::uint64_t ran = i < timeline.own_steps.size() ? timeline.own_steps[i] : 0;
    begins.push_back(steps_before_start(timeline, core::CpuId{static_cast<std::uint16_t>(i)}));
    canvas.fill({x_of(begins[i]), y + 1, x_of(begins[i] + ran), y + row - 1}, theme.grid);
  }
  for (const core::Stay& stay : timeline.stays) {
    if (stay.own_last < stay.own_first) continue;
    const float y = area.y0 + row * static_cast<float>(stay.cpu.value);
    const float x0 = x_of(begins[stay.cpu.value] + stay.own_first - 1);
    const Rect bar{x0, y + 1, std::max(x_of(begins[stay.cpu.value] + stay.own_last), x0 + 1), y + row - 1};
    canvas.fill(bar, theme.thread(styles.of(stay.thread)));
    if (bar.x1 - bar.x0 > canvas.px(40))
      canvas.text_in({bar.x0 + canvas.px(4), bar.y0, bar.x1 - canvas.px(4), bar.y1}, {FontRole::tiny, FontRole::micro},
                     theme.on_thread(styles.of(stay.thread)), name_of(timeline, stay.thread));
  }
}

void draw_lanes(Canvas& canvas, const core::Timeline& timeline, std::uint64_t longest, const Rect& area) {
  const Theme& theme = canvas.theme();
  const ThreadStyles styles(timeline.threads);
  const auto& order = styles.order();
  if (order.empty()) return;
  if (timeline.processors > 1) return draw_processors(canvas, timeline, styles, longest, area);
  const float row = area.height() / static_cast<float>(order.size());
  const float left = area.x0 + canvas.px(96);
  float y = area.y0;
  for (const core::ThreadId id : order) {
    const Colour colour = theme.thread(styles.of(id));
    const Rect name{area.x0, y, left - canvas.px(6), y + row};
    if (row >= canvas.line_height(FontRole::tiny) * 0.75f) {
      canvas.text_in(name, {FontRole::tiny, FontRole::micro}, colour, name_of(timeline, id));
    } else {
      canvas.text_in(name, {FontRole::micro}, colour, name_of(timeline, id));
    }
    draw_lane(canvas, timeline, id, colour, {left, y + 1, area.x1, y + row - 1}, longest, std::nullopt);
    y += row;
  }
}

/// A table whose columns share the width by `parts`; the first line is its head.
void draw_table(Canvas& canvas, const Rect& area, const std::vector<float>& parts,
                const std::vector<std::vector<std::string>>& lines, float most) {
  const Theme& theme = canvas.theme();
  const float row =
      std::min(canvas.px(most), area.height() / static_cast<float>(std::max<std::size_t>(lines.size(), 1)));
  // Letters may reach over the edge of their line: all grounds come first.
  for (std::size_t i = 1; i < lines.size(); i += 2) {
    const float top = area.y0 + row * static_cast<float>(i);
    canvas.fill({area.x0, top, area.x1, top + row}, theme.grid);
  }
  float y = area.y0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    float x = area.x0;
    for (std::size_t column = 0; column < lines[i].size(); ++column) {
      const float wide = parts[column] * area.width();
      const Rect cell{x + canvas.px(4), y, x + wide - canvas.px(6), y + row};
      const Colour ink = i == 0 ? theme.dim : theme.text;
      const Align align = column == 0 ? Align::left : Align::right;
      if (row >= canvas.line_height(FontRole::small)) {
        canvas.text_in(cell, {FontRole::small, FontRole::tiny, FontRole::micro}, ink, lines[i][column], align);
      } else if (row >= canvas.line_height(FontRole::tiny) * 0.9f) {
        canvas.text_in(cell, {FontRole::tiny, FontRole::micro}, ink, lines[i][column], align);
      } else {
        canvas.text_in(cell, {FontRole::micro}, ink, lines[i][column], align);
      }
      x += wide;
    }
    y += row;
  }
}

void draw_budget(Canvas& canvas, const View& view, const core::CostComparison& costs, const Rect& area) {
  const Words words = view.words();
  std::vector<std::vector<std::string>> budget{{words(Word::budget_title), words(Word::claimed_cycles),
                                                words(Word::cost_steps), words(Word::cost_bytes),
                                                words(Word::cost_accesses), words(Word::model_misses)}};
  for (const core::BudgetRow& row : costs.budget)
    budget.push_back({std::string(row.step), std::to_string(row.claimed_cycles), core::to_text(row.steps),
                      core::to_text(row.bytes), core::to_text(row.accesses), std::to_string(row.model_misses)});
  const float split = area.y0 + area.height() * 0.46f;
  draw_table(canvas, {area.x0, area.y0, area.x1, split - canvas.px(6)}, {0.24f, 0.14f, 0.15f, 0.17f, 0.15f, 0.15f},
             budget, 34);
  std::vector<std::vector<std::string>> rows{{words(Word::comparison_title), "Exo-OS", "Linux", words(Word::this_run)}};
  for (const core::ComparisonRow& row : costs.comparison) {
    bool first = true;
    for (const core::ComparisonRow::Fact& fact : row.run) {
      rows.push_back({first ? std::string(row.aspect) : "", first ? std::string(row.claimed_here) : "",
                      first ? std::string(row.claimed_linux) : "",
                      fmt::format("{}{}: {}", fact.is_model ? "model: " : "", fact.what,
                                  fact.value ? std::to_string(*fact.value) : "–")});
      first = false;
    }
  }
  draw_table(canvas, {area.x0, split + canvas.px(6), area.x1, area.y1}, {0.22f, 0.12f, 0.14f, 0.52f}, rows, 26);
}

}  // namespace

void draw_cost_figure(Canvas& canvas, const View& view, const Rect& area) {
  const Words words = view.words();
  if (view.costs == nullptr || view.costs->runs.empty()) {
    canvas.text_in(area, {FontRole::text, FontRole::small}, canvas.theme().dim, words(Word::no_costs), Align::center);
    return;
  }
  const core::CostComparison& costs = *view.costs;
  if (!costs.budget.empty()) return draw_budget(canvas, view, costs, area);
  std::uint64_t longest = 0;
  for (const core::RunCosts& run : costs.runs) longest = std::max(longest, run.timeline.steps.value);
  float y = area.y0;
  std::size_t threads = 0;
  for (const core::RunCosts& run : costs.runs) threads += run.timeline.threads.size();
  const float title = canvas.px(24);
  const float room =
      area.height() * (costs.runs.size() > 1 ? 0.4f : 0.24f) - title * static_cast<float>(costs.runs.size());
  // As high as its name at least, unless the table would lose more than half of the room.
  const auto lanes = static_cast<float>(std::max<std::size_t>(threads, 1));
  const float least = std::min(canvas.line_height(FontRole::micro) * 0.78f, area.height() * 0.5f / lanes);
  const float lane = std::clamp(room / lanes, least, canvas.px(30));
  for (const core::RunCosts& run : costs.runs) {
    canvas.text_in({area.x0, y, area.x1, y + title - canvas.px(2)}, {FontRole::small, FontRole::tiny, FontRole::micro},
                   canvas.theme().text,
                   run.title + " · " + grouped(run.timeline.steps.value) + " " + words(Word::cost_steps));
    const float bottom = y + title + lane * static_cast<float>(run.timeline.threads.size());
    draw_lanes(canvas, run.timeline, longest, {area.x0, y + title, area.x1, bottom});
    y = bottom + canvas.px(2);
  }
  std::vector<std::vector<std::string>> lines{{words(Word::cost_head)}};
  for (const core::RunCosts& run : costs.runs) lines[0].push_back(run.title);
  bool is_tlb_told = false;
  for (std::size_t i = 0; i < costs.runs[0].rows.size(); ++i) {
    const core::CostRow& row = costs.runs[0].rows[i];
    if (row.is_model && !std::exchange(is_tlb_told, true))
      for (std::vector<std::string>& line : tlb_lines(costs)) lines.push_back(std::move(line));
    if (!is_shown(row)) continue;
    lines.push_back({(row.is_model ? "model: " : "") + row.label});
    for (const core::RunCosts& run : costs.runs) lines.back().push_back(core::to_text(run.rows[i]));
  }
  const std::vector<float> parts =
      costs.runs.size() > 1 ? std::vector<float>{0.5f, 0.25f, 0.25f} : std::vector<float>{0.62f, 0.38f};
  draw_table(canvas, {area.x0, y, area.x1, area.y1}, parts, lines, 26);
}

}  // namespace fiberscope::app
