#include "app/choice_panel.h"

#include <algorithm>
#include <cmath>

#include "app/format.h"
#include "core/thread_table.h"

namespace fiberscope::app {
namespace {

constexpr float kRow = 32;
constexpr float kLine = 24;
constexpr float kFoot = 34;

/// As many lines as fit, in the largest font that needs no more; returns where they end.
float draw_wrapped(Canvas& canvas, const Rect& area, Colour ink, const std::string& text) {
  for (const FontRole font : {FontRole::mono_small, FontRole::mono_tiny, FontRole::micro}) {
    const float line = canvas.line_height(font) * 1.1f;
    const auto room = static_cast<std::size_t>(std::max(1.f, std::floor(area.height() / line)));
    const auto lines = canvas.wrap(font, text, area.width(), room);
    const bool fits = std::all_of(lines.begin(), lines.end(),
                                  [&](const std::string& l) { return canvas.width(font, l) <= area.width(); });
    if (!fits && font != FontRole::micro) continue;
    float y = area.y0;
    for (const std::string& words : lines) {
      canvas.text_in({area.x0, y, area.x1, y + line}, {font, FontRole::micro}, ink, words);
      y += line;
    }
    return y;
  }
  return area.y0;
}

}  // namespace

float ChoicePanel::draw_threads(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  float y = area.y0;
  const auto& ready = view.choice->ready;
  const float row =
      std::min(canvas.px(kRow), area.height() / static_cast<float>(std::max<std::size_t>(ready.size(), 1)));
  for (const core::ThreadId id : ready) {
    const Rect line{area.x0, y, area.x1, y + row - canvas.px(3)};
    const auto hit = canvas.hit(label("pick", id.value), line);
    const Colour colour = theme.thread(view.styles->of(id));
    canvas.fill(line, with_alpha(colour, hit.hovered ? 90 : 46), canvas.px(6));
    canvas.outline(line, hit.hovered ? theme.text : colour, canvas.px(6), canvas.px(1.5f));
    const Rect key{line.x0 + canvas.px(6), line.y0, line.x0 + canvas.px(34), line.y1};
    // Threads beyond 9 have no key.
    if (id.value < 10)
      canvas.text_in(key, {FontRole::mono_bold, FontRole::mono_small, FontRole::mono_tiny}, theme.text,
                     std::to_string(id.value), Align::center);
    canvas.badge({line.x0 + canvas.px(52), line.center().y}, std::min(canvas.px(12), row * 0.4f), view.styles->of(id));
    const core::ThreadView* thread = view.thread(id);
    canvas.text_in({line.x0 + canvas.px(74), line.y0, line.x1 - canvas.px(8), line.y1},
                   {FontRole::text, FontRole::small, FontRole::tiny, FontRole::micro}, theme.text,
                   thread == nullptr ? "?" : thread->thread.name);
    if (hit.clicked) commands.push_back(command::PickThread{id});
    y += row;
  }
  return y;
}

float ChoicePanel::draw_values(Canvas& canvas, const View& view, const Rect& area) {
  const Theme& theme = canvas.theme();
  const auto& values = view.choice->values;
  if (values.empty()) return area.y0;
  constexpr std::size_t kInRow = 3;
  const float line = canvas.px(kLine);
  const float wide = area.width() / static_cast<float>(kInRow);
  float y = area.y0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && i % kInRow == 0) y += line;
    if (y + line > area.y1) return y;
    const float x = area.x0 + wide * static_cast<float>(i % kInRow);
    const core::WatchedValue& value = values[i];
    const std::string text = value.is_text ? "\"" + value.text + "\"" : grouped(value.value);
    const float name = std::min(wide * 0.6f, canvas.width(FontRole::mono_tiny, value.cell.name) + canvas.px(10));
    canvas.text_in({x, y, x + name, y + line}, {FontRole::mono_tiny, FontRole::micro}, theme.mnemonic, value.cell.name);
    canvas.text_in({x + name + canvas.px(5), y, x + wide - canvas.px(6), y + line},
                   {FontRole::mono_bold, FontRole::mono_small, FontRole::mono_tiny, FontRole::micro}, theme.text, text);
  }
  return y + line;
}

void ChoicePanel::draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  if (view.choice == nullptr) return;
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const core::OrderChoice& choice = *view.choice;
  canvas.fill(area, theme.panel);
  const Rect head = canvas.panel_head("choice", area, words(Word::choose_title));
  canvas.text_in(head, {FontRole::small, FontRole::tiny, FontRole::micro}, theme.changed,
                 words(choice.asks ? Word::choose_ask : Word::choose_over), Align::right);
  const Rect inside{area.x0 + canvas.px(10), area.y0 + canvas.px(44), area.x1 - canvas.px(10), area.y1 - canvas.px(8)};
  const float foot = inside.y1 - canvas.px(kFoot);
  float y = inside.y0;
  if (choice.asks) {
    y = draw_threads(canvas, view, {inside.x0, y, inside.x1, y + (foot - y) * 0.56f}, commands) + canvas.px(4);
  } else {
    canvas.text_in({inside.x0, y, inside.x1, y + canvas.px(kLine)}, {FontRole::tiny, FontRole::micro}, theme.dim,
                   words(Word::choose_repeat));
    const float top = y + canvas.px(kLine);
    const Rect box{inside.x0, top, inside.x1, top + (foot - top) * 0.4f};
    const auto hit = canvas.hit("##copy_command", box);
    canvas.fill(box, hit.hovered ? theme.border : theme.grid, canvas.px(5));
    draw_wrapped(canvas, box.inset(canvas.px(6), canvas.px(4)), theme.text, choice.command);
    if (hit.hovered) canvas.tooltip(choice.command + "\n" + words(Word::tip_copy));
    if (hit.clicked) commands.push_back(command::CopyText{choice.command});
    y = box.y1 + canvas.px(6);
  }
  y = draw_values(canvas, view, {inside.x0, y, inside.x1, foot - canvas.px(2 * kLine)}) + canvas.px(2);
  const std::string turns = std::string(words(Word::choose_turns)) + " " + std::to_string(choice.picks.size()) + ": ";
  draw_wrapped(canvas, {inside.x0, y, inside.x1, foot - canvas.px(2)}, theme.text,
               turns + (choice.picks.empty() ? words(Word::choose_no_turn) : choice.schedule));
  const auto button = [&](const char* name, const Rect& box, bool alive, Word word, const Command& command) {
    const auto hit = canvas.hit(name, box);
    canvas.outline(box, alive && hit.hovered ? theme.text : theme.border, canvas.px(6));
    canvas.text_in(box.inset(canvas.px(6), 0), {FontRole::small, FontRole::tiny, FontRole::micro},
                   alive ? theme.text : theme.dim, words(word), Align::center);
    if (alive && hit.clicked) commands.push_back(command);
  };
  const float middle = std::floor(inside.center().x);
  button("##undo_pick", {inside.x0, foot, middle - canvas.px(3), inside.y1}, !choice.picks.empty(), Word::choose_undo,
         command::UndoPick{});
  button("##leave_choice", {middle + canvas.px(3), foot, inside.x1, inside.y1}, true, Word::choose_leave,
         command::ChooseOrder{});
}

}  // namespace fiberscope::app
