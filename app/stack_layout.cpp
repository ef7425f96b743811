#include "app/stack_layout.h"

#include <algorithm>

namespace fiberscope::app {
namespace {

/// Lines under a rewritten return address.
constexpr std::size_t kRedirectLines = 2;

/// Consecutive cells of one frame, of none, or below rsp.
struct Section {
  std::optional<std::uint32_t> frame;
  bool live = true;
  std::size_t first = 0;  ///< cells [first, last)
  std::size_t last = 0;
  bool kept = false;    ///< what a reader wants to see: a signal's frame, a rewritten return address
  bool hidden = false;  ///< folded with its neighbours to one line
};

struct Plan {
  std::vector<Section> sections;
  std::size_t innermost = 0;                              ///< index of the last one that is a frame; never hidden
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
    sections.back().kept |= cell.rewritten.has_value() || (frame && stack.frames[*frame].is_signal);
  }
  if (!sections.empty() && !sections.back().live) {
    Section& below = sections.back();
    below.last = std::min(below.last, below.first + cells_below);
    if (below.first == below.last) sections.pop_back();
  }
  return sections;
}

std::size_t redirects(const core::StackView& stack, const Section& section) {
  std::size_t count = 0;
  for (std::size_t i = section.first; i < section.last; ++i) count += stack.cells[i].rewritten ? 1 : 0;
  return count;
}

float measure(const core::StackView& stack, const Plan& plan, const StackLayoutOptions& options, float row) {
  float height = 0;
  bool before = false;
  for (const Section& section : plan.sections) {
    if (section.hidden && !before) height += row + options.gap;
    before = section.hidden;
    if (section.hidden) continue;
    std::size_t lines = section.last - section.first + kRedirectLines * redirects(stack, section);
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

bool is_saved(const core::Cell& cell) {
  return cell.role == core::CellRole::saved_register || cell.role == core::CellRole::saved_rbp || is_dull(cell);
}

/// Folds runs of such cells of the sections in view, the longest first, until it fits. `kept`: only of kept sections.
template <typename Foldable>
void fold_cells(const core::StackView& stack, const StackLayoutOptions& options, Plan& plan, bool kept,
                Foldable is_foldable) {
  constexpr std::size_t kShortest = 3;
  const auto excess = [&] { return measure(stack, plan, options, options.tight_row) - options.height; };
  if (excess() <= 0) return;
  std::vector<std::pair<std::size_t, std::size_t>> runs;
  for (std::size_t index = 0; index < plan.sections.size(); ++index) {
    const Section& section = plan.sections[index];
    if (!section.live || section.hidden || (kept && (!section.kept || index == plan.innermost))) continue;
    for (std::size_t at = section.first; at < section.last;) {
      std::size_t end = at;
      while (end < section.last && is_foldable(stack.cells[end])) ++end;
      // The cell nearest to rsp stays: that is where things happen.
      const std::size_t stop = index == plan.innermost && end == section.last && end > at ? end - 1 : end;
      if (stop > at && stop - at >= kShortest) runs.emplace_back(at, stop);
      at = end + 1;
    }
  }
  std::sort(runs.begin(), runs.end(),
            [](const auto& a, const auto& b) { return a.second - a.first > b.second - b.first; });
  for (const auto& run : runs) {
    // What was folded before may lie inside.
    std::erase_if(plan.runs, [&](const auto& old) { return old.first >= run.first && old.second <= run.second; });
    const auto needed = static_cast<std::size_t>(std::max(0.f, excess()) / options.tight_row) + 2;
    const std::size_t count = std::min(run.second - run.first, std::max(needed, kShortest));
    plan.runs.emplace_back(run.second - count, run.second);
    std::sort(plan.runs.begin(), plan.runs.end());
    if (excess() <= 0) return;
  }
}

/// Of what lies below rsp one cell stays.
void shorten_below(Plan& plan) {
  for (Section& section : plan.sections) {
    if (!section.live) section.last = std::min(section.last, section.first + 1);
  }
}

/// The last resort: the outer cells of the innermost frame fold, whatever they are, so that rsp stays in view.
void fold_innermost(const core::StackView& stack, const StackLayoutOptions& options, Plan& plan) {
  constexpr std::size_t kKept = 2;
  shorten_below(plan);
  auto innermost = plan.sections.end();
  for (auto it = plan.sections.begin(); it != plan.sections.end(); ++it) {
    if (it->frame) innermost = it;
  }
  if (innermost == plan.sections.end() || innermost->last - innermost->first <= kKept + 1) return;
  plan.runs.clear();
  const float excess = measure(stack, plan, options, options.tight_row) - options.height;
  if (excess <= 0) return;
  const auto needed = static_cast<std::size_t>(excess / options.tight_row) + 2;
  const std::size_t most = innermost->last - innermost->first - kKept;
  plan.runs.emplace_back(innermost->first, innermost->first + std::min(needed, most));
}

/// Hides frames from the outermost on until it fits.
void hide_frames(const core::StackView& stack, const StackLayoutOptions& options, Plan& plan, bool kept) {
  for (std::size_t i = 0; i < plan.innermost; ++i) {
    if (measure(stack, plan, options, options.tight_row) <= options.height) return;
    if (plan.sections[i].kept == kept) plan.sections[i].hidden = true;
  }
}

Plan make_plan(const core::StackView& stack, const StackLayoutOptions& options) {
  Plan plan{split(stack, options.cells_below), 0, {}};
  const auto fits = [&] { return measure(stack, plan, options, options.tight_row) <= options.height; };
  if (options.unfolded || fits()) return plan;
  for (std::size_t i = 0; i < plan.sections.size(); ++i)
    if (plan.sections[i].frame) plan.innermost = i;
  fold_cells(stack, options, plan, true, is_dull);
  hide_frames(stack, options, plan, false);
  const bool keeps = std::any_of(plan.sections.begin(), plan.sections.end(), [](const Section& s) { return s.kept; });
  if (keeps && !fits()) shorten_below(plan);
  fold_cells(stack, options, plan, true, is_saved);
  hide_frames(stack, options, plan, true);
  fold_cells(stack, options, plan, false, is_dull);
  if (!fits()) fold_innermost(stack, options, plan);
  return plan;
}

emu::AddressRange addresses(const core::StackView& stack, std::size_t first, std::size_t last) {
  const core::Cell& top = stack.cells[first];
  return {stack.cells[last - 1].address, top.address + top.size};
}

}  // namespace

const StackRow* StackLayout::row_at(emu::Address address) const {
  for (const StackRow& row : rows) {
    const bool stands_for_it = row.kind != StackRow::Kind::frame_head && row.kind != StackRow::Kind::redirect;
    if (stands_for_it && row.range.contains(address)) return &row;
  }
  return nullptr;
}

StackLayout lay_out_stack(const core::StackView& stack, const StackLayoutOptions& options) {
  const Plan plan = make_plan(stack, options);
  StackLayout layout;
  const bool hides = std::any_of(plan.sections.begin(), plan.sections.end(), [](const Section& s) { return s.hidden; });
  layout.folded = hides || !plan.runs.empty();
  layout.row_height =
      measure(stack, plan, options, options.roomy_row) <= options.height ? options.roomy_row : options.tight_row;
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
  layout.below_top = -1;
  auto run = plan.runs.begin();
  for (std::size_t i = 0; i < plan.sections.size(); ++i) {
    const Section& section = plan.sections[i];
    if (section.hidden) {
      StackRow row = make_row(StackRow::Kind::folded_frames, section.first, section.last);
      row.count = 0;
      for (; i < plan.sections.size() && plan.sections[i].hidden; ++i) {
        row.range = addresses(stack, row.cell, plan.sections[i].last);
        row.count += plan.sections[i].frame ? 1 : 0;
      }
      --i;
      add(row, layout.row_height);
      y += options.gap;
      continue;
    }
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
      if (stack.cells[cell].rewritten)
        add(make_row(StackRow::Kind::redirect, cell, next), layout.row_height * static_cast<float>(kRedirectLines));
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
