#include "app/caption_panel.h"

#include <algorithm>

namespace fiberscope::app {
void CaptionPanel::draw(Canvas& canvas, const View& view, const Rect& area) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  canvas.items().begin_panel("caption", area);
  canvas.fill(area, theme.caption_back, canvas.px(8));
  canvas.fill_left({area.x0, area.y0, area.x0 + canvas.px(8), area.y1}, theme.changed, canvas.px(8));
  if (view.in_past) canvas.outline(area, theme.alert, canvas.px(8), canvas.px(3));

  const core::Snapshot& now = *view.now;
  float right = area.x1 - canvas.px(14);
  if (!view.timeline->recording && view.cursor == view.timeline->steps && !view.player->moving()) {
    const std::string text = view.ending.empty() ? std::string(words(Word::ended)) : std::string(view.ending);
    // Why a run ended is never cut: a longer text gets two lines, and room from the caption.
    const float most = area.width() / 3;
    const bool one = canvas.width(FontRole::micro, text) + canvas.px(14) <= most;
    const float half = canvas.width(FontRole::micro, text) * 0.56f + canvas.px(24);
    const float wide = one ? std::min(canvas.width(FontRole::small, text) + canvas.px(30), most)
                           : std::clamp(half, most, area.width() * 0.6f);
    const Rect pill{right - wide, area.y0 + canvas.px(one ? 5 : 2), right, area.y1 - canvas.px(one ? 5 : 2)};
    if (one) {
      canvas.pill(pill, true, theme.changed, theme.caption_back, text);
    } else {
      canvas.fill(pill, theme.changed, canvas.px(8));
      const auto lines = canvas.wrap(FontRole::micro, text, wide - canvas.px(16), 2);
      const float line = pill.height() / static_cast<float>(lines.size());
      for (std::size_t i = 0; i < lines.size(); ++i) {
        const float top = pill.y0 + line * static_cast<float>(i);
        canvas.text_in({pill.x0 + canvas.px(8), top, pill.x1 - canvas.px(8), top + line}, {FontRole::micro},
                       theme.caption_back, lines[i], Align::center);
      }
    }
    canvas.items().mark("ending", pill);
    right = pill.x0 - canvas.px(12);
  }
  float x = area.x0 + canvas.px(24);
  const bool att = view.state->syntax == core::Syntax::att;
  const std::string instruction = !now.instruction ? std::string()
                                  : att            ? now.instruction->att
                                                   : now.caption.instruction;
  if (!instruction.empty()) {
    const float wide = std::ceil(canvas.width(FontRole::mono_bold, instruction)) + 1;
    canvas.text_in({x, area.y0, x + std::min(wide, area.width() * 0.4f), area.y1},
                   {FontRole::mono_bold, FontRole::mono_small, FontRole::mono_tiny}, theme.changed, instruction);
    x += std::min(wide, area.width() * 0.4f) + canvas.px(16);
  }
  const std::string sentence =
      now.step.value == 0 && now.caption.sentence.empty() ? words(Word::start_sentence) : now.caption.sentence;
  const Rect box{x, area.y0, right, area.y1};
  canvas.items().mark("caption", box);
  for (const FontRole font : {FontRole::text, FontRole::small}) {
    if (canvas.width(font, sentence) > box.width()) continue;
    canvas.text_in(box, {font}, theme.text, sentence);
    return;
  }
  const auto lines = canvas.wrap(FontRole::tiny, sentence, box.width(), 2);
  const float middle = area.center().y;
  const Rect halves[] = {{box.x0, area.y0 + 1, box.x1, middle + 1}, {box.x0, middle - 1, box.x1, area.y1 - 1}};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    canvas.text_in(lines.size() == 1 ? box : halves[i], {FontRole::tiny, FontRole::micro}, theme.text, lines[i]);
  }
}

}  // namespace fiberscope::app
