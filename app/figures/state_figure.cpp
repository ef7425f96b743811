// The five states of a control block: who is where, and who moved whom.
#include <array>
#include <cmath>
#include <optional>

#include "app/figures/figures.h"
#include "app/format.h"
#include "app/threads_panel.h"
#include "core/thread_standing.h"
#include "emu/shown_name.h"

namespace fiberscope::app {
namespace {

using core::ThreadState;

struct Node {
  ThreadState state;
  Point at;  ///< middle, in parts of the diagram
};

constexpr Node kNodes[] = {
    {ThreadState::init, {0.11f, 0.26f}},    {ThreadState::ready, {0.37f, 0.26f}},
    {ThreadState::running, {0.63f, 0.26f}}, {ThreadState::finished, {0.89f, 0.26f}},
    {ThreadState::waiting, {0.50f, 0.80f}},
};
constexpr float kNodeWidth = 0.17f;
constexpr float kNodeHeight = 0.34f;

struct Arrow {
  ThreadState from;
  ThreadState to;
  Word word;
  float shift = 0;  ///< units to the side, so that two arrows between the same nodes stay apart
};

constexpr Arrow kArrows[] = {
    {ThreadState::init, ThreadState::ready, Word::arrow_created, 0},
    {ThreadState::ready, ThreadState::running, Word::arrow_chosen, -16},
    {ThreadState::running, ThreadState::ready, Word::arrow_gave_up, 16},
    {ThreadState::running, ThreadState::waiting, Word::arrow_must_wait, 0},
    {ThreadState::waiting, ThreadState::ready, Word::arrow_woken, 0},
    {ThreadState::running, ThreadState::finished, Word::arrow_ends, 0},
};

class Diagram {
 public:
  Diagram(Canvas& canvas, const View& view, const Rect& area) : canvas_(canvas), view_(view), area_(area) {
    for (const core::StateChange& change : view.figure->changes)
      if (!newest_ || change.step > newest_->step) newest_ = change;
  }

  void draw() {
    for (const Arrow& arrow : kArrows) draw_arrow(arrow);
    for (const Node& node : kNodes) draw_node(node);
  }

 private:
  [[nodiscard]] Rect rect_of(ThreadState state) const {
    for (const Node& node : kNodes) {
      if (node.state != state) continue;
      const float x = area_.x0 + node.at.x * area_.width();
      const float y = area_.y0 + node.at.y * area_.height();
      const float w = kNodeWidth * area_.width() / 2;
      const float h = kNodeHeight * area_.height() / 2;
      return {x - w, y - h, x + w, y + h};
    }
    return area_;
  }

  void draw_node(const Node& node) {
    const Theme& theme = canvas_.theme();
    const Rect rect = rect_of(node.state);
    const bool lit = newest_ && newest_->to == node.state && newest_->step == view_.now->step;
    canvas_.fill(rect, theme.head, canvas_.px(10));
    canvas_.outline(rect, lit ? theme.changed : theme.text, canvas_.px(10), canvas_.px(lit ? 3 : 1.5f));
    const float head = canvas_.px(30);
    canvas_.text_in({rect.x0 + canvas_.px(6), rect.y0 + canvas_.px(2), rect.x1 - canvas_.px(6), rect.y0 + head},
                    {FontRole::text_bold, FontRole::small, FontRole::tiny, FontRole::micro}, theme.text,
                    view_.words().state(node.state), Align::center);
    canvas_.items().mark("state " + std::string(core::to_string(node.state)), rect);
    std::vector<core::ThreadId> here;
    for (const core::ThreadId id : view_.styles->order()) {
      const core::ThreadView* thread = view_.thread(id);
      if (thread != nullptr && thread->state == node.state) here.push_back(id);
    }
    if (here.empty()) return;
    const float room = rect.width() - canvas_.px(12);
    const float step = std::min(canvas_.px(36), room / static_cast<float>(here.size()));
    float x = rect.center().x - step * static_cast<float>(here.size() - 1) / 2;
    const float radius = std::min({canvas_.px(15), step * 0.46f, (rect.height() - head) * 0.4f});
    const float y = (rect.y0 + head + rect.y1) / 2;
    for (const core::ThreadId id : here) {
      const bool off = node.state == ThreadState::running && !core::is_on_processor(*view_.now, id);
      if (off) {
        canvas_.hollow_badge({x, y}, radius, view_.styles->of(id));
      } else {
        canvas_.badge({x, y}, radius, view_.styles->of(id));
      }
      canvas_.items().mark(label(off ? "off CPU" : "at", id.value), {x - radius, y - radius, x + radius, y + radius});
      x += step;
    }
  }

  void draw_arrow(const Arrow& arrow) {
    const Theme& theme = canvas_.theme();
    const Rect from = rect_of(arrow.from);
    const Rect to = rect_of(arrow.to);
    const bool lit = newest_ && newest_->from == arrow.from && newest_->to == arrow.to;
    const Colour colour = lit ? theme.changed : theme.dim;
    Point a;
    Point b;
    const bool level = std::abs(from.center().y - to.center().y) < 1;
    if (level) {
      const float y = from.center().y + canvas_.px(arrow.shift);
      const bool right = from.center().x < to.center().x;
      a = {right ? from.x1 : from.x0, y};
      b = {right ? to.x0 : to.x1, y};
    } else {
      const bool down = from.center().y < to.center().y;
      const float side = from.center().x < to.center().x ? 0.28f : -0.28f;
      a = {from.center().x + (down ? 0.f : side * from.width() * 0.5f), down ? from.y1 : from.y0};
      b = {to.center().x - (down ? side * to.width() : 0.f), down ? to.y0 : to.y1};
      if (!down) a.x = from.center().x - 0.28f * from.width();
    }
    canvas_.line(a, b, colour, canvas_.px(lit ? 4 : 2));
    head(a, b, colour);
    const float high = canvas_.px(20);
    if (level) {
      const float y = arrow.shift > 0 ? a.y + canvas_.px(3) : a.y - high - canvas_.px(3);
      canvas_.text_in({std::min(a.x, b.x) + canvas_.px(3), y, std::max(a.x, b.x) - canvas_.px(3), y + high},
                      {FontRole::small, FontRole::tiny, FontRole::micro}, lit ? theme.changed : theme.text,
                      view_.words()(arrow.word), Align::center);
      return;
    }
    const Point middle = mix(a, b, 0.5f);
    const float wide = area_.width() * 0.17f;
    const bool at_right = arrow.from == ThreadState::running;
    const Rect box = at_right ? Rect{middle.x + canvas_.px(14), middle.y - high / 2, middle.x + canvas_.px(14) + wide,
                                     middle.y + high / 2}
                              : Rect{middle.x - canvas_.px(14) - wide, middle.y - high / 2, middle.x - canvas_.px(14),
                                     middle.y + high / 2};
    canvas_.text_in(box, {FontRole::small, FontRole::tiny, FontRole::micro}, lit ? theme.changed : theme.text,
                    view_.words()(arrow.word), at_right ? Align::left : Align::right);
  }

  void head(Point a, Point b, Colour colour) {
    const float length = std::hypot(b.x - a.x, b.y - a.y);
    if (length < 1) return;
    const Point along{(b.x - a.x) / length, (b.y - a.y) / length};
    const float size = canvas_.px(11);
    const Point base{b.x - along.x * size, b.y - along.y * size};
    canvas_.triangle(b, {base.x - along.y * size * 0.6f, base.y + along.x * size * 0.6f},
                     {base.x + along.y * size * 0.6f, base.y - along.x * size * 0.6f}, colour);
  }

  Canvas& canvas_;
  const View& view_;
  Rect area_;
  std::optional<core::StateChange> newest_;
};

void draw_change(Canvas& canvas, const View& view, const core::StateChange& change, const Rect& row,
                 Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const auto hit = canvas.hit(label("change", change.thread.value), row);
  if (hit.hovered) {
    canvas.fill(row, theme.head, canvas.px(5));
    canvas.tooltip(words(Word::tip_last_write));
  }
  if (hit.clicked) commands.push_back(command::GoTo{change.step});
  const core::ThreadView* thread = view.thread(change.thread);
  canvas.badge({row.x0 + canvas.px(18), row.center().y}, std::min(canvas.px(12), row.height() * 0.44f),
               view.styles->of(change.thread));
  const float wide = row.width();
  const auto column = [&](float from, float to, Colour colour, const std::string& text, Align align = Align::left) {
    canvas.text_in({row.x0 + from * wide, row.y0, row.x0 + to * wide, row.y1},
                   {FontRole::text, FontRole::small, FontRole::tiny, FontRole::micro}, colour, text, align);
  };
  column(0.045f, 0.2f, theme.text, thread == nullptr ? "?" : thread->thread.name);
  column(0.21f, 0.45f, theme.changed, std::string(words.state(change.from)) + " → " + words.state(change.to));
  const core::ThreadView* by = change.by ? view.thread(*change.by) : nullptr;
  column(0.46f, 0.82f, theme.text,
         words(Word::moved_by_n, by == nullptr ? words(Word::no_thread) : by->thread.name.c_str()) + " · " +
             emu::short_name(change.function));
  column(0.83f, 0.99f, theme.dim, std::string(words(Word::step)) + " " + grouped(change.step.value), Align::right);
}

/// Those whose own tables say running though the CPU is elsewhere: whose word the diagram goes by.
std::string standing_notes(const View& view) {
  std::string text;
  for (const core::ThreadId id : view.styles->order()) {
    const core::ThreadView* thread = view.thread(id);
    if (thread == nullptr || thread->thread.state != ThreadState::running || !view.now->on_cpu ||
        core::is_on_processor(*view.now, id))
      continue;
    text += " " + standing_text(view, *thread);
  }
  return text.empty() ? text : view.words()(Word::stands_filled) + text;
}

}  // namespace

void draw_state_figure(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  if (view.figure == nullptr) return;
  const auto& changes = view.figure->changes;
  const float least = canvas.px(22);
  const float rows = static_cast<float>(std::max<std::size_t>(changes.size(), 1));
  const float row = std::clamp(area.height() * 0.36f / rows, least, canvas.px(32));
  const std::string notes = standing_notes(view);
  const std::size_t most = 3;
  const FontRole font = canvas.width(FontRole::tiny, notes) < area.width() * 1.9f ? FontRole::tiny : FontRole::micro;
  const std::vector<std::string> lines =
      notes.empty() ? std::vector<std::string>{} : canvas.wrap(font, notes, area.width(), most);
  const float line = canvas.px(22);
  const float split = area.y1 - row * rows - canvas.px(8) - line * static_cast<float>(lines.size());
  Diagram(canvas, view, {area.x0, area.y0, area.x1, split}).draw();
  float y = split + canvas.px(4);
  for (const std::string& text : lines) {
    canvas.text_in({area.x0, y, area.x1, y + line}, {font, FontRole::micro}, canvas.theme().text, text);
    y += line;
  }
  y += canvas.px(4);
  for (const core::StateChange& change : changes) {
    draw_change(canvas, view, change, {area.x0, y, area.x1, y + row}, commands);
    y += row;
  }
}

}  // namespace fiberscope::app
