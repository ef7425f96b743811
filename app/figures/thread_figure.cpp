// What a thread of user space is: a name, the values of the registers, a call stack (note 000).
#include "app/figures/figures.h"
#include "app/format.h"
#include "app/threads_panel.h"
#include "core/thread_standing.h"
#include "emu/shown_name.h"

namespace fiberscope::app {
namespace {

/// The one that is pinned, else the one on the CPU.
const core::ThreadView* chosen(const View& view) {
  if (view.selection->thread) {
    if (const core::ThreadView* thread = view.thread(*view.selection->thread)) return thread;
  }
  if (view.now->on_cpu) return view.thread(*view.now->on_cpu);
  return view.now->threads.empty() ? nullptr : &view.now->threads.front();
}

void draw_lines(Canvas& canvas, const Rect& area, const std::vector<std::pair<std::string, std::string>>& lines,
                FontRole value_font) {
  const Theme& theme = canvas.theme();
  const float row = std::min(canvas.px(30), area.height() / static_cast<float>(std::max<std::size_t>(lines.size(), 1)));
  float y = area.y0;
  const float middle = area.x0 + area.width() * 0.34f;
  for (const auto& [name, value] : lines) {
    canvas.text_in({area.x0, y, middle - canvas.px(6), y + row}, {FontRole::small, FontRole::tiny, FontRole::micro},
                   theme.dim, name);
    canvas.text_in({middle, y, area.x1, y + row}, {value_font, FontRole::mono_small, FontRole::mono_tiny}, theme.text,
                   value);
    y += row;
  }
}

}  // namespace

void draw_thread_figure(Canvas& canvas, const View& view, const Rect& area) {
  const core::ThreadView* thread = chosen(view);
  const Words words = view.words();
  const Theme& theme = canvas.theme();
  if (thread == nullptr) {
    canvas.text_in(area, {FontRole::text, FontRole::small}, theme.dim, words(Word::no_thread), Align::center);
    return;
  }
  const core::Thread& data = thread->thread;
  const ThreadStyle style = view.styles->of(data.id);
  const Colour colour = theme.thread(style);
  const core::StackView* stack = view.stack(data.id);
  const emu::RegisterFile* running = core::registers_on_processor(*view.now, data.id);
  canvas.badge({area.x0 + canvas.px(20), area.y0 + canvas.px(20)}, canvas.px(18), style);
  canvas.text_in({area.x0 + canvas.px(48), area.y0, area.x1, area.y0 + canvas.px(40)},
                 {FontRole::title, FontRole::text_bold, FontRole::small}, theme.text,
                 data.name + " = " + words(Word::thread_parts));
  const float gap = canvas.px(14);
  const float wide = (area.width() - 2 * gap) / 3;
  const float top = area.y0 + canvas.px(52);
  const auto box = [&](int index) {
    const float x = area.x0 + static_cast<float>(index) * (wide + gap);
    return Rect{x, top, x + wide, area.y1};
  };
  const std::string own_word = words.state(data.state);
  const bool differs = thread->state != data.state || thread->with;
  const std::string standing = differs ? own_word + " · " + state_word(view, *thread) : own_word;
  draw_lines(canvas, draw_box(canvas, box(0), words(Word::part_identity), colour),
             {{"id", std::to_string(data.id.value)},
              {"name", data.name},
              {"state", standing},
              {"kind", std::string(core::to_string(data.kind))},
              {"TCB", hex_address(data.tcb)},
              {words(Word::switches_in), std::to_string(thread->switches_in)}},
             FontRole::mono);

  // Of a thread that does not run, the registers that its stack keeps for it.
  std::vector<std::pair<std::string, std::string>> registers;
  if (running != nullptr) {
    using emu::Register;
    for (const Register reg : {Register::rip, Register::rsp, Register::rbp, Register::rbx, Register::r12, Register::r13,
                               Register::r14, Register::r15, Register::rax, Register::rcx, Register::rdx, Register::rsi,
                               Register::rdi, Register::r8, Register::r9, Register::r10, Register::r11})
      registers.emplace_back(std::string(emu::register_name(reg)), hex((*running)[reg]));
  } else if (stack != nullptr) {
    registers.emplace_back("rsp", hex(stack->rsp.value));
    if (!stack->frames.empty()) registers.emplace_back("rip", hex(stack->frames.back().rip.value));
    for (const core::Cell& cell : stack->cells) {
      const bool innermost = cell.frame && *cell.frame + 1 == stack->frames.size();
      const bool saved = cell.role == core::CellRole::saved_register || cell.role == core::CellRole::saved_rbp;
      if (innermost && saved) registers.emplace_back(cell.symbol, hex(cell.value));
    }
  }
  draw_lines(canvas,
             draw_box(canvas, box(1), words(running ? Word::part_registers : Word::part_saved_registers), colour),
             registers, FontRole::mono);

  const Rect inside = draw_box(canvas, box(2), words(Word::part_stack), colour);
  if (stack == nullptr || stack->frames.empty()) return;
  const float row = std::min(canvas.px(40), inside.height() / static_cast<float>(stack->frames.size()));
  float y = inside.y0;
  for (std::size_t i = 0; i < stack->frames.size(); ++i) {
    const core::Frame& frame = stack->frames[i];
    const Rect place{inside.x0, y, inside.x1, y + row - canvas.px(3)};
    canvas.fill(place, with_alpha(colour, static_cast<std::uint32_t>(theme.head_tint)), canvas.px(5));
    canvas.text_in({place.x0 + canvas.px(8), place.y0, place.x1 - place.width() * 0.3f, place.y1},
                   {FontRole::text, FontRole::small, FontRole::tiny, FontRole::micro}, theme.text,
                   (frame.function.empty() ? "?" : emu::short_name(frame.function)) + "()");
    canvas.text_in({place.x1 - place.width() * 0.29f, place.y0, place.x1 - canvas.px(8), place.y1},
                   {FontRole::mono_small, FontRole::mono_tiny}, theme.dim, hex(frame.frame_base.value), Align::right);
    y += row;
  }
}

}  // namespace fiberscope::app
