#include "app/explore/explore_panel.h"

#include <array>

#include "app/explore/explore_layout.h"
#include "app/explore/question_panel.h"
#include "app/explore/state_graph_figure.h"
#include "app/figures/figures.h"

namespace fiberscope::app {

void ExplorePanel::draw(Canvas& canvas, const View& view, float width, float height, Commands& commands) {
  const ExploreState& state = *view.explore;
  ExploreParts parts;
  parts.lesson_lines = lesson_lines(canvas, view, width - canvas.px(60)).size();
  parts.thread_rows = thread_rows(state);
  parts.status_lines = status_lines(canvas, view, width - canvas.px(60)).size();
  parts.outcomes_height = OutcomeTable::wanted_height(canvas, state, outcomes_width(width, canvas.scale()));
  parts.lattice = state.view == ExploreView::order && state.answer && state.answer->threads.size() == 2;
  const ExploreLayout layout = lay_out_explore(width, height, canvas.scale(), parts);
  for (const Rect& gutter : layout.gutters) canvas.fill(gutter, canvas.theme().background);
  const auto shown = [](const Rect& area) { return area.width() > 40 && area.height() > 40; };
  draw_question(canvas, view, layout.question, commands);
  if (shown(layout.outcomes)) outcomes_.draw(canvas, view, layout.outcomes, commands);
  if (shown(layout.findings)) findings_.draw(canvas, view, layout.findings, commands);
  if (shown(layout.lattice)) lattice_.draw(canvas, view, layout.lattice, commands);
  if (shown(layout.picture)) draw_picture(canvas, view, layout.picture, commands);
}

void ExplorePanel::draw_picture(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  struct Tab {
    ExploreView view;
    const char* item;
    Word word;
    Word title;
  };
  static constexpr std::array<Tab, 3> kTabs = {{
      {ExploreView::questions, "tab questions", Word::figure_questions, Word::figure_questions},
      {ExploreView::states, "tab states", Word::states_tab, Word::state_graph},
      {ExploreView::order, "tab order", Word::order_tab, Word::order_title},
  }};
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const auto px = [&](float units) { return canvas.px(units); };
  const ExploreState& state = *view.explore;
  for (const Tab& tab : kTabs)
    if (tab.view == state.view) canvas.panel_head("picture", area, words(tab.title));
  float x = area.x1 - px(10);
  for (const Tab& tab : kTabs) {
    if (tab.view == ExploreView::questions && !state.lesson) continue;
    const char* word = words(tab.word);
    const float wide = canvas.width(FontRole::small, word) + px(26);
    const Rect box{x - wide, area.y0 + px(5), x, area.y0 + px(33)};
    const bool on = tab.view == state.view;
    if (canvas.hit(tab.item, box).clicked) commands.push_back(command::Explore{exploring::Show{tab.view}});
    canvas.pill(box, on, on ? theme.accent : theme.dim, theme.on_accent, word);
    x = box.x0 - px(8);
  }
  const Rect inner{area.x0 + px(12), area.y0 + px(48), area.x1 - px(12), area.y1 - px(8)};
  switch (state.view) {
    case ExploreView::order:
      order_.draw(canvas, view, inner);
      break;
    case ExploreView::states:
      draw_state_graph(canvas, view, inner);
      break;
    case ExploreView::questions:
      if (state.lesson) draw_questions(canvas, view, state.lesson->scenario.questions, nullptr, inner, commands);
      break;
  }
}

}  // namespace fiberscope::app
