// The three virtualizers: memory, CPU, I/O. What each thread may believe, and what is there (note 002).
#include <algorithm>

#include "app/figures/figures.h"
#include "app/format.h"

namespace fiberscope::app {
namespace {

constexpr std::uint64_t kLately = 1000;  // steps
constexpr std::size_t kMostParts = 12;   // of one line of the console

void draw_memory(Canvas& canvas, const View& view, const Rect& area) {
  const Theme& theme = canvas.theme();
  const auto& regions = view.figure->regions;
  if (regions.empty()) return;
  const float row = std::min(canvas.px(34), area.height() / static_cast<float>(regions.size()));
  float y = area.y0;
  // High addresses on top, as everywhere.
  for (auto region = regions.rbegin(); region != regions.rend(); ++region) {
    const Rect bar{area.x0, y, area.x1, y + row - canvas.px(2)};
    Colour colour = theme.grid;
    for (const core::ThreadView& thread : view.now->threads) {
      if (thread.thread.stack.low == region->range.low && !thread.thread.stack.empty())
        colour = with_alpha(theme.thread(view.styles->of(thread.thread.id)), 90);
    }
    canvas.fill(bar, colour, canvas.px(4));
    canvas.text_in({bar.x0 + canvas.px(8), bar.y0, bar.x0 + bar.width() * 0.42f, bar.y1},
                   {FontRole::mono_small, FontRole::mono_tiny, FontRole::micro}, theme.text,
                   hex(region->range.low.value));
    const std::string rights =
        std::string(region->readable ? "r" : "-") + (region->writable ? "w" : "-") + (region->executable ? "x" : "-");
    canvas.text_in({bar.x0 + bar.width() * 0.43f, bar.y0, bar.x1 - canvas.px(52), bar.y1},
                   {FontRole::small, FontRole::tiny, FontRole::micro}, theme.text, region->name);
    canvas.text_in({bar.x1 - canvas.px(48), bar.y0, bar.x1 - canvas.px(8), bar.y1},
                   {FontRole::mono_small, FontRole::mono_tiny, FontRole::micro}, theme.dim, rights, Align::right);
    y += row;
  }
}

void draw_processor(Canvas& canvas, const View& view, const Rect& area) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const std::size_t count = view.styles->order().size();
  if (count == 0) return;
  const float row = std::min(canvas.px(64), area.height() / static_cast<float>(count));
  const std::uint64_t now = view.now->step.value;
  float y = area.y0;
  for (const core::ThreadId id : view.styles->order()) {
    const ThreadStyle style = view.styles->of(id);
    const OwnSteps own = own_steps(*view.timeline, id, view.now->step, kLately);
    const float half = row / 2;
    canvas.badge({area.x0 + canvas.px(14), y + half / 2 + canvas.px(2)}, std::min(canvas.px(12), half * 0.45f), style);
    canvas.text_in({area.x0 + canvas.px(32), y, area.x0 + area.width() * 0.5f, y + half},
                   {FontRole::small, FontRole::tiny, FontRole::micro}, theme.text, name_of(*view.timeline, id));
    canvas.text_in({area.x0 + area.width() * 0.5f, y, area.x1, y + half},
                   {FontRole::small, FontRole::tiny, FontRole::micro}, theme.dim,
                   words(Word::own_steps_n, grouped(own.all)), Align::right);
    const Rect bar{area.x0, y + half, area.x1, y + row - canvas.px(6)};
    canvas.fill(bar, theme.grid, canvas.px(4));
    const float part = now == 0 ? 0 : static_cast<float>(own.all) / static_cast<float>(now);
    if (part > 0) canvas.fill({bar.x0, bar.y0, bar.x0 + bar.width() * part, bar.y1}, theme.thread(style), canvas.px(4));
    y += row;
  }
}

void draw_output(Canvas& canvas, const View& view, const Rect& area) {
  const Theme& theme = canvas.theme();
  std::vector<std::string> lines;
  std::string_view rest = view.now->console;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    // A line that is too long goes on in the next one.
    for (std::string& part : canvas.wrap(FontRole::mono_tiny, rest.substr(0, end), area.width(), kMostParts))
      lines.push_back(std::move(part));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const bool wide = std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return canvas.width(FontRole::mono_small, line) > area.width();
  });
  const FontRole font = wide ? FontRole::mono_tiny : FontRole::mono_small;
  const float row = canvas.px(26);
  const auto room = static_cast<std::size_t>(std::max(1.f, area.height() / row));
  const std::size_t first = lines.size() > room ? lines.size() - room : 0;
  float y = area.y0;
  for (std::size_t i = first; i < lines.size(); ++i, y += row)
    canvas.text_in({area.x0, y, area.x1, y + row}, {font, FontRole::mono_tiny}, theme.text, lines[i]);
}

}  // namespace

void draw_virtualizer_figure(Canvas& canvas, const View& view, const Rect& area) {
  if (view.figure == nullptr) return;
  const Words words = view.words();
  const Theme& theme = canvas.theme();
  const float gap = canvas.px(12);
  const float wide = (area.width() - 2 * gap) / 3;
  const std::tuple<Word, Word, void (*)(Canvas&, const View&, const Rect&)> parts[] = {
      {Word::virtual_memory, Word::virtual_memory_aim, draw_memory},
      {Word::virtual_cpu, Word::virtual_cpu_aim, draw_processor},
      {Word::virtual_io, Word::virtual_io_aim, draw_output},
  };
  float x = area.x0;
  for (const auto& [title, aim, draw] : parts) {
    const Rect inside = draw_box(canvas, {x, area.y0, x + wide, area.y1}, words(title), theme.text);
    const auto lines = canvas.wrap(FontRole::tiny, words(aim), inside.width(), 3);
    float y = inside.y0;
    const float line = canvas.px(20);
    for (const std::string& text : lines) {
      canvas.text_in({inside.x0, y, inside.x1, y + line}, {FontRole::tiny, FontRole::micro}, theme.dim, text);
      y += line;
    }
    draw(canvas, view, {inside.x0, inside.y0 + 3 * line + canvas.px(8), inside.x1, inside.y1});
    x += wide + gap;
  }
}

}  // namespace fiberscope::app
