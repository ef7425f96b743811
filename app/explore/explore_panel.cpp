#include "app/explore/explore_panel.h"

#include "app/explore/explore_layout.h"
#include "app/explore/question_panel.h"
#include "app/explore/state_graph_figure.h"

namespace fiberscope::app {

void ExplorePanel::draw(Canvas& canvas, const View& view, float width, float height, Commands& commands) {
  const ExploreState& state = *view.explore;
  ExploreParts parts;
  parts.thread_rows = thread_rows(state);
  parts.status_lines = status_lines(canvas, view, width - canvas.px(60)).size();
  parts.outcomes = state.answer ? state.answer->outcomes.size() : 0;
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
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const auto px = [&](float units) { return canvas.px(units); };
  const bool order = view.explore->view == ExploreView::order;
  canvas.panel_head("picture", area, words(order ? Word::order_title : Word::state_graph));
  float x = area.x1 - px(10);
  for (const bool states : {true, false}) {
    const char* word = words(states ? Word::states_tab : Word::order_tab);
    const float wide = canvas.width(FontRole::small, word) + px(26);
    const Rect tab{x - wide, area.y0 + px(5), x, area.y0 + px(33)};
    const bool on = states != order;
    if (canvas.hit(states ? "tab states" : "tab order", tab).clicked)
      commands.push_back(command::Explore{exploring::Show{states ? ExploreView::states : ExploreView::order}});
    canvas.pill(tab, on, on ? theme.accent : theme.dim, theme.on_accent, word);
    x = tab.x0 - px(8);
  }
  const Rect inner{area.x0 + px(12), area.y0 + px(48), area.x1 - px(12), area.y1 - px(8)};
  if (order) {
    order_.draw(canvas, view, inner);
  } else {
    draw_state_graph(canvas, view, inner);
  }
}

}  // namespace fiberscope::app
