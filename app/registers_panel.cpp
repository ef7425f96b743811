#include "app/registers_panel.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "app/format.h"

namespace fiberscope::app {
namespace {

using emu::Register;

constexpr Register kRows[] = {Register::rax, Register::rbx, Register::rcx,   Register::rdx, Register::rsi,
                              Register::rdi, Register::rbp, Register::rsp,   Register::r8,  Register::r9,
                              Register::r10, Register::r11, Register::r12,   Register::r13, Register::r14,
                              Register::r15, Register::rip, Register::rflags};

bool is_watched_only(Register reg) {
  return std::find(std::begin(kRows), std::end(kRows), reg) == std::end(kRows);
}

/// The general ones, and behind them what the scenario watches beside these.
std::vector<Register> rows_of(const View& view) {
  std::vector<Register> rows(std::begin(kRows), std::end(kRows));
  for (const std::string& name :
       view.scenario != nullptr ? view.scenario->watch.registers : std::vector<std::string>{}) {
    const auto reg = emu::register_by_name(name);
    if (reg && std::find(rows.begin(), rows.end(), *reg) == rows.end()) rows.push_back(*reg);
  }
  return rows;
}

const core::RegisterChange* change_of(const std::vector<core::RegisterChange>& changes, Register reg) {
  for (const core::RegisterChange& change : changes) {
    if (change.reg == reg) return &change;
  }
  return nullptr;
}

const core::RegisterChange* change_of(const core::Snapshot& now, Register reg) {
  return change_of(now.compared_with ? now.changed_for_thread : now.changed, reg);
}

}  // namespace

const core::ProcessorView* RegistersPanel::other_processor(const View& view) const {
  if (!shown_ || *shown_ == view.now->cpu || shown_->value >= view.now->cpus.size()) return nullptr;
  return &view.now->cpus[shown_->value];
}

void RegistersPanel::choose_processor(Canvas& canvas, const View& view, const Rect& head) {
  const auto count = static_cast<std::uint16_t>(view.now->cpus.size());
  const core::ProcessorView* other = other_processor(view);
  const core::CpuId cpu = other != nullptr ? other->cpu : view.now->cpu;
  const std::string word = fmt::format("CPU {}", cpu.value);
  const float wide = std::ceil(canvas.width(FontRole::small, word)) + canvas.px(26);
  const Rect pill{head.x1 - wide, head.center().y - canvas.px(12), head.x1, head.center().y + canvas.px(12)};
  const auto hit = canvas.hit("registers of", pill);
  canvas.pill(pill, other == nullptr, canvas.theme().text,
              other == nullptr ? canvas.theme().panel : canvas.theme().text, word);
  canvas.items().mark("registers of", pill);
  if (hit.hovered) canvas.tooltip(view.words()(Word::tip_other_processor));
  // One after the other; the step's own one is followed again when it comes round.
  if (hit.clicked) {
    shown_ = core::CpuId{static_cast<std::uint16_t>((cpu.value + 1) % count)};
    if (*shown_ == view.now->cpu) shown_.reset();
  }
}

void RegistersPanel::draw_row(Canvas& canvas, const View& view, Register reg, const Rect& row, Commands& commands) {
  const Theme& theme = canvas.theme();
  const std::string name(emu::register_name(reg));
  const core::ProcessorView* other = other_processor(view);
  const std::uint64_t value =
      other != nullptr ? other->registers[reg] : shown_value(view.film, view.before, *view.now, reg);
  const core::RegisterChange* change = other != nullptr                       ? change_of(other->changed, reg)
                                       : view.film.awaits(RegisterPlace{reg}) ? nullptr
                                                                              : change_of(*view.now, reg);
  const auto hit = canvas.hit(fmt::format("reg {}", name), row);
  if (change != nullptr) {
    canvas.fill(row, theme.changed_back, canvas.px(5));
    canvas.fill({row.x0, row.y0, row.x0 + canvas.px(5), row.y1}, theme.changed, canvas.px(2));
  }
  if (hit.hovered || view.selection->reg == reg || view.selection->hover.reg == reg) {
    canvas.outline(row, theme.text, canvas.px(5), canvas.px(1.5f));
  }
  const Colour strong = change != nullptr ? theme.changed : theme.text;
  // Where more rows than the general registers' must find room, smaller letters.
  const bool tight = pitch_ < canvas.line_height(FontRole::mono_small) * 0.8f;
  const FontRole mono = tight ? FontRole::mono_tiny : FontRole::mono_small;
  const FontRole font = change != nullptr && !tight ? FontRole::mono_bold : mono;
  canvas.text_in({row.x0 + canvas.px(14), row.y0, row.x0 + canvas.px(is_watched_only(reg) ? 90 : 76), row.y1},
                 {font, mono, FontRole::mono_tiny, FontRole::micro}, strong, name);
  if (emu::is_callee_saved(reg))
    canvas.lock({row.x0 + canvas.px(75), row.center().y - canvas.px(2)}, change != nullptr ? theme.changed : theme.dim);

  float x = row.x0 + canvas.px(92);
  const std::string was = change == nullptr ? "" : hex(change->old_value);
  if (reg == Register::rflags) {
    const std::string digits = hex(value, 4);
    canvas.text_in({x, row.y0, row.x1, row.y1}, {mono}, strong, digits);
    x += canvas.width(mono, digits) + canvas.px(12);
    canvas.text_in({x, row.y0, row.x1 - canvas.px(was.empty() ? 8 : 100), row.y1},
                   {FontRole::small, FontRole::tiny, FontRole::micro}, strong, flag_letters(value));
  } else {
    const int digits = hex_digits(value);
    const std::string zeros(static_cast<std::size_t>(16 - digits), '0');
    const float start = x;
    canvas.text_in({x, row.y0, row.x1, row.y1}, {mono}, theme.faint, zeros);
    x += canvas.width(mono, zeros);
    canvas.text_in({x, row.y0, row.x1, row.y1}, {mono}, strong, hex(value));
    x = start + canvas.width(mono, "0000000000000000");
  }
  if (!was.empty()) {
    const float right = row.x1 - canvas.px(8);
    const Rect old =
        canvas.text_in({std::max(x + canvas.px(40), right - canvas.px(84)), row.y0, right, row.y1},
                       {mono, FontRole::mono_tiny}, theme.text, short_hex(change->old_value, 8), Align::right);
    canvas.text_in({x, row.y0, old.x0 - canvas.px(6), row.y1}, {FontRole::small, FontRole::tiny, FontRole::micro},
                   theme.dim, view.words()(Word::was), Align::right);
  }
  if (hit.hovered) {
    Hover hover;
    hover.reg = reg;
    hover.address = emu::Address{value};
    commands.push_back(command::SetHover{hover});
    std::string tip = fmt::format("{} = 0x{:x}  ({})", name, value, value);
    if (change != nullptr) tip += fmt::format("\n{} 0x{}", view.words()(Word::was), was);
    canvas.tooltip(tip + "\n" + view.words()(Word::tip_last_write));
  }
  if (hit.clicked) commands.push_back(command::ToRegisterOrigin{reg});
}

void RegistersPanel::draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const Rect head = canvas.panel_head("registers", area, words(Word::registers));
  if (!view.now->cpus.empty()) {
    choose_processor(canvas, view, head);
  } else if (view.now->compared_with) {
    const Rect note = canvas.text_in(head, {FontRole::small, FontRole::tiny, FontRole::micro}, theme.text,
                                     words(Word::since_n, grouped(view.now->compared_with->value)), Align::right);
    const Point at{note.x0 - canvas.px(18), head.center().y};
    if (view.now->on_cpu && at.x - canvas.px(10) > head.x0) {
      canvas.badge(at, canvas.px(10), view.styles->of(*view.now->on_cpu));
    }
  } else {
    const Rect note = canvas.text_in(head, {FontRole::small, FontRole::tiny, FontRole::micro}, theme.dim,
                                     words(Word::callee_saved), Align::right);
    canvas.lock({note.x0 - canvas.px(14), head.center().y - canvas.px(3)}, theme.dim);
  }
  const float top = area.y0 + canvas.px(42);
  const std::vector<Register> rows = rows_of(view);
  pitch_ = (area.y1 - canvas.px(4) - top) / static_cast<float>(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float y0 = std::floor(top + static_cast<float>(i) * pitch_);
    const float y1 = std::floor(top + static_cast<float>(i + 1) * pitch_);
    draw_row(canvas, view, rows[i], {area.x0 + canvas.px(4), y0, area.x1 - canvas.px(4), y1}, commands);
  }
}

}  // namespace fiberscope::app
