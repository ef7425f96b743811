#include "app/threads_panel.h"

#include <imgui.h>

#include <algorithm>

#include "app/format.h"
#include "core/thread_standing.h"

namespace fiberscope::app {
namespace {

constexpr float kRow = 36;
constexpr float kLeastRow = 25;
constexpr float kShortRow = 21;  // of two columns

std::vector<std::string> last_lines(std::string_view text, std::size_t count) {
  std::vector<std::string> lines;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  while (!text.empty() && lines.size() < count) {
    const auto start = text.rfind('\n');
    lines.emplace_back(start == std::string_view::npos ? text : text.substr(start + 1));
    text = start == std::string_view::npos ? std::string_view{} : text.substr(0, start);
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

/// Whose stack the rsp lies on that a thread will go on with, where that is not its own.
std::optional<core::ThreadId> foreign_stack(const View& view, const core::ThreadView& thread) {
  if (!thread.parked_rsp || thread.thread.stack.contains(*thread.parked_rsp)) return std::nullopt;
  for (const core::ThreadView& other : view.now->threads)
    if (other.thread.space == thread.thread.space && other.thread.stack.contains(*thread.parked_rsp) &&
        other.thread.id != thread.thread.id && *thread.parked_rsp != thread.thread.stack.high)
      return other.thread.id;
  return std::nullopt;
}

std::string parked_text(const View& view, const core::ThreadView& thread) {
  if (!thread.parked_rsp) return {};
  std::string text = "\n" + std::string(view.words()(Word::saved_rsp)) + " " + hex_address(*thread.parked_rsp);
  if (const auto owner = foreign_stack(view, thread)) text += " · " + view.thread(*owner)->thread.name;
  return text;
}

/// Where it lies on another one's stack, that one's mark stands before it.
void draw_parked_rsp(Canvas& canvas, const View& view, const core::ThreadView& thread, const Rect& box) {
  const Theme& theme = canvas.theme();
  if (!thread.parked_rsp) {
    canvas.text_in(box, {FontRole::small}, theme.dim, "–", Align::right);
    return;
  }
  const Rect letters = canvas.text_in(box, {FontRole::mono_small, FontRole::mono_tiny}, theme.text,
                                      short_hex(thread.parked_rsp->value, 8), Align::right);
  if (const auto owner = foreign_stack(view, thread))
    canvas.badge({letters.x0 - canvas.px(14), box.center().y}, std::min(canvas.px(9), box.height() * 0.4f),
                 view.styles->of(*owner));
}

/// The processor that a thread is on, for people; empty where it is on none.
std::string processor_word(const View& view, core::ThreadId thread) {
  for (const core::ProcessorView& cpu : view.now->cpus)
    if (cpu.thread == thread) return "CPU " + std::to_string(cpu.cpu.value);
  return view.now->cpus.empty() && view.now->on_cpu == thread ? view.words()(Word::on_cpu) : "";
}

/// What lies under a thread's words: its colour, as strong as the film says.
Canvas::Hit draw_bar(Canvas& canvas, const View& view, core::ThreadId thread, const Rect& bar, std::uint32_t tint) {
  const auto hit = canvas.hit(label("thread", thread.value), bar);
  const auto light = static_cast<float>(view.film.light(thread, view.now->on_cpu));
  const Colour colour = canvas.theme().thread(view.styles->of(thread));
  if (light > 0) canvas.fill(bar, fade(with_alpha(colour, tint), light), canvas.px(5));
  return hit;
}

void answer(Canvas& canvas, const View& view, const core::ThreadView& thread, const Canvas::Hit& hit,
            Commands& commands) {
  const core::Thread& data = thread.thread;
  const std::string place = processor_word(view, data.id);
  if (hit.hovered)
    canvas.tooltip(standing_text(view, thread) + (place.empty() ? parked_text(view, thread) : " · " + place) + "\n" +
                   view.words()(Word::tip_control_block) + " (" + hex_address(data.tcb) + ")");
  if (hit.clicked) commands.push_back(command::ShowControlBlock{data.id});
}

}  // namespace

std::string state_word(const View& view, const core::ThreadView& thread) {
  const bool elsewhere = thread.state == core::ThreadState::running && thread.with;
  if (!elsewhere) return view.words().state(thread.state);
  return view.words()(Word::runs_on_n, std::string(1, view.styles->of(*thread.with).letter));
}

std::string standing_text(const View& view, const core::ThreadView& thread) {
  const Words words = view.words();
  const core::ThreadView* with = thread.with ? view.thread(*thread.with) : nullptr;
  const bool runs = thread.state == core::ThreadState::running;
  const std::string& name = thread.thread.name;
  if (runs && with != nullptr) return words(Word::stands_on_n, {name, with->thread.name});
  if (with != nullptr)
    return std::string(words.state(thread.state)) + " · " + words(Word::stands_with_n, {name, with->thread.name});
  if (runs && view.now->on_cpu && !core::is_on_processor(*view.now, thread.thread.id))
    return words(Word::stands_marked_n, name);
  return name + " · " + words.state(thread.state);
}

void draw_state_pill(Canvas& canvas, const View& view, const Rect& rect, const core::ThreadView& thread,
                     FontRole font) {
  const Theme& theme = canvas.theme();
  const ThreadStyle style = view.styles->of(thread.thread.id);
  const Colour colour = theme.thread(style);
  const std::string word = state_word(view, thread);
  switch (thread.state) {
    case core::ThreadState::running: {
      const bool here = core::is_on_processor(*view.now, thread.thread.id);
      canvas.pill(rect, here, colour, here ? theme.on_thread(style) : colour, word, font);
      break;
    }
    case core::ThreadState::ready:
      canvas.pill(rect, false, colour, colour, word, font);
      break;
    case core::ThreadState::waiting:
    case core::ThreadState::init:
    case core::ThreadState::finished:
    case core::ThreadState::unused:
      canvas.pill(rect, true, theme.grid, theme.dim, word, font);
      canvas.outline(rect, thread.state == core::ThreadState::waiting ? theme.dim : theme.border, rect.height() / 2,
                     canvas.px(2));
      break;
  }
}

void ThreadsPanel::draw_row(Canvas& canvas, const View& view, const core::ThreadView& thread, const Rect& row,
                            Commands& commands) {
  const Theme& theme = canvas.theme();
  const core::Thread& data = thread.thread;
  const Rect bar{row.x0 + canvas.px(4), row.y0 + 1, row.x1 - canvas.px(4), row.y1 - 1};
  const auto hit = draw_bar(canvas, view, data.id, bar, 46);
  if (hit.hovered || view.selection->thread == data.id) canvas.outline(bar, theme.text, canvas.px(6), canvas.px(1.5f));

  const float radius = std::min(canvas.px(14), row.height() * 0.42f);
  canvas.badge({row.x0 + canvas.px(26), row.center().y}, radius, view.styles->of(data.id));
  const float pill_left = row.x0 + canvas.px(166);
  canvas.text_in({row.x0 + canvas.px(50), row.y0, pill_left - canvas.px(6), row.y1},
                 {FontRole::text, FontRole::small, FontRole::tiny, FontRole::micro}, theme.text, data.name);
  const float margin = std::max(2.f, (row.height() - canvas.px(26)) / 2);
  const Rect pill{pill_left, row.y0 + margin, row.x0 + canvas.px(284), row.y1 - margin};
  draw_state_pill(canvas, view, pill, thread);

  // On the CPU there is no saved rsp: that is said instead, fainter where the state says it already.
  const std::string place = processor_word(view, data.id);
  const bool on_cpu = !place.empty();
  const Rect right{pill.x1 + canvas.px(6), row.y0, row.x1 - canvas.px(12), row.y1};
  const bool told = on_cpu == (data.state == core::ThreadState::running) && view.now->cpus.empty();
  canvas.items().mark(label("saved rsp", data.id.value), right);
  if (on_cpu) {
    canvas.text_in(right, {FontRole::small, FontRole::tiny}, told ? theme.dim : theme.text, place, Align::right);
  } else {
    draw_parked_rsp(canvas, view, thread, right);
  }
  answer(canvas, view, thread, hit, commands);
}

void ThreadsPanel::draw_short(Canvas& canvas, const View& view, const core::ThreadView& thread, const Rect& cell,
                              Commands& commands) {
  const Theme& theme = canvas.theme();
  const core::Thread& data = thread.thread;
  const ThreadStyle style = view.styles->of(data.id);
  const Rect bar{cell.x0 + canvas.px(2), cell.y0 + 1, cell.x1 - canvas.px(2), cell.y1 - 1};
  const auto hit = draw_bar(canvas, view, data.id, bar, 70);
  const bool on_cpu = core::is_on_processor(*view.now, data.id);
  if (hit.hovered || view.selection->thread == data.id || on_cpu)
    canvas.outline(bar, on_cpu ? theme.thread(style) : theme.text, canvas.px(5), canvas.px(1.5f));
  const float radius = std::min(canvas.px(11), cell.height() * 0.4f);
  canvas.badge({cell.x0 + canvas.px(16), cell.center().y}, radius, style);
  // The pill gives way to the name.
  const std::string word = state_word(view, thread);
  const float name_left = cell.x0 + canvas.px(30);
  const float name_wide = std::ceil(canvas.width(FontRole::micro, data.name)) + canvas.px(3);
  const auto pill_of = [&](FontRole font) { return std::ceil(canvas.width(font, word)) + canvas.px(20); };
  const bool roomy = name_left + name_wide + pill_of(FontRole::tiny) <= cell.x1;
  const FontRole pill_font = roomy ? FontRole::tiny : FontRole::micro;
  const float least = roomy ? std::min(canvas.px(84), cell.x1 - name_left - name_wide) : 0;
  const float pill_left = cell.x1 - std::max(pill_of(pill_font), least);
  canvas.text_in({name_left, cell.y0, pill_left - canvas.px(3), cell.y1},
                 {FontRole::small, FontRole::tiny, FontRole::micro}, theme.text, data.name);
  const float margin = std::max(1.f, (cell.height() - canvas.px(18)) / 2);
  draw_state_pill(canvas, view, {pill_left, cell.y0 + margin, cell.x1 - canvas.px(5), cell.y1 - margin}, thread,
                  pill_font);
  answer(canvas, view, thread, hit, commands);
}

void ThreadsPanel::draw_dense(Canvas& canvas, const View& view, const std::vector<const core::ThreadView*>& threads,
                              const Rect& area, const Rect& head, Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const float room = area.height() - canvas.px(3);
  const auto most = static_cast<std::size_t>(std::max(1.f, std::floor(room / canvas.px(kShortRow) + 0.01f)));
  const std::size_t lines = (threads.size() + 1) / 2;
  const std::size_t shown = std::min(lines, most);
  const std::size_t last_first = lines - shown;
  const ImGuiIO& io = ImGui::GetIO();
  if (area.contains({io.MousePos.x, io.MousePos.y}) && io.MouseWheel != 0)
    first_line_ = io.MouseWheel > 0 ? (first_line_ > 0 ? first_line_ - 1 : 0) : first_line_ + 1;
  first_line_ = std::min(first_line_, last_first);
  if (shown < lines) {
    const std::size_t hidden = threads.size() - std::min(threads.size(), 2 * shown);
    const std::string text = words(Word::more_threads_n, std::to_string(hidden));
    const float wide = std::ceil(canvas.width(FontRole::small, text)) + canvas.px(40);
    const Rect sign{head.x1 - wide, head.y0 + canvas.px(5), head.x1, head.y1 - canvas.px(5)};
    const auto hit = canvas.hit("##more_threads", sign);
    canvas.pill({sign.x0, sign.y0, sign.x1, sign.y1}, true, theme.alert, theme.on_alert, text);
    const float r = canvas.px(5);
    const Point at{sign.x1 - canvas.px(11), sign.center().y};
    const float down = first_line_ < last_first ? 1.f : -1.f;
    canvas.triangle({at.x - r, at.y - down * r * 0.6f}, {at.x + r, at.y - down * r * 0.6f}, {at.x, at.y + down * r},
                    theme.on_alert);
    if (hit.hovered) canvas.tooltip(words(Word::tip_more_threads));
    if (hit.clicked) first_line_ = first_line_ < last_first ? std::min(first_line_ + shown, last_first) : 0;
  }
  const float row = std::min(canvas.px(kRow), room / static_cast<float>(shown));
  const float middle = std::floor(area.center().x);
  for (std::size_t i = 2 * first_line_; i < std::min(threads.size(), 2 * (first_line_ + shown)); ++i) {
    const std::size_t line = i / 2 - first_line_;
    const float y = area.y0 + row * static_cast<float>(line);
    const bool left = i % 2 == 0;
    draw_short(canvas, view, *threads[i],
               {left ? area.x0 + canvas.px(2) : middle, y, left ? middle : area.x1 - canvas.px(2), y + row}, commands);
  }
}

void ThreadsPanel::draw_console(Canvas& canvas, const View& view, const Rect& area) {
  const float line = canvas.px(22);
  const auto room = static_cast<std::size_t>(std::max(0.f, area.height() / line));
  if (room < 1 || view.now->console.empty()) return;
  const Theme& theme = canvas.theme();
  const auto lines = last_lines(view.now->console, room);
  canvas.line({area.x0 + canvas.px(10), area.y0 - canvas.px(2)}, {area.x1 - canvas.px(10), area.y0 - canvas.px(2)},
              theme.border);
  float y = area.y0;
  for (std::size_t i = 0; i < lines.size(); ++i, y += line) {
    canvas.text_in({area.x0 + canvas.px(14), y, area.x0 + canvas.px(30), y + line}, {FontRole::mono_tiny}, theme.dim,
                   i + 1 == lines.size() ? ">" : " ");
    canvas.text_in({area.x0 + canvas.px(32), y, area.x1 - canvas.px(12), y + line}, {FontRole::mono_tiny}, theme.text,
                   lines[i]);
  }
  const Rect place{area.x0, area.y0, area.x1, y};
  if (canvas.hit("##console", place).hovered) {
    canvas.tooltip(std::string(view.words()(Word::console)) + "\n" + view.now->console);
  }
}

void ThreadsPanel::draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Words words = view.words();
  const Rect head = canvas.panel_head("threads", area, words(Word::threads));
  std::vector<const core::ThreadView*> threads;
  for (const core::ThreadId id : view.styles->order()) {
    if (const core::ThreadView* thread = view.thread(id)) threads.push_back(thread);
  }
  if (threads.empty()) return;
  const float top = area.y0 + canvas.px(41);
  const float room = area.y1 - canvas.px(3) - top;
  const float row = std::clamp(room / static_cast<float>(threads.size()), canvas.px(kLeastRow), canvas.px(kRow));
  const auto fit = static_cast<std::size_t>(std::max(1.f, std::floor(room / row + 0.01f)));
  if (threads.size() > fit) return draw_dense(canvas, view, threads, {area.x0, top, area.x1, area.y1}, head, commands);
  canvas.text_in(head, {FontRole::small, FontRole::tiny}, canvas.theme().dim, words(Word::saved_rsp), Align::right);
  float y = top;
  for (const core::ThreadView* thread : threads) {
    draw_row(canvas, view, *thread, {area.x0, y, area.x1, y + row}, commands);
    y += row;
  }
  draw_console(canvas, view, {area.x0, y + canvas.px(3), area.x1, area.y1 - canvas.px(2)});
}

}  // namespace fiberscope::app
