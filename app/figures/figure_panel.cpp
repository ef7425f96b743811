#include "app/figures/figure_panel.h"

#include "app/figures/figures.h"
#include "core/thread_table.h"

namespace fiberscope::app {
namespace {

struct Tab {
  core::Figure figure;
  Word word;
};

constexpr Tab kTabs[] = {
    {core::Figure::thread, Word::figure_thread},         {core::Figure::states, Word::figure_states},
    {core::Figure::process, Word::figure_process},       {core::Figure::virtualizers, Word::figure_virtualizers},
    {core::Figure::processors, Word::figure_processors}, {core::Figure::contexts, Word::figure_contexts},
    {core::Figure::variables, Word::figure_variables},   {core::Figure::spaces, Word::figure_spaces},
    {core::Figure::shared, Word::figure_shared},         {core::Figure::costs, Word::figure_costs},
    {core::Figure::questions, Word::figure_questions},
};

}  // namespace

Rect FigurePanel::draw_tabs(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  constexpr std::size_t kRows = 2;
  constexpr std::size_t kInRow = (std::size(kTabs) + kRows - 1) / kRows;
  const float row = canvas.px(36);
  const float height = canvas.px(7) + row * kRows;
  const Rect head{area.x0 + canvas.px(10), area.y0 + canvas.px(7), area.x1 - canvas.px(10), area.y0 + height};
  const Rect close{head.x1 - canvas.px(34), head.y0, head.x1, head.y0 + row};
  const float wide = (close.x0 - canvas.px(6) - head.x0) / static_cast<float>(kInRow);
  for (std::size_t i = 0; i < std::size(kTabs); ++i) {
    const Tab& tab = kTabs[i];
    const float x = head.x0 + wide * static_cast<float>(i % kInRow);
    const std::size_t line = i / kInRow;
    const float y = head.y0 + row * static_cast<float>(line);
    const Rect box{x, y, x + wide - canvas.px(6), y + row - canvas.px(5)};
    const bool chosen = view.state->figure == tab.figure;
    const auto hit = canvas.hit("figure " + std::string(core::to_string(tab.figure)), box);
    canvas.fill(box, chosen ? theme.accent : hit.hovered ? theme.border : theme.grid, canvas.px(8));
    canvas.text_in(box.inset(canvas.px(6), 0), {FontRole::small, FontRole::tiny, FontRole::micro},
                   chosen ? theme.on_accent : theme.text, words(tab.word), Align::center);
    if (hit.clicked) commands.push_back(command::ShowFigure{tab.figure});
  }
  const auto hit = canvas.close_button("##close_figure", close);
  if (hit.hovered) canvas.tooltip(words(Word::tip_figure));
  if (hit.clicked) commands.push_back(command::ShowFigure{core::Figure::none});
  return {area.x0 + canvas.px(16), area.y0 + height + canvas.px(10), area.x1 - canvas.px(16), area.y1 - canvas.px(12)};
}

void FigurePanel::draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  canvas.items().begin_panel("figure", area);
  canvas.fill(area, canvas.theme().panel);
  canvas.panel("figure", area);
  const Rect body = draw_tabs(canvas, view, area, commands);
  switch (view.state->figure) {
    case core::Figure::none:
      break;
    case core::Figure::thread:
      return draw_thread_figure(canvas, view, body);
    case core::Figure::states:
      return draw_state_figure(canvas, view, body, commands);
    case core::Figure::process:
      return draw_process_figure(canvas, view, body);
    case core::Figure::virtualizers:
      return draw_virtualizer_figure(canvas, view, body);
    case core::Figure::processors:
      return draw_processor_figure(canvas, view, body);
    case core::Figure::contexts:
      return draw_context_figure(canvas, view, body, commands);
    case core::Figure::variables:
      return draw_variable_figure(canvas, view, body, variables_, commands);
    case core::Figure::spaces:
      return draw_space_figure(canvas, view, body);
    case core::Figure::shared:
      return draw_shared_figure(canvas, view, body);
    case core::Figure::costs:
      return draw_cost_figure(canvas, view, body);
    case core::Figure::questions:
      return draw_question_figure(canvas, view, body, commands);
  }
}

OwnSteps own_steps(const core::Timeline& timeline, core::ThreadId thread, core::StepIndex cursor,
                   std::uint64_t window) {
  OwnSteps own;
  const std::uint64_t end = cursor.value;
  const std::uint64_t begin = end > window ? end - window : 0;
  for (const core::Slice& slice : timeline.slices) {
    if (slice.first.value > end) break;
    if (slice.thread != thread) continue;
    const std::uint64_t last = std::min(slice.last.value, end);
    own.all += last - slice.first.value + 1;
    const std::uint64_t first = std::max(slice.first.value, begin + 1);
    if (last >= first) own.lately += last - first + 1;
  }
  return own;
}

std::string name_of(const core::Timeline& timeline, core::ThreadId thread) {
  const core::Thread* found = core::find_thread(timeline.threads, thread);
  return found == nullptr ? "?" : found->name;
}

Rect draw_box(Canvas& canvas, const Rect& box, std::string_view title, Colour outline) {
  const Theme& theme = canvas.theme();
  canvas.fill(box, theme.head, canvas.px(8));
  canvas.outline(box, outline, canvas.px(8), canvas.px(1.5f));
  const Rect head{box.x0 + canvas.px(12), box.y0 + canvas.px(4), box.x1 - canvas.px(12), box.y0 + canvas.px(32)};
  canvas.text_in(head, {FontRole::text_bold, FontRole::small, FontRole::tiny, FontRole::micro}, theme.text, title);
  return {box.x0 + canvas.px(12), head.y1 + canvas.px(4), box.x1 - canvas.px(12), box.y1 - canvas.px(8)};
}

}  // namespace fiberscope::app
