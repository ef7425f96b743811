// What the switches cost, counted from the trace; beside another run where the scenario names one (notes 000 and 001).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/figures/figures.h"
#include "app/figures/lane.h"
#include "app/figures/processor_rows.h"
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

bool has_several_processors(const core::CostComparison& costs) {
  return std::any_of(costs.runs.begin(), costs.runs.end(),
                     [](const core::RunCosts& run) { return run.timeline.processors > 1; });
}

/// The model of the TLBs of each processor, in the whole run. More than three processors: of the first policy, one
/// address space, which is how their threads run.
std::vector<std::vector<std::string>> processor_tlb_lines(const Words& words, const core::CostComparison& costs) {
  std::size_t most = 0;
  for (const core::RunCosts& run : costs.runs) most = std::max(most, run.processors.size());
  std::vector<std::vector<std::string>> lines;
  for (std::size_t cpu = 0; cpu < most; ++cpu) {
    const bool ran = std::any_of(costs.runs.begin(), costs.runs.end(), [cpu](const core::RunCosts& run) {
      return cpu < run.processors.size() && run.processors[cpu].counts[0].hits() > 0;
    });
    if (!ran) continue;
    for (std::size_t policy = 0; policy < (most > 3 ? 1 : core::kTlbPolicies.size()); ++policy) {
      lines.push_back(
          {words(Word::tlb_of_cpu_n, {std::to_string(cpu), std::string(core::words_of(core::kTlbPolicies[policy]))})});
      for (const core::RunCosts& run : costs.runs) {
        std::string& cell = lines.back().emplace_back("-");
        if (cpu >= run.processors.size()) continue;
        const core::RunCosts::Tlbs& tlbs = run.processors[cpu];
        cell = fmt::format("{}, {}, {}", tlbs.kept[policy] ? std::to_string(tlbs.kept[policy]->median) : "-",
                           grouped(tlbs.counts[policy].hits()), grouped(tlbs.counts[policy].misses()));
      }
    }
  }
  return lines;
}

/// Where several processors run, the rows that every run has a number for, and the models of each processor; elsewhere
/// all but most of the models.
std::vector<std::vector<std::string>> cost_lines(const Words& words, const core::CostComparison& costs) {
  const bool several = has_several_processors(costs);
  std::vector<std::vector<std::string>> lines;
  bool is_tlb_told = false;
  for (std::size_t i = 0; i < costs.runs[0].rows.size(); ++i) {
    const core::CostRow& row = costs.runs[0].rows[i];
    if (row.is_model && !std::exchange(is_tlb_told, true))
      for (auto& line : several ? processor_tlb_lines(words, costs) : tlb_lines(costs))
        lines.push_back(std::move(line));
    const bool known = std::all_of(costs.runs.begin(), costs.runs.end(), [i](const core::RunCosts& run) {
      return !std::holds_alternative<std::monostate>(run.rows[i].value);
    });
    if (!is_shown(row) || (several && !known)) continue;
    // What never happened in any of the runs leaves its room to the others.
    const bool never = std::all_of(costs.runs.begin(), costs.runs.end(), [i](const core::RunCosts& run) {
      const auto* number = std::get_if<std::uint64_t>(&run.rows[i].value);
      return number != nullptr && *number == 0;
    });
    if (never) continue;
    // With one processor each step is a round.
    if (row.key == "rounds" && !several) continue;
    lines.push_back({(row.is_model ? "model: " : "") + row.label});
    for (const core::RunCosts& run : costs.runs) {
      const auto* number = std::get_if<std::uint64_t>(&run.rows[i].value);
      lines.back().push_back(number != nullptr ? grouped(*number) : core::to_text(run.rows[i]));
    }
  }
  return lines;
}

/// "4 272 rounds of the clock · 8 543 steps"; the steps alone where one processor ran.
std::string length_of(const Words& words, const core::RunCosts& run, bool several) {
  const std::string steps = grouped(run.timeline.steps.value) + " " + words(Word::cost_steps);
  return several ? words(Word::rounds_n, grouped(run.rounds)) + " · " + steps : steps;
}

void draw_lanes(Canvas& canvas, const core::Timeline& timeline, std::uint64_t longest, const Rect& area) {
  const Theme& theme = canvas.theme();
  const ThreadStyles styles(timeline.threads);
  const auto& order = styles.order();
  if (order.empty()) return;
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

void draw_title(Canvas& canvas, const Rect& line, const core::RunCosts& run, const std::string& length) {
  canvas.text_in(line, {FontRole::small, FontRole::tiny, FontRole::micro}, canvas.theme().text,
                 run.title + " · " + length);
}

/// Each run's processors over one scale of rounds, and what it counts; returns where that ends.
float draw_processor_runs(Canvas& canvas, const Words& words, const core::CostComparison& costs, const Rect& area) {
  const float title = canvas.px(26);
  const float axis = canvas.px(26);
  std::size_t rows = 0;
  RoundScale scale{area.x0 + canvas.px(70), area.x1, 1};
  for (const core::RunCosts& run : costs.runs) {
    rows += processors_that_ran(run.timeline).size();
    scale.rounds = std::max(scale.rounds, run.timeline.rounds());
  }
  const float room = area.height() * 0.5f - title * static_cast<float>(costs.runs.size()) - axis;
  const float row = std::min(canvas.px(36), room / static_cast<float>(rows));
  float y = area.y0;
  for (const core::RunCosts& run : costs.runs) {
    const Rect line{area.x0, y, area.x1, y + title - canvas.px(2)};
    const float end = draw_idle_legend(canvas, words, run.timeline, line);
    draw_title(canvas, {line.x0, line.y0, end - canvas.px(8), line.y1}, run,
               length_of(words, run, true) + never_started(words, run.timeline));
    const float bottom = y + title + row * static_cast<float>(processors_that_ran(run.timeline).size());
    draw_processor_rows(canvas, run.timeline, ThreadStyles(run.timeline.threads), scale,
                        {area.x0, y + title, area.x1, bottom}, std::nullopt);
    y = bottom;
  }
  y += canvas.px(3);
  draw_axis(canvas, scale, {area.x0, y, area.x1, y + axis}, words(Word::rounds_of_clock));
  return y + axis + canvas.px(2);
}

/// A lane for each thread of the runs, over one scale of steps; returns where that ends.
float draw_thread_runs(Canvas& canvas, const Words& words, const core::CostComparison& costs, const Rect& area) {
  std::uint64_t longest = 0;
  std::size_t threads = 0;
  for (const core::RunCosts& run : costs.runs) {
    longest = std::max(longest, run.timeline.steps.value);
    threads += run.timeline.threads.size();
  }
  const float title = canvas.px(24);
  const float axis = canvas.px(24);
  const float room =
      area.height() * (costs.runs.size() > 1 ? 0.4f : 0.24f) - title * static_cast<float>(costs.runs.size());
  // As high as its name at least, unless the table would lose more than half of the room.
  const auto lanes = static_cast<float>(std::max<std::size_t>(threads, 1));
  const float least = std::min(canvas.line_height(FontRole::micro) * 0.78f, area.height() * 0.5f / lanes);
  const float lane = std::clamp(room / lanes, least, canvas.px(30));
  float y = area.y0;
  for (const core::RunCosts& run : costs.runs) {
    draw_title(canvas, {area.x0, y, area.x1, y + title - canvas.px(2)}, run, length_of(words, run, false));
    const float bottom = y + title + lane * static_cast<float>(run.timeline.threads.size());
    draw_lanes(canvas, run.timeline, longest, {area.x0, y + title, area.x1, bottom});
    y = bottom + canvas.px(2);
  }
  const RoundScale scale{area.x0 + canvas.px(96), area.x1, static_cast<double>(std::max<std::uint64_t>(longest, 1))};
  draw_axis(canvas, scale, {area.x0, y, area.x1, y + axis}, words(Word::cost_steps));
  return y + axis + canvas.px(2);
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
  const float bottom = has_several_processors(costs) ? draw_processor_runs(canvas, words, costs, area)
                                                     : draw_thread_runs(canvas, words, costs, area);
  std::vector<std::vector<std::string>> lines{{words(Word::cost_head)}};
  // A long title stands above its lanes already.
  const auto fits = [&](const core::RunCosts& run) {
    return canvas.width(FontRole::micro, run.title) < area.width() * 0.25f - canvas.px(12);
  };
  const bool titles = costs.runs.size() == 1 || std::all_of(costs.runs.begin(), costs.runs.end(), fits);
  for (const core::RunCosts& run : costs.runs) lines[0].push_back(titles ? run.title : run.name);
  for (auto& line : cost_lines(words, costs)) lines.push_back(std::move(line));
  const std::vector<float> parts =
      costs.runs.size() > 1 ? std::vector<float>{0.5f, 0.25f, 0.25f} : std::vector<float>{0.62f, 0.38f};
  draw_table(canvas, {area.x0, bottom, area.x1, area.y1}, parts, lines, 26);
}

}  // namespace fiberscope::app
