// A process with one thread and a process with several: what they share, and what each thread has of its own (note
// 002). Threads of other processes stand apart: they share nothing of it.
#include <algorithm>

#include "app/figures/figures.h"
#include "app/format.h"
#include "app/threads_panel.h"
#include "core/thread_standing.h"

namespace fiberscope::app {
namespace {

constexpr float kLeastColumn = 118;
constexpr std::uint64_t kPageKiB = 4;  // linux_books.h: pages of 4096 bytes

/// Threads with one memory: a process, or a task of a guest's kernel.
struct Group {
  std::string name;
  std::vector<const core::ThreadView*> threads;
  const core::SpaceData::Space* space = nullptr;  ///< where the kernel's books have it
  bool is_kernels_own = false;                    ///< the task that runs when no other can

  [[nodiscard]] std::size_t ended() const {
    return static_cast<std::size_t>(std::count_if(threads.begin(), threads.end(), [](const core::ThreadView* thread) {
      return thread->thread.state == core::ThreadState::finished;
    }));
  }
  [[nodiscard]] bool holds(core::ThreadId id) const {
    return std::any_of(threads.begin(), threads.end(),
                       [&](const core::ThreadView* thread) { return thread->thread.id == id; });
  }
};

const core::SpaceData::Space* space_of(const View& view, std::uint32_t number) {
  if (!view.figure->spaces) return nullptr;
  for (const core::SpaceData::Space& space : view.figure->spaces->spaces)
    if (space.number == number) return &space;
  return nullptr;
}

/// Schedulers and handlers of signals have stacks, but are no threads.
bool is_thread(const core::ThreadView& view) {
  return !view.thread.stack.empty() && view.thread.kind != core::ThreadKind::scheduler &&
         view.thread.kind != core::ThreadKind::signal;
}

std::vector<Group> groups_of(const View& view) {
  std::vector<Group> groups;
  const auto& kernel = view.figure->kernel;
  std::vector<std::uint32_t> keys;
  for (const core::KernelTask& task : kernel ? kernel->tasks : std::vector<core::KernelTask>{}) {
    const auto found = std::find(keys.begin(), keys.end(), task.process);
    const auto at = static_cast<std::size_t>(found - keys.begin());
    if (found == keys.end()) {
      keys.push_back(task.process);
      groups.emplace_back();
      groups.back().is_kernels_own = task.is_kernels_own;
      groups.back().name = kernel->is_guest_code ? view.words()(Word::task_n, task.name) : task.name;
    }
    if (task.state != core::ThreadState::finished) groups[at].space = space_of(view, task.space);
    for (const core::ThreadId id : task.threads)
      if (const core::ThreadView* thread = view.thread(id); thread != nullptr && is_thread(*thread))
        groups[at].threads.push_back(thread);
  }
  std::erase_if(groups, [](const Group& group) { return group.threads.empty(); });
  if (groups.empty()) {
    groups.emplace_back();
    groups.back().space = view.figure->spaces ? space_of(view, view.now->space) : nullptr;
    for (const core::ThreadView& thread : view.now->threads)
      if (is_thread(thread)) groups.back().threads.push_back(&thread);
  }
  if (groups.size() == 1) groups.back().name = view.words()(Word::this_process);
  return groups;
}

/// What there is of such memory: the pages that the process has, or the regions of a machine that has no pages.
std::string extent(const View& view, const core::SpaceData::Space* space, emu::RegionKind kind) {
  std::uint64_t kib = 0;
  for (const emu::Region& region : view.figure->regions) {
    if (region.kind != kind) continue;
    if (space == nullptr) {
      kib += region.range.size() / 1024;
    } else {
      for (const core::SpaceData::Page& page : space->pages)
        if (region.range.contains(emu::Address{page.page})) kib += kPageKiB;
    }
  }
  return grouped(kib) + " KiB";
}

/// The first that fits into the width.
std::string fitting(const Canvas& canvas, float width, std::initializer_list<std::string> texts) {
  for (const std::string& text : texts)
    if (canvas.width(FontRole::micro, text) <= width) return text;
  return *(texts.end() - 1);
}

void draw_shared(Canvas& canvas, const View& view, const Group& group, const Rect& area) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const std::pair<std::string, std::string> cells[] = {
      {words(Word::code), extent(view, group.space, emu::RegionKind::code)},
      {words(Word::data), extent(view, group.space, emu::RegionKind::data)},
      {words(Word::output), grouped(view.now->console.size()) + " B"},
  };
  const float wide = area.width() / 3;
  float x = area.x0;
  for (const auto& [name, value] : cells) {
    const Rect box{x, area.y0, x + wide - canvas.px(6), area.y1};
    canvas.fill(box, theme.grid, canvas.px(6));
    const float middle = box.center().y;
    canvas.text_in({box.x0 + canvas.px(6), box.y0, box.x1 - canvas.px(6), middle + canvas.px(2)},
                   {FontRole::text_bold, FontRole::small, FontRole::tiny, FontRole::micro}, theme.text, name,
                   Align::center);
    canvas.text_in({box.x0 + canvas.px(4), middle, box.x1 - canvas.px(4), box.y1},
                   {FontRole::mono_small, FontRole::mono_tiny, FontRole::micro}, theme.dim, value, Align::center);
    x += wide;
  }
}

void draw_thread(Canvas& canvas, const View& view, const core::ThreadView& thread, const Rect& area) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const core::Thread& data = thread.thread;
  const ThreadStyle style = view.styles->of(data.id);
  const bool ended = data.state == core::ThreadState::finished;
  const Colour colour = ended ? theme.dim : theme.thread(style);
  const core::StackView* stack = view.stack(data.id);
  const emu::RegisterFile* running = core::registers_on_processor(*view.now, data.id);

  const float head = std::min(canvas.px(36), area.height() * 0.16f);
  const float radius = std::min(canvas.px(14), head * 0.42f);
  canvas.badge({area.x0 + canvas.px(3) + radius, area.y0 + head / 2}, radius, style);
  canvas.text_in({area.x0 + canvas.px(9) + 2 * radius, area.y0, area.x1, area.y0 + head},
                 {FontRole::text_bold, FontRole::small, FontRole::tiny, FontRole::micro}, colour, data.name);

  const float third = (area.height() - head) / 3;
  const Rect registers{area.x0, area.y0 + head, area.x1, area.y0 + head + third - canvas.px(4)};
  canvas.outline(registers, colour, canvas.px(6), canvas.px(running != nullptr ? 3 : 1.5f));
  const std::uint64_t rip = running != nullptr                           ? (*running)[emu::Register::rip]
                            : stack != nullptr && !stack->frames.empty() ? stack->frames.back().rip.value
                                                                         : 0;
  const std::uint64_t rsp = stack != nullptr ? stack->rsp.value : 0;
  const float line = registers.height() / 3;
  const float room = area.width() - canvas.px(10);
  const auto text = [&](const Rect& box, int row, float height, Colour ink,
                        std::initializer_list<std::string> candidates) {
    canvas.text_in({box.x0 + canvas.px(4), box.y0 + height * static_cast<float>(row), box.x1 - canvas.px(4),
                    box.y0 + height * static_cast<float>(row + 1)},
                   {FontRole::mono_small, FontRole::mono_tiny, FontRole::micro}, ink, fitting(canvas, room, candidates),
                   Align::center);
  };
  if (ended) {
    text(registers, 1, line, theme.dim, {words.state(data.state)});
  } else {
    if (running != nullptr) {
      text(registers, 0, line, theme.dim, {words(Word::part_registers), words(Word::part_cpu_short)});
    } else {
      text(registers, 0, line, theme.dim, {words(Word::part_saved_registers), words(Word::part_saved_short)});
    }
    text(registers, 1, line, theme.text, {"rip " + hex(rip), hex(rip)});
    text(registers, 2, line, theme.text, {"rsp " + hex(rsp), hex(rsp)});
  }

  const Rect place{area.x0, registers.y1 + canvas.px(8), area.x1, area.y1};
  canvas.outline(place, colour, canvas.px(6), canvas.px(1.5f));
  const std::uint64_t size = data.stack.size();
  const std::uint64_t used =
      !ended && stack != nullptr && size > 0 && data.stack.high.value >= rsp ? data.stack.high.value - rsp : 0;
  // High addresses are on top: a stack fills downwards.
  const float part = size == 0 ? 0 : static_cast<float>(used) / static_cast<float>(size);
  canvas.fill({place.x0 + 1, place.y0 + 1, place.x1 - 1, place.y0 + std::max(canvas.px(3), part * place.height())},
              with_alpha(colour, static_cast<std::uint32_t>(theme.head_tint)), canvas.px(4));
  const float row = std::min(canvas.px(26), place.height() / 4);
  const Rect labels{place.x0, place.center().y - 2 * row, place.x1, place.center().y + 2 * row};
  text(labels, 0, row, theme.dim, {words(Word::part_stack)});
  text(labels, 1, row, theme.text, {hex(data.stack.high.value)});
  text(labels, 2, row, theme.text, {grouped(used) + " / " + grouped(size) + " B", grouped(used) + " B"});
  text(labels, 3, row, theme.text, {hex(data.stack.low.value)});
}

/// A finished task of Linux has left its stack to nobody.
bool has_place(const View& view, const core::ThreadView& thread) {
  return thread.thread.state != core::ThreadState::finished || view.stack(thread.thread.id) != nullptr;
}

void draw_process(Canvas& canvas, const View& view, std::string_view title, const Group& group, const Rect& area) {
  const Rect inside = draw_box(canvas, area, title, canvas.theme().text);
  const float shared = canvas.px(64);
  draw_shared(canvas, view, group, {inside.x0, inside.y0, inside.x1, inside.y0 + shared});
  std::vector<const core::ThreadView*> threads;
  std::copy_if(group.threads.begin(), group.threads.end(), std::back_inserter(threads),
               [&](const core::ThreadView* thread) { return has_place(view, *thread); });
  if (threads.empty()) return;
  const auto most = static_cast<std::size_t>(std::max(1.f, std::floor(inside.width() / canvas.px(kLeastColumn))));
  const std::size_t lines = (threads.size() + most - 1) / most;
  const std::size_t in_line = (threads.size() + lines - 1) / lines;
  const float gap = canvas.px(10);
  const float wide = std::min(canvas.px(230), inside.width() / static_cast<float>(in_line));
  const float top = inside.y0 + shared + canvas.px(10);
  const float height = (inside.y1 - top) / static_cast<float>(lines);
  for (std::size_t i = 0; i < threads.size(); ++i) {
    const std::size_t first = i / in_line * in_line;
    const auto here = static_cast<float>(std::min(in_line, threads.size() - first));
    const float x = inside.center().x - wide * here / 2 + wide * static_cast<float>(i - first);
    const std::size_t in_column = i / in_line;
    const float y = top + height * static_cast<float>(in_column);
    draw_thread(canvas, view, *threads[i],
                {x + gap / 2, y, x + wide - gap / 2, y + height - (lines > 1 ? canvas.px(6) : 0)});
  }
}

/// The others, by name, each with its threads.
void draw_others(Canvas& canvas, const View& view, const std::vector<const Group*>& others, const Rect& area) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const bool tasks = view.figure->kernel && view.figure->kernel->is_guest_code;
  const Rect inside =
      draw_box(canvas, area, words(tasks ? Word::other_tasks : Word::other_processes), canvas.theme().dim);
  float rows = 0;
  for (const Group* group : others) rows += 2.4f + static_cast<float>(group->threads.size());
  const float row = std::min(canvas.px(26), inside.height() / std::max(rows, 1.f));
  float y = inside.y0;
  for (const Group* group : others) {
    const float height = row * (2 + static_cast<float>(group->threads.size()));
    const Rect box{inside.x0, y, inside.x1, y + height};
    canvas.fill(box, theme.grid, canvas.px(6));
    const float left = box.x0 + canvas.px(8);
    canvas.text_in({left, y, box.x1 - canvas.px(6), y + row},
                   {FontRole::text_bold, FontRole::small, FontRole::tiny, FontRole::micro}, theme.text, group->name);
    y += row;
    for (const core::ThreadView* thread : group->threads) {
      const float radius = std::min(canvas.px(10), row * 0.4f);
      canvas.badge({left + radius, y + row / 2}, radius, view.styles->of(thread->thread.id));
      const std::string state = state_word(view, *thread);
      const float pill = canvas.width(FontRole::micro, state) + canvas.px(4);
      canvas.text_in({left + 2 * radius + canvas.px(6), y, box.x1 - pill - canvas.px(10), y + row},
                     {FontRole::small, FontRole::tiny, FontRole::micro}, theme.text, thread->thread.name);
      canvas.text_in({box.x1 - pill - canvas.px(6), y, box.x1 - canvas.px(6), y + row}, {FontRole::micro}, theme.dim,
                     state, Align::right);
      y += row;
    }
    const bool gone = group->ended() == group->threads.size();
    std::string memory = words(Word::ended_n, std::to_string(group->ended()));
    if (!gone) {
      memory = group->space == nullptr ? "" : words(Word::space_n, std::to_string(group->space->number)) + " · ";
      memory += std::string(words(Word::data)) + " " + extent(view, group->space, emu::RegionKind::data);
    }
    if (group->is_kernels_own) memory = words(Word::kernels_own);
    canvas.text_in({left, y, box.x1 - canvas.px(6), y + row}, {FontRole::tiny, FontRole::micro}, theme.dim, memory);
    y += row * 1.4f;
  }
}

std::string title_of(const Words& words, const Group& group) {
  const std::size_t ended = group.ended();
  std::string title = words(Word::threads_of_n, {group.name, std::to_string(group.threads.size() - ended)});
  if (ended > 0) title += " · " + words(Word::ended_n, std::to_string(ended));
  return title;
}

}  // namespace

void draw_process_figure(Canvas& canvas, const View& view, const Rect& area) {
  if (view.figure == nullptr) return;
  const Words words = view.words();
  const std::vector<Group> groups = groups_of(view);
  // The one that the reader chose, else the one on the CPU.
  const auto of_thread = [&](std::optional<core::ThreadId> id) -> const Group* {
    if (!id) return nullptr;
    const core::KernelTask* task = view.figure->kernel ? view.figure->kernel->task_of(*id) : nullptr;
    for (const Group& group : groups)
      if (group.holds(*id) || (task != nullptr && !task->threads.empty() && group.holds(task->threads.front())))
        return &group;
    return nullptr;
  };
  const Group* own = of_thread(view.selection->thread);
  if (own == nullptr) own = of_thread(view.now->on_cpu);
  if (own == nullptr) own = &groups.front();
  const float left = area.x0 + area.width() * (own->threads.size() > 3 ? 0.24f : 0.3f);
  const Rect beside{area.x0, area.y0, left - canvas.px(6), area.y1};
  if (groups.size() > 1) {
    std::vector<const Group*> others;
    for (const Group& group : groups)
      if (&group != own) others.push_back(&group);
    draw_others(canvas, view, others, beside);
  } else {
    Group alone = *own;
    std::erase_if(alone.threads,
                  [](const core::ThreadView* thread) { return thread->thread.kind != core::ThreadKind::main; });
    draw_process(canvas, view, words(Word::one_thread), alone, beside);
  }
  draw_process(canvas, view, title_of(words, *own), *own, {left + canvas.px(6), area.y0, area.x1, area.y1});
}

}  // namespace fiberscope::app
