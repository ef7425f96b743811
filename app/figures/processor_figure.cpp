// Each thread's own virtual processor, of varying speed, beside the real one (note 002); and what the kernel sees of
// them: one task, however many threads the program makes of it (notes 000 and 004).
#include <fmt/format.h>

#include <algorithm>

#include "app/figures/figures.h"
#include "app/figures/lane.h"
#include "app/format.h"

namespace fiberscope::app {
namespace {

constexpr std::uint64_t kLately = 500;  // steps

void draw_curves(Canvas& canvas, const View& view, const Rect& plot) {
  const Theme& theme = canvas.theme();
  const auto steps = static_cast<float>(std::max<std::uint64_t>(view.timeline->steps.value, 1));
  const auto x_of = [&](std::uint64_t step) { return plot.x0 + plot.width() * static_cast<float>(step) / steps; };
  // As high as the thread that gets furthest.
  std::uint64_t most = 1;
  for (const core::ThreadId id : view.styles->order())
    most = std::max(most, own_steps(*view.timeline, id, view.timeline->steps, 0).all);
  const auto top = static_cast<float>(most) * 1.1f;
  const auto y_of = [&](std::uint64_t own) { return plot.y1 - plot.height() * static_cast<float>(own) / top; };
  canvas.fill(plot, theme.grid, canvas.px(4));
  const float reach = std::min(steps, top);  // the real CPU's diagonal, as far as it fits
  canvas.line({plot.x0, plot.y1}, {plot.x0 + plot.width() * reach / steps, plot.y1 - plot.height() * reach / top},
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

/// How many of the last steps up to the cursor a processor ran on some thread's stack.
std::uint64_t processor_steps(const core::Timeline& timeline, core::CpuId cpu, core::StepIndex cursor,
                              std::uint64_t window) {
  const std::uint64_t end = cursor.value;
  const std::uint64_t begin = end > window ? end - window : 0;
  std::uint64_t ran = 0;
  for (const core::Slice& slice : timeline.slices) {
    if (slice.first.value > end) break;
    const std::uint64_t first = std::max(slice.first.value, begin + 1);
    const std::uint64_t last = std::min(slice.last.value, end);
    if (slice.cpu == cpu && last >= first) ran += last - first + 1;
  }
  return ran;
}

void draw_speeds(Canvas& canvas, const View& view, const Rect& area) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const auto rows = static_cast<float>(view.styles->order().size() + view.timeline->processors);
  const float row = std::min(canvas.px(46), area.height() / rows);
  const std::uint64_t window = std::min(kLately, std::max<std::uint64_t>(view.now->step.value, 1));
  float y = area.y0;
  const auto line = [&](const ThreadStyle* style, const std::string& name, const std::string& speed) {
    if (style != nullptr)
      canvas.badge({area.x0 + canvas.px(14), y + row / 2}, std::min(canvas.px(12), row * 0.42f), *style);
    canvas.text_in({area.x0 + canvas.px(34), y, area.x1 - area.width() * 0.36f, y + row},
                   {FontRole::text, FontRole::small, FontRole::tiny, FontRole::micro}, theme.text, name);
    canvas.text_in({area.x1 - area.width() * 0.35f, y, area.x1, y + row},
                   {FontRole::mono_bold, FontRole::mono_small, FontRole::mono_tiny}, theme.text, speed, Align::right);
    y += row;
  };
  if (view.timeline->processors == 1) line(nullptr, words(Word::real_cpu), "1.00x");
  for (const core::ProcessorView& cpu : view.now->cpus) {
    const std::string who = cpu.thread ? name_of(*view.timeline, *cpu.thread) : words(Word::no_thread);
    const std::optional<ThreadStyle> style = cpu.thread ? std::optional(view.styles->of(*cpu.thread)) : std::nullopt;
    line(style ? &*style : nullptr, fmt::format("CPU {}: {}", cpu.cpu.value, who),
         fmt::format("{:.2f}x", static_cast<double>(processor_steps(*view.timeline, cpu.cpu, view.now->step, window)) /
                                    static_cast<double>(window)));
  }
  for (const core::ThreadId id : view.styles->order()) {
    const ThreadStyle style = view.styles->of(id);
    const OwnSteps own = own_steps(*view.timeline, id, view.now->step, window);
    line(&style, name_of(*view.timeline, id),
         fmt::format("{:.2f}x", static_cast<double>(own.lately) / static_cast<double>(window)));
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

/// One task of user space, with threads that its kernel knows nothing of.
bool is_one_task(const View& view) {
  if (view.figure == nullptr || !view.figure->kernel) return false;
  const core::KernelView& kernel = *view.figure->kernel;
  return kernel.has_library && kernel.tasks.size() == 1;
}

/// What the kernel sees, where there is one.
std::string lanes_title(const View& view) {
  const Words words = view.words();
  if (view.timeline->processors > 1 || view.figure == nullptr || !view.figure->kernel) return words(Word::who_on_cpu);
  if (is_one_task(view)) return words(Word::kernel_sees);
  const core::KernelView& kernel = *view.figure->kernel;
  const auto tasks = living_tasks(kernel);
  const std::string count = std::to_string(tasks.size());
  if (!kernel.is_guest_code) return words(Word::kernel_sees_n, count);
  const auto own =
      std::find_if(tasks.begin(), tasks.end(), [](const core::KernelTask* task) { return has_own_threads(*task); });
  return own == tasks.end() ? words(Word::kernel_sees_guest_n, count)
                            : words(Word::kernel_sees_own_n, {count, (*own)->name});
}

std::vector<LaneRow> lane_rows(const View& view) {
  std::vector<LaneRow> rows;
  const auto& order = view.styles->order();
  std::vector<core::ThreadId> left = order;
  const auto take = [&](core::ThreadId id) { std::erase(left, id); };
  if (is_one_task(view)) rows.push_back({view.words()(Word::kernel_task), order, true, false});
  if (view.figure != nullptr && view.figure->kernel && view.figure->kernel->is_guest_code) {
    for (const core::KernelTask& task : view.figure->kernel->tasks) {
      LaneRow row{view.words()(Word::task_n, task.name), task.threads, true, false};
      if (task.kernel_stack) row.threads.push_back(*task.kernel_stack);
      for (const core::ThreadId id : row.threads) take(id);
      rows.push_back(std::move(row));
      for (const core::ThreadId id : has_own_threads(task) ? task.threads : std::vector<core::ThreadId>{})
        rows.push_back({name_of(*view.timeline, id), {id}, false, true});
    }
  }
  for (const core::ThreadId id : left) rows.push_back({name_of(*view.timeline, id), {id}, false, is_one_task(view)});
  return rows;
}

/// A row for each of several processors: who was on it.
void draw_processor_lanes(Canvas& canvas, const View& view, const Rect& area) {
  const Theme& theme = canvas.theme();
  const float row = area.height() / static_cast<float>(view.timeline->processors);
  const float left = area.x0 + canvas.px(80);
  const auto steps = static_cast<float>(std::max<std::uint64_t>(view.timeline->steps.value, 1));
  const auto x_of = [&](std::uint64_t step) { return left + (area.x1 - left) * static_cast<float>(step) / steps; };
  const float margin = std::min(canvas.px(6), row * 0.15f);
  for (std::size_t i = 0; i < view.timeline->processors; ++i) {
    const float y = area.y0 + row * static_cast<float>(i);
    canvas.text_in({area.x0 + canvas.px(8), y, left - canvas.px(6), y + row},
                   {FontRole::text, FontRole::small, FontRole::tiny}, theme.text, fmt::format("CPU {}", i));
    canvas.fill({left, y + margin, area.x1, y + row - margin}, theme.grid, canvas.px(3));
  }
  for (const core::Stay& stay : view.timeline->stays) {
    if (stay.own_last < stay.own_first) continue;
    const float y = area.y0 + row * static_cast<float>(stay.cpu.value);
    const ThreadStyle style = view.styles->of(stay.thread);
    const Colour colour = theme.thread(style);
    const float x0 = x_of(stay.first.value - 1);
    const Rect bar{x0, y + margin, std::max(x_of(stay.last.value), x0 + 1), y + row - margin};
    canvas.fill(bar, stay.first > view.now->step ? with_alpha(colour, 110) : colour);
    if (bar.x1 - bar.x0 > canvas.px(30))
      canvas.text_in({bar.x0 + canvas.px(4), bar.y0, bar.x1 - canvas.px(4), bar.y1}, {FontRole::tiny, FontRole::micro},
                     stay.first > view.now->step ? theme.text : theme.on_thread(style),
                     name_of(*view.timeline, stay.thread));
  }
  const float x = x_of(view.now->step.value);
  canvas.line({x, area.y0}, {x, area.y1}, theme.text, canvas.px(2));
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
  const Rect curves = draw_box(canvas, {area.x0, area.y0, right - canvas.px(6), split - canvas.px(6)},
                               words(Word::own_progress), theme.text);
  draw_curves(canvas, view, curves);
  const Rect speeds = draw_box(canvas, {right + canvas.px(6), area.y0, area.x1, split - canvas.px(6)},
                               words(Word::speed_lately_n, std::to_string(kLately)), theme.text);
  draw_speeds(canvas, view, speeds);
  const Rect lanes = draw_box(canvas, {area.x0, split + canvas.px(6), area.x1, area.y1}, lanes_title(view), theme.text);
  draw_lanes(canvas, view, lanes);
}

}  // namespace fiberscope::app
