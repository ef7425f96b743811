// What tasks share (note 002): the note's table, and beside it what the kernel's books say of each task of this run.
#include <fmt/format.h>

#include <algorithm>

#include "app/figures/figures.h"
#include "app/format.h"

namespace fiberscope::app {
namespace {

using core::SpaceData;
using emu::LinuxBookTask;

constexpr std::size_t kMostTasks = 6;

struct Kind {
  Word word;
  std::uint32_t LinuxBookTask::*number;
};
constexpr Kind kKinds[] = {{Word::shared_memory, &LinuxBookTask::space},
                           {Word::shared_descriptors, &LinuxBookTask::files},
                           {Word::shared_filesystem, &LinuxBookTask::filesystem},
                           {Word::shared_handlers, &LinuxBookTask::handlers}};

/// The first task, and the last ones that were made: of many only so many fit.
std::vector<std::size_t> chosen(const SpaceData& data) {
  std::vector<std::size_t> indexes;
  if (!data.tasks.empty()) indexes.push_back(0);
  const std::size_t first = data.tasks.size() > kMostTasks ? data.tasks.size() - kMostTasks + 1 : 1;
  for (std::size_t i = first; i < data.tasks.size(); ++i) indexes.push_back(i);
  return indexes;
}

/// "CLONE_VM | CLONE_FS": in lines, with the names whole if they fit, else without what they all begin with.
void draw_flags(Canvas& canvas, const Rect& box, std::string flags) {
  constexpr std::string_view kPrefix = "CLONE_";
  constexpr std::size_t kMostLines = 4;
  const auto too_long = [&](const std::vector<std::string>& lines) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return canvas.width(FontRole::micro, line) > box.width(); });
  };
  std::vector<std::string> lines = canvas.wrap(FontRole::micro, flags, box.width(), kMostLines);
  if (too_long(lines)) {
    for (auto at = flags.find(kPrefix); at != std::string::npos; at = flags.find(kPrefix))
      flags.erase(at, kPrefix.size());
    lines = canvas.wrap(FontRole::micro, flags, box.width(), kMostLines);
  }
  const float row = std::min(canvas.line_height(FontRole::micro) + 1, box.height() / kMostLines);
  float y = box.center().y - row * static_cast<float>(lines.size()) / 2;
  for (const std::string& line : lines) {
    canvas.text_in({box.x0, y, box.x1, y + row}, {FontRole::micro}, canvas.theme().dim, line, Align::center);
    y += row;
  }
}

}  // namespace

void draw_shared_figure(Canvas& canvas, const View& view, const Rect& area) {
  if (view.figure == nullptr) return;
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  if (!view.figure->spaces) {
    canvas.text_in(area, {FontRole::text, FontRole::small, FontRole::tiny}, theme.dim, words(Word::no_spaces),
                   Align::center);
    return;
  }
  const SpaceData& data = *view.figure->spaces;
  const std::vector<std::size_t> tasks = chosen(data);
  const float names = area.width() * 0.15f;
  const float notes = area.width() * 0.08f;
  const float wide = (area.width() - names - 2 * notes) / static_cast<float>(std::max<std::size_t>(tasks.size(), 1));
  const float foot = canvas.px(34);
  const float row = (area.height() - foot) / 8;
  const auto cell = [&](float x, int line, float width) {
    const float y = area.y0 + row * static_cast<float>(line);
    return Rect{x + canvas.px(3), y + canvas.px(2), x + width - canvas.px(3), y + row - canvas.px(2)};
  };
  const auto text = [&](const Rect& box, Colour ink, std::string_view what, Align align = Align::center) {
    canvas.text_in(box.inset(canvas.px(5), 0), {FontRole::small, FontRole::tiny, FontRole::micro}, ink, what, align);
  };
  // The heads: who it is, how it was made, and in which state.
  text(cell(area.x0 + names, 0, 2 * notes), theme.text, words(Word::shared_note));
  text(cell(area.x0 + names, 1, notes), theme.dim, words(Word::shared_thread));
  text(cell(area.x0 + names + notes, 1, notes), theme.dim, words(Word::shared_process));
  text(cell(area.x0, 1, names), theme.dim, words(Word::shared_group), Align::left);
  text(cell(area.x0, 2, names), theme.dim, words(Word::shared_made_by), Align::left);
  float x = area.x0 + names + 2 * notes;
  for (const std::size_t index : tasks) {
    const LinuxBookTask& task = data.tasks[index];
    const bool current = index == data.current;
    const Rect head = cell(x, 0, wide);
    canvas.fill(head, current ? theme.accent : theme.head, canvas.px(6));
    text(head, current ? theme.on_accent : theme.text, words(Word::shared_task_n, std::to_string(task.id)));
    text(cell(x, 1, wide), theme.text, std::to_string(task.process));
    draw_flags(canvas, cell(x, 2, wide), data.made_by[index]);
    text(cell(x, 7, wide), theme.dim, core::to_string(static_cast<core::ThreadState>(task.state)));
    x += wide;
  }
  text(cell(area.x0, 7, names), theme.dim, words(Word::shared_state), Align::left);
  int line = 3;
  for (const Kind& kind : kKinds) {
    canvas.fill(
        {area.x0, area.y0 + row * static_cast<float>(line), area.x1, area.y0 + row * static_cast<float>(line + 1)},
        line % 2 == 1 ? theme.grid : theme.panel);
    text(cell(area.x0, line, names), theme.text, words(kind.word), Align::left);
    text(cell(area.x0 + names, line, notes), theme.dim, words(Word::shared_yes));
    text(cell(area.x0 + names + notes, line, notes), theme.dim, words(Word::shared_no));
    x = area.x0 + names + 2 * notes;
    for (const std::size_t index : tasks) {
      const std::uint32_t number = data.tasks[index].*kind.number;
      // Whether anybody before it has the same.
      const auto first = std::find_if(data.tasks.begin(), data.tasks.end(),
                                      [&](const LinuxBookTask& other) { return other.*kind.number == number; });
      const auto owner = static_cast<std::size_t>(first - data.tasks.begin());
      const bool own = owner == index;
      const Rect box = cell(x, line, wide).inset(canvas.px(2), canvas.px(3));
      canvas.outline(box, own ? theme.border : theme.accent, canvas.px(5), canvas.px(own ? 1 : 2.5f));
      text(box, theme.text,
           fmt::format(
               "{}: {}", number,
               own ? std::string(words(Word::shared_own)) : words(Word::shared_with_n, std::to_string(first->id))));
      x += wide;
    }
    ++line;
  }
  text({area.x0, area.y1 - foot, area.x1, area.y1}, theme.dim, words(Word::shared_is_model), Align::left);
}

}  // namespace fiberscope::app
