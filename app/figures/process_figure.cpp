// A process with one thread and a process with several: what they share, and what each thread has of its own (note
// 002).
#include "app/figures/figures.h"
#include "app/format.h"

namespace fiberscope::app {
namespace {

std::string extent(const View& view, emu::RegionKind kind) {
  std::uint64_t bytes = 0;
  for (const emu::Region& region : view.figure->regions)
    if (region.kind == kind) bytes += region.range.size();
  return grouped(bytes / 1024) + " KiB";
}

void draw_shared(Canvas& canvas, const View& view, const Rect& area) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const std::pair<std::string, std::string> cells[] = {
      {words(Word::code), extent(view, emu::RegionKind::code)},
      {words(Word::data), extent(view, emu::RegionKind::data)},
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
  const Colour colour = theme.thread(style);
  const core::StackView* stack = view.stack(data.id);
  const bool running = view.now->on_cpu == data.id;

  const float head = canvas.px(36);
  canvas.badge({area.x0 + canvas.px(17), area.y0 + head / 2}, canvas.px(14), style);
  canvas.text_in({area.x0 + canvas.px(36), area.y0, area.x1, area.y0 + head},
                 {FontRole::text_bold, FontRole::small, FontRole::tiny, FontRole::micro}, colour, data.name);

  const float third = (area.height() - head) / 3;
  const Rect registers{area.x0, area.y0 + head, area.x1, area.y0 + head + third - canvas.px(4)};
  canvas.outline(registers, colour, canvas.px(6), canvas.px(running ? 3 : 1.5f));
  const std::uint64_t rip = running                                      ? view.now->registers[emu::Register::rip]
                            : stack != nullptr && !stack->frames.empty() ? stack->frames.back().rip.value
                                                                         : 0;
  const std::uint64_t rsp = stack != nullptr ? stack->rsp.value : 0;
  const float line = registers.height() / 3;
  const auto text = [&](const Rect& box, int row, float height, Colour ink, const std::string& words_) {
    canvas.text_in({box.x0 + canvas.px(6), box.y0 + height * static_cast<float>(row), box.x1 - canvas.px(6),
                    box.y0 + height * static_cast<float>(row + 1)},
                   {FontRole::mono_small, FontRole::mono_tiny, FontRole::micro}, ink, words_, Align::center);
  };
  text(registers, 0, line, theme.dim, words(running ? Word::part_registers : Word::part_saved_registers));
  text(registers, 1, line, theme.text, "rip " + hex(rip));
  text(registers, 2, line, theme.text, "rsp " + hex(rsp));

  const Rect place{area.x0, registers.y1 + canvas.px(8), area.x1, area.y1};
  canvas.outline(place, colour, canvas.px(6), canvas.px(1.5f));
  const std::uint64_t size = data.stack.size();
  const std::uint64_t used =
      stack != nullptr && size > 0 && data.stack.high.value >= rsp ? data.stack.high.value - rsp : 0;
  // High addresses are on top: a stack fills downwards.
  const float part = size == 0 ? 0 : static_cast<float>(used) / static_cast<float>(size);
  canvas.fill({place.x0 + 1, place.y0 + 1, place.x1 - 1, place.y0 + std::max(canvas.px(3), part * place.height())},
              with_alpha(colour, static_cast<std::uint32_t>(theme.head_tint)), canvas.px(4));
  const float row = std::min(canvas.px(26), place.height() / 4);
  const Rect labels{place.x0, place.center().y - 2 * row, place.x1, place.center().y + 2 * row};
  text(labels, 0, row, theme.dim, words(Word::part_stack));
  text(labels, 1, row, theme.text, hex(data.stack.high.value));
  text(labels, 2, row, theme.text, grouped(used) + " / " + grouped(size) + " B");
  text(labels, 3, row, theme.text, hex(data.stack.low.value));
}

void draw_process(Canvas& canvas, const View& view, std::string_view title,
                  const std::vector<const core::ThreadView*>& threads, const Rect& area) {
  const Rect inside = draw_box(canvas, area, title, canvas.theme().text);
  const float shared = canvas.px(64);
  draw_shared(canvas, view, {inside.x0, inside.y0, inside.x1, inside.y0 + shared});
  if (threads.empty()) return;
  const float gap = canvas.px(10);
  const float wide = std::min(canvas.px(230), inside.width() / static_cast<float>(threads.size()));
  float x = inside.center().x - wide * static_cast<float>(threads.size()) / 2;
  for (const core::ThreadView* thread : threads) {
    draw_thread(canvas, view, *thread,
                {x + gap / 2, inside.y0 + shared + canvas.px(10), x + wide - gap / 2, inside.y1});
    x += wide;
  }
}

}  // namespace

void draw_process_figure(Canvas& canvas, const View& view, const Rect& area) {
  if (view.figure == nullptr) return;
  const Words words = view.words();
  std::vector<const core::ThreadView*> all;
  std::vector<const core::ThreadView*> alone;
  for (const core::ThreadView& thread : view.now->threads) {
    if (thread.thread.stack.empty()) continue;
    all.push_back(&thread);
    if (thread.thread.kind == core::ThreadKind::main) alone.push_back(&thread);
  }
  const float left = area.x0 + area.width() * (all.size() > 3 ? 0.24f : 0.3f);
  draw_process(canvas, view, words(Word::one_thread), alone, {area.x0, area.y0, left - canvas.px(6), area.y1});
  draw_process(canvas, view, words(Word::many_threads_n, std::to_string(all.size())), all,
               {left + canvas.px(6), area.y0, area.x1, area.y1});
}

}  // namespace fiberscope::app
