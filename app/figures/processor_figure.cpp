// Each thread's own virtual processor, of varying speed, beside the real one (note 002); and what the kernel sees of
// them: one task, however many threads the program makes of it (notes 000 and 004).
#include <fmt/format.h>

#include <algorithm>

#include "app/figures/figures.h"
#include "app/figures/lane.h"
#include "app/figures/processor_rows.h"
#include "app/format.h"

namespace fiberscope::app {
namespace {

constexpr std::uint64_t kLately = 500;  // rounds of the clock; with one processor a step is one

void draw_curves(Canvas& canvas, const View& view, const Rect& plot) {
  const Theme& theme = canvas.theme();
  const core::Timeline& timeline = *view.timeline;
  const auto rounds = static_cast<float>(std::max(timeline.rounds(), 1.0));
  const auto x_of = [&](std::uint64_t step) {
    return plot.x0 + plot.width() * static_cast<float>(timeline.rounds_at({step})) / rounds;
  };
  // As high as the thread that gets furthest.
  std::uint64_t most = 1;
  for (const core::ThreadId id : view.styles->order())
    most = std::max(most, own_steps(*view.timeline, id, view.timeline->steps, 0).all);
  const auto top = static_cast<float>(most) * 1.1f;
  const auto y_of = [&](std::uint64_t own) { return plot.y1 - plot.height() * static_cast<float>(own) / top; };
  canvas.fill(plot, theme.grid, canvas.px(4));
  const float reach = std::min(rounds, top);  // the real CPU's diagonal, as far as it fits
  canvas.line({plot.x0, plot.y1}, {plot.x0 + plot.width() * reach / rounds, plot.y1 - plot.height() * reach / top},
              theme.dim, canvas.px(2));
  const std::uint64_t now = view.now->step.value;
  for (const core::ThreadId id : view.styles->order()) {
    const Colour colour = theme.thread(view.styles->of(id));
    std::uint64_t own = 0;
    std::uint64_t at = 0;
    for (const core::Slice& slice : view.timeline->slices) {
      if (slice.thread != id) continue;
      if (slice.first.value > now) break;
      const std::uint64_t last = std::min(slice.last.value, now);
      const std::uint64_t ran = last - slice.first.value + 1;
      canvas.line({x_of(at), y_of(own)}, {x_of(slice.first.value - 1), y_of(own)}, colour, canvas.px(2));
      canvas.line({x_of(slice.first.value - 1), y_of(own)}, {x_of(last), y_of(own + ran)}, colour, canvas.px(4));
      own += ran;
      at = last;
    }
    canvas.line({x_of(at), y_of(own)}, {x_of(now), y_of(own)}, colour, canvas.px(2));
  }
  canvas.line({x_of(now), plot.y0}, {x_of(now), plot.y1}, theme.text, canvas.px(2));
}

/// How many of the steps behind `begin` up to the cursor a processor ran on some thread's stack.
std::uint64_t processor_steps(const core::Timeline& timeline, core::CpuId cpu, core::StepIndex begin,
                              core::StepIndex cursor) {
  std::uint64_t ran = 0;
  for (const core::Slice& slice : timeline.slices) {
    if (slice.first > cursor) break;
    const core::StepIndex first = std::max(slice.first, begin + 1);
    const core::StepIndex last = std::min(slice.last, cursor);
    if (slice.cpu == cpu && last >= first) ran += last.value - first.value + 1;
  }
  return ran;
}

/// A line of the right part.
struct Speed {
  std::optional<ThreadStyle> style;
  std::string name;
  std::string short_name;  ///< where there is little room: the mark says who
  std::string speed;
};

std::vector<Speed> speeds(const View& view) {
  const core::Timeline& timeline = *view.timeline;
  const Words words = view.words();
  const core::StepIndex now = view.now->step;
  const core::StepIndex begin = cursor_at_rounds(timeline, timeline.rounds_at(now) - static_cast<double>(kLately));
  const double rounds = std::max(timeline.rounds_at(now) - timeline.rounds_at(begin), 1.0);
  const auto speed = [&](std::uint64_t steps) { return fmt::format("{:.2f}x", static_cast<double>(steps) / rounds); };
  std::vector<Speed> lines;
  if (timeline.processors == 1) lines.push_back({std::nullopt, words(Word::real_cpu), words(Word::real_cpu), "1.00x"});
  for (const core::ProcessorView& cpu : view.now->cpus) {
    const bool idle = is_idle(timeline, cpu.cpu, now);
    const bool busy = cpu.thread && !idle;
    const std::string who = idle ? words(Word::idle) : busy ? name_of(timeline, *cpu.thread) : words(Word::no_thread);
    lines.push_back({busy ? std::optional(view.styles->of(*cpu.thread)) : std::nullopt,
                     fmt::format("CPU {}: {}", cpu.cpu.value, who),
                     idle   ? fmt::format("CPU {}: {}", cpu.cpu.value, who)
                     : busy ? fmt::format("CPU {}", cpu.cpu.value)
                            : fmt::format("CPU {}: –", cpu.cpu.value),
                     speed(processor_steps(timeline, cpu.cpu, begin, now))});
  }
  for (const core::ThreadId id : view.styles->order())
    lines.push_back({view.styles->of(id), name_of(timeline, id), name_of(timeline, id),
                     speed(own_steps(timeline, id, now, now.value - begin.value).lately)});
  return lines;
}

void draw_speeds(Canvas& canvas, const View& view, const Rect& area) {
  const Theme& theme = canvas.theme();
  const std::vector<Speed> lines = speeds(view);
  const std::size_t columns = canvas.px(22) * static_cast<float>(lines.size()) > area.height() ? 2 : 1;
  const std::size_t in_column = (lines.size() + columns - 1) / columns;
  const float row = std::min(canvas.px(46), area.height() / static_cast<float>(in_column));
  const float wide = area.width() / static_cast<float>(columns);
  const float number = canvas.width(columns == 1 ? FontRole::mono_bold : FontRole::mono_tiny, "0.00x") + canvas.px(2);
  const float sign = canvas.px(columns == 1 ? 34 : 30);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t column = i / in_column;
    const float x0 = area.x0 + wide * static_cast<float>(column);
    const float x1 = x0 + wide - (column + 1 < columns ? canvas.px(10) : 0);
    const float y = area.y0 + row * static_cast<float>(i % in_column);
    if (lines[i].style)
      canvas.badge({x0 + sign * 0.42f, y + row / 2}, std::min(canvas.px(12), row * 0.42f), *lines[i].style);
    canvas.text_in({x0 + sign, y, x1 - number - canvas.px(4), y + row},
                   {FontRole::text, FontRole::small, FontRole::tiny, FontRole::micro}, theme.text,
                   columns == 1 ? lines[i].name : lines[i].short_name);
    canvas.text_in({x1 - number, y, x1, y + row}, {FontRole::mono_bold, FontRole::mono_small, FontRole::mono_tiny},
                   theme.text, lines[i].speed, Align::right);
  }
}

/// A line of the lower part: when these threads were on the CPU.
struct LaneRow {
  std::string name;
  std::vector<core::ThreadId> threads;
  bool is_task = false;  ///< a kernel knows it …
  bool inside = false;   ///< … and not this one, which is of the task above
};

bool has_own_threads(const core::KernelTask& task) {
  return task.threads.size() > 1;
}

/// Those that are still there.
std::vector<const core::KernelTask*> living_tasks(const core::KernelView& kernel) {
  std::vector<const core::KernelTask*> tasks;
  for (const core::KernelTask& task : kernel.tasks)
    if (task.state != core::ThreadState::finished) tasks.push_back(&task);
  return tasks;
}

/// The run makes it behind the cursor.
bool is_later(const View& view, core::ThreadId thread) {
  return view.thread(thread) == nullptr;
}

/// What the name of a line is followed by: whose time is over, and whose has not come.
std::string with_standing(const View& view, std::string name, std::optional<core::ThreadState> state, bool later) {
  if (later) return std::move(name) + " · " + view.words()(Word::not_made);
  if (state == core::ThreadState::finished) name += std::string(" · ") + view.words()(Word::has_ended);
  return name;
}

std::string line_name(const View& view, core::ThreadId thread) {
  const core::ThreadView* now = view.thread(thread);
  return with_standing(view, name_of(*view.timeline, thread),
                       now == nullptr ? std::nullopt : std::optional(now->thread.state), now == nullptr);
}

/// One task of user space, with threads that its kernel knows nothing of.
bool is_one_task(const View& view) {
  if (view.figure == nullptr || !view.figure->kernel) return false;
  const core::KernelView& kernel = *view.figure->kernel;
  return kernel.has_library && kernel.tasks.size() == 1;
}

/// What the kernel sees, where there is one.
std::string lanes_title(const View& view) {
  const Words words = view.words();
  if (view.timeline->processors > 1) return words(Word::who_on_cpu) + never_started(words, *view.timeline);
  if (view.figure == nullptr || !view.figure->kernel) return words(Word::who_on_cpu);
  if (is_one_task(view)) return words(Word::kernel_sees);
  const core::KernelView& kernel = *view.figure->kernel;
  const auto tasks = living_tasks(kernel);
  const std::string count = std::to_string(tasks.size());
  const std::size_t ended = kernel.tasks.size() - tasks.size();
  std::string rest = ended == 0 ? "" : " · " + words(Word::ended_n, std::to_string(ended));
  if (!kernel.is_guest_code) {
    const auto& order = view.styles->order();
    const auto later = std::count_if(order.begin(), order.end(), [&](core::ThreadId id) { return is_later(view, id); });
    if (later > 0) rest += " · " + words(Word::not_made_n, std::to_string(later));
    return words(Word::kernel_sees_n, count) + rest;
  }
  const auto own =
      std::find_if(tasks.begin(), tasks.end(), [](const core::KernelTask* task) { return has_own_threads(*task); });
  return (own == tasks.end() ? words(Word::kernel_sees_guest_n, count)
                             : words(Word::kernel_sees_own_n, {count, (*own)->name})) +
         rest;
}

std::vector<LaneRow> lane_rows(const View& view) {
  std::vector<LaneRow> rows;
  const auto& order = view.styles->order();
  std::vector<core::ThreadId> left = order;
  const auto take = [&](core::ThreadId id) { std::erase(left, id); };
  if (is_one_task(view)) rows.push_back({view.words()(Word::kernel_task), order, true, false});
  if (view.figure != nullptr && view.figure->kernel && view.figure->kernel->is_guest_code) {
    for (const core::KernelTask& task : view.figure->kernel->tasks) {
      LaneRow row{with_standing(view, view.words()(Word::task_n, task.name), task.state, false), task.threads, true,
                  false};
      if (task.kernel_stack) row.threads.push_back(*task.kernel_stack);
      for (const core::ThreadId id : row.threads) take(id);
      rows.push_back(std::move(row));
      for (const core::ThreadId id : has_own_threads(task) ? task.threads : std::vector<core::ThreadId>{})
        rows.push_back({line_name(view, id), {id}, false, true});
    }
  }
  for (const core::ThreadId id : left) rows.push_back({line_name(view, id), {id}, false, is_one_task(view)});
  return rows;
}

/// A row for each of several processors, over the rounds of the clock.
void draw_processor_lanes(Canvas& canvas, const View& view, const Rect& area) {
  const core::Timeline& timeline = *view.timeline;
  const float axis = canvas.px(26);
  const RoundScale scale{area.x0 + canvas.px(80), area.x1, std::max(timeline.rounds(), 1.0)};
  const Rect rows{area.x0 + canvas.px(8), area.y0, area.x1, area.y1 - axis};
  draw_processor_rows(canvas, timeline, *view.styles, scale, rows, view.now->step);
  draw_axis(canvas, scale, {area.x0, rows.y1, area.x1, area.y1}, view.words()(Word::rounds_of_clock));
  const float x = scale.x_of(timeline.rounds_at(view.now->step));
  canvas.line({x, rows.y0}, {x, rows.y1}, canvas.theme().text, canvas.px(2));
}

void draw_lanes(Canvas& canvas, const View& view, const Rect& area) {
  const Theme& theme = canvas.theme();
  if (view.timeline->processors > 1) return draw_processor_lanes(canvas, view, area);
  const std::vector<LaneRow> rows = lane_rows(view);
  const float row = std::min(canvas.px(34), area.height() / static_cast<float>(rows.size()));
  const float left = area.x0 + area.width() * 0.3f;
  const auto steps = static_cast<float>(std::max<std::uint64_t>(view.timeline->steps.value, 1));
  const auto x_of = [&](std::uint64_t step) { return left + (area.x1 - left) * static_cast<float>(step) / steps; };
  const float margin = std::min(canvas.px(4), row * 0.15f);
  float y = area.y0;
  for (const LaneRow& line : rows) {
    const Colour own = theme.thread(view.styles->of(line.threads.front()));
    canvas.text_in(
        {area.x0 + canvas.px(line.inside ? 22 : 4), y, left - canvas.px(8), y + row},
        {line.is_task ? FontRole::text_bold : FontRole::small, FontRole::small, FontRole::tiny, FontRole::micro},
        line.is_task ? theme.text : own, line.name);
    const Rect bar{left, y + margin, area.x1, y + row - margin};
    canvas.fill(bar, theme.grid, canvas.px(3));
    // To the kernel one task is all one: what runs inside of it stands below.
    const bool grey = line.is_task && is_one_task(view);
    for (const core::ThreadId id : line.threads)
      draw_slices(canvas, *view.timeline, id, grey ? theme.dim : theme.thread(view.styles->of(id)), bar,
                  view.timeline->steps.value, view.now->step);
    y += row;
  }
  const float x = x_of(view.now->step.value);
  canvas.line({x, area.y0}, {x, y}, theme.text, canvas.px(2));
}

}  // namespace

void draw_processor_figure(Canvas& canvas, const View& view, const Rect& area) {
  if (view.styles->order().empty()) return;
  const Words words = view.words();
  const Theme& theme = canvas.theme();
  const bool many = view.timeline->processors == 1 && lane_rows(view).size() > 7;
  const float split = area.y0 + area.height() * (many ? 0.5f : 0.6f);
  const float right = area.x0 + area.width() * 0.62f;
  const bool several = view.timeline->processors > 1;
  const Rect curves = draw_box(canvas, {area.x0, area.y0, right - canvas.px(6), split - canvas.px(6)},
                               words(several ? Word::own_progress_rounds : Word::own_progress), theme.text);
  draw_curves(canvas, view, curves);
  const Rect speeds =
      draw_box(canvas, {right + canvas.px(6), area.y0, area.x1, split - canvas.px(6)},
               words(several ? Word::speed_rounds_n : Word::speed_lately_n, std::to_string(kLately)), theme.text);
  draw_speeds(canvas, view, speeds);
  const Rect lower{area.x0, split + canvas.px(6), area.x1, area.y1};
  const Rect lanes = draw_box(canvas, lower, lanes_title(view), theme.text);
  draw_idle_legend(canvas, words, *view.timeline,
                   {lower.center().x, lower.y0 + canvas.px(4), lower.x1 - canvas.px(12), lower.y0 + canvas.px(32)});
  draw_lanes(canvas, view, lanes);
}

}  // namespace fiberscope::app
