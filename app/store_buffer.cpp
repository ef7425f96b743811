#include "app/store_buffer.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/format.h"

namespace fiberscope::app {
namespace {

constexpr float kGutter = 52;  // as left of the stacks
constexpr float kRow = 21;
constexpr std::size_t kRows = 4;

const core::ProcessorView* processor_of(const core::Snapshot& now, core::ThreadId thread) {
  const auto found = std::find_if(now.cpus.begin(), now.cpus.end(),
                                  [thread](const core::ProcessorView& cpu) { return cpu.thread == thread; });
  return found == now.cpus.end() ? nullptr : &*found;
}

}  // namespace

float store_buffer_height(const Canvas& canvas) {
  return canvas.px(kRow) * static_cast<float>(kRows + 1) + canvas.px(12);
}

void draw_store_buffer(Canvas& canvas, const View& view, core::ThreadId thread, const Rect& area) {
  const core::ProcessorView* cpu = processor_of(*view.now, thread);
  if (cpu == nullptr) return;
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const Rect box{area.x0 + canvas.px(kGutter), area.y0 + canvas.px(4), area.x1 - canvas.px(21), area.y1 - canvas.px(4)};
  const Colour colour = theme.thread(view.styles->of(thread));
  canvas.fill(box, theme.grid, canvas.px(6));
  canvas.outline(box, colour, canvas.px(6), canvas.px(1.5f));
  canvas.items().mark(label("store buffer", thread.value), box);
  float y = box.y0 + canvas.px(2);
  const float row = canvas.px(kRow);
  const auto line = [&](FontRole font, Colour ink, const std::string& text, Align align) {
    canvas.text_in({box.x0 + canvas.px(8), y, box.x1 - canvas.px(8), y + row},
                   {font, FontRole::small, FontRole::tiny, FontRole::micro}, ink, text, align);
  };
  line(FontRole::small, theme.text, words(Word::store_buffer_n, std::to_string(cpu->cpu.value)), Align::left);
  y += row;
  if (cpu->stores.empty()) {
    line(FontRole::small, theme.dim, words(Word::store_buffer_empty), Align::left);
    return;
  }
  const bool all = cpu->stores.size() <= kRows;
  const std::size_t shown = all ? cpu->stores.size() : kRows - 1;
  for (std::size_t i = 0; i < shown; ++i, y += row) {
    const auto& [store, symbol] = cpu->stores[i];
    line(FontRole::mono_small, theme.text, symbol, Align::left);
    line(FontRole::mono_small, theme.changed, hex(store.value), Align::right);
  }
  if (!all)
    line(FontRole::small, theme.dim, words(Word::store_buffer_more_n, std::to_string(cpu->stores.size() - shown)),
         Align::left);
}

}  // namespace fiberscope::app
