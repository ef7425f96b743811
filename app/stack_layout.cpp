#include "app/stack_layout.h"

#include <algorithm>

namespace fiberscope::app {
namespace {

/// Consecutive cells of one frame, of none, or below rsp.
struct Section {
  std::optional<std::uint32_t> frame;
  bool live = true;
  std::size_t first = 0;  ///< cells [first, last)
  std::size_t last = 0;
};

struct Plan {
  std::vector<Section> sections;
  std::size_t folded = 0;                                 ///< sections at the outer end that make one line
  std::vector<std::pair<std::size_t, std::size_t>> runs;  ///< folded cells [first, last), ascending
};

std::vector<Section> split(const core::StackView& stack, std::size_t cells_below) {
  std::vector<Section> sections;
  for (std::size_t i = 0; i < stack.cells.size(); ++i) {
    const core::Cell& cell = stack.cells[i];
    const auto frame = cell.live ? cell.frame : std::nullopt;
    if (sections.empty() || sections.back().frame != frame || sections.back().live != cell.live) {
      sections.push_back({frame, cell.live, i, i});
    }
    sections.back().last = i + 1;
  }
  if (!sections.empty() && !sections.back().live) {
    Section& below = sections.back();
    below.last = std::min(below.last, below.first + cells_below);
    if (below.first == below.last) sections.pop_back();
  }
  return sections;
}

float measure(const Plan& plan, const StackLayoutOptions& options, float row) {
  float height = plan.folded > 0 ? row + options.gap : 0;
  for (std::size_t i = plan.folded; i < plan.sections.size(); ++i) {
    const Section& section = plan.sections[i];
    std::size_t lines = section.last - section.first;
    for (const auto& [first, last] : plan.runs) {
      if (first >= section.first && last <= section.last) lines -= last - first - 1;
    }
    height += static_cast<float>(lines) * row + options.gap;
    if (section.frame) height += options.head_row;
  }
  return height;
}

bool is_dull(const core::Cell& cell) {
  return cell.role == core::CellRole::never_written || cell.role == core::CellRole::padding ||
         cell.role == core::CellRole::local || cell.role == core::CellRole::argument;
}

/// Folds runs of dull cells of the sections in view, the longest first, until it fits.
void fold_cells(const core::StackView& stack, const StackLayoutOptions& options, Plan& plan) {
  constexpr std::size_t kShortest = 3;
  std::vector<std::pair<std::size_t, std::size_t>> runs;
  for (std::size_t i = plan.folded; i < plan.sections.size(); ++i) {
    const Section& section = plan.sections[i];
    if (!section.live) continue;
    for (std::size_t at = section.first; at < section.last;) {
      std::size_t end = at;
      while (end < section.last && is_dull(stack.cells[end])) ++end;
      // The cell nearest to rsp stays: that is where things happen.
      const std::size_t stop = end == section.last && end > at ? end - 1 : end;
      if (stop > at && stop - at >= kShortest) runs.emplace_back(at, stop);
      at = end + 1;
    }
  }
  std::sort(runs.begin(), runs.end(),
            [](const auto& a, const auto& b) { return a.second - a.first > b.second - b.first; });
  for (const auto& run : runs) {
    const float excess = measure(plan, options, options.tight_row) - options.height;
    if (excess <= 0) break;
    const auto needed = static_cast<std::size_t>(excess / options.tight_row) + 2;
    const std::size_t count = std::min(run.second - run.first, std::max(needed, kShortest));
    plan.runs.emplace_back(run.second - count, run.second);
    std::sort(plan.runs.begin(), plan.runs.end());
  }
}

/// The last resort: the outer cells of the innermost frame fold, whatever they are, so that rsp stays in view.
void fold_innermost(const StackLayoutOptions& options, Plan& plan) {
  constexpr std::size_t kKept = 2;
  for (Section& section : plan.sections) {
    if (!section.live) section.last = std::min(section.last, section.first + 1);
  }
  auto innermost = plan.sections.end();
  for (auto it = plan.sections.begin(); it != plan.sections.end(); ++it) {
    if (it->frame) innermost = it;
  }
  if (innermost == plan.sections.end() || innermost->last - innermost->first <= kKept + 1) return;
  plan.runs.clear();
  const float excess = measure(plan, options, options.tight_row) - options.height;
  if (excess <= 0) return;
  const auto needed = static_cast<std::size_t>(excess / options.tight_row) + 2;
  const std::size_t most = innermost->last - innermost->first - kKept;
  plan.runs.emplace_back(innermost->first, innermost->first + std::min(needed, most));
}

Plan make_plan(const core::StackView& stack, const StackLayoutOptions& options) {
  Plan plan{split(stack, options.cells_below), 0, {}};
  if (options.unfolded || measure(plan, options, options.tight_row) <= options.height) return plan;
  std::size_t innermost = plan.sections.size();
  while (innermost > 0 && !plan.sections[innermost - 1].frame) --innermost;
  const std::size_t most = innermost > 0 ? innermost - 1 : 0;
  while (plan.folded < most && measure(plan, options, options.tight_row) > options.height) ++plan.folded;
  if (measure(plan, options, options.tight_row) > options.height) fold_cells(stack, options, plan);
  if (measure(plan, options, options.tight_row) > options.height) fold_innermost(options, plan);
  return plan;
}

emu::AddressRange addresses(const core::StackView& stack, std::size_t first, std::size_t last) {
  const core::Cell& top = stack.cells[first];
  return {stack.cells[last - 1].address, top.address + top.size};
}

}  // namespace

const StackRow* StackLayout::row_at(emu::Address address) const {
  for (const StackRow& row : rows) {
    if (row.kind != StackRow::Kind::frame_head && row.range.contains(address)) return &row;
  }
  return nullptr;
}

StackLayout lay_out_stack(const core::StackView& stack, const StackLayoutOptions& options) {
  const Plan plan = make_plan(stack, options);
  StackLayout layout;
  layout.folded = plan.folded > 0 || !plan.runs.empty();
  layout.row_height =
      measure(plan, options, options.roomy_row) <= options.height ? options.roomy_row : options.tight_row;
  float y = 0;
  const auto add = [&](StackRow row, float height) {
    row.y = y;
    row.height = height;
    layout.rows.push_back(row);
    y += height;
  };
  const auto make_row = [&](StackRow::Kind kind, std::size_t first, std::size_t last) {
    StackRow row;
    row.kind = kind;
    row.cell = first;
    row.count = last - first;
    row.range = addresses(stack, first, last);
    return row;
  };
  if (plan.folded > 0) {
    StackRow row = make_row(StackRow::Kind::folded_frames, 0, plan.sections[plan.folded - 1].last);
    row.count = 0;
    for (std::size_t i = 0; i < plan.folded; ++i) row.count += plan.sections[i].frame ? 1 : 0;
    add(row, layout.row_height);
    y += options.gap;
  }
  layout.below_top = -1;
  auto run = plan.runs.begin();
  for (std::size_t i = plan.folded; i < plan.sections.size(); ++i) {
    const Section& section = plan.sections[i];
    const float top = y;
    if (!section.live) layout.below_top = y;
    if (section.frame) {
      add(make_row(StackRow::Kind::frame_head, section.first, section.last), options.head_row);
      layout.rows.back().frame = *section.frame;
    }
    for (std::size_t cell = section.first; cell < section.last;) {
      while (run != plan.runs.end() && run->first < cell) ++run;
      const bool folded = run != plan.runs.end() && run->first == cell;
      const std::size_t next = folded ? run->second : cell + 1;
      add(make_row(folded ? StackRow::Kind::folded_cells : StackRow::Kind::cell, cell, next), layout.row_height);
      cell = next;
    }
    if (section.frame) layout.boxes.push_back({*section.frame, top, y});
    y += options.gap;
  }
  if (layout.below_top < 0) layout.below_top = y;
  layout.height = y;
  return layout;
}

}  // namespace fiberscope::app
