#include <fmt/format.h>

#include "app/format.h"
#include "app/stack_column.h"
#include "emu/shown_name.h"

namespace fiberscope::app {
namespace {

constexpr int kLongestValue = 16;
constexpr int kShortestValue = 7;

bool touches(const core::Cell& cell, emu::Address address, std::uint64_t size) {
  return address < cell.address + cell.size && cell.address < address + size;
}

const core::MemoryAccess* next_access(const core::Snapshot& now, const core::Cell& cell) {
  for (const core::MemoryAccess& access : now.next_accesses) {
    if (touches(cell, access.address, access.size)) return &access;
  }
  return nullptr;
}

bool just_written(const core::Snapshot& now, const core::Cell& cell) {
  for (const core::MemoryChange& change : now.written) {
    if (touches(cell, change.address, change.size)) return true;
  }
  return false;
}

}  // namespace

void StackColumn::draw_label(const core::Cell& cell, const Rect& rect) {
  const Theme& theme = canvas_.theme();
  const auto fonts = {FontRole::small, FontRole::tiny, FontRole::micro};
  const float opacity = cell.live ? 1.f : 0.7f;
  float x = rect.x0;
  Colour colour = theme.dim;
  std::string text = emu::short_name(cell.symbol);
  switch (cell.role) {
    case core::CellRole::return_address:
      canvas_.return_arrow({x, rect.center().y}, fade(theme.text, opacity));
      // A blank behind the arrow, where that costs no letter.
      x += canvas_.px(canvas_.width(FontRole::small, text) <= rect.x1 - x - canvas_.px(21) ? 21 : 18);
      colour = theme.text;
      break;
    case core::CellRole::saved_rbp:
      colour = colour_;
      break;
    case core::CellRole::saved_register:
    case core::CellRole::local:
    case core::CellRole::argument:
      colour = theme.text;
      break;
    case core::CellRole::padding:
      break;
    case core::CellRole::never_written:
      if (text.empty()) text = view_.words()(Word::never_written);
      break;
  }
  const Rect letters = canvas_.text_in({x, rect.y0, rect.x1, rect.y1}, fonts, fade(colour, opacity), text);
  if (!cell.owner.empty()) draw_owner(cell, {letters.x1 + canvas_.px(5), rect.y0, rect.x1, rect.y1}, opacity);
}

void StackColumn::draw_owner(const core::Cell& cell, const Rect& rect, float opacity) {
  // The local's own name says most: where space is short it stands alone.
  const std::string_view owner = cell.owner;
  const auto local = owner.rfind(' ');
  const std::string_view shorter = local == std::string_view::npos ? owner : owner.substr(local + 1);
  for (const std::string_view text : {owner, shorter}) {
    for (const FontRole font : {FontRole::small, FontRole::tiny, FontRole::micro}) {
      if (canvas_.width(font, text) > rect.width()) continue;
      canvas_.text_in(rect, {font}, fade(canvas_.theme().dim, opacity), text);
      return;
    }
  }
  // Less than three letters say nothing: the tip has it.
  if (canvas_.width(FontRole::micro, "…mmm") <= rect.width())
    canvas_.text_in(rect, {FontRole::micro}, fade(canvas_.theme().dim, opacity), shorter);
}

bool StackColumn::crowded(const core::Cell& cell, const Rect& rect) const {
  const std::string_view digits = "0000000000000000";
  const auto count = static_cast<std::size_t>((address_digits_ > 8 ? 7 : address_digits_) + value_digits_);
  const float numbers = canvas_.width(FontRole::mono_small, digits.substr(0, std::min(count, digits.size())));
  const float arrow = cell.role == core::CellRole::return_address ? canvas_.px(18) : 0;
  const float label = canvas_.width(FontRole::micro, emu::short_name(cell.symbol)) + arrow;
  return numbers + label + canvas_.px(25) > rect.width();
}

void StackColumn::draw_cell_text(const core::Cell& cell, const Rect& rect) {
  const Theme& theme = canvas_.theme();
  const float opacity = cell.live ? 1.f : 0.7f;
  float x = rect.x0 + canvas_.px(7);
  std::string address = hex(cell.address.value, 6);
  if (address_digits_ > 8) address = "…" + address.substr(address.size() - 6);
  // Where a label would be cut the numbers give way to it.
  const bool tight = crowded(cell, rect);
  const FontRole numbers = tight ? FontRole::mono_tiny : FontRole::mono_small;
  const float advance = canvas_.width(numbers, "0");
  const float address_width = canvas_.width(numbers, address_digits_ > 8 ? "…000000" : address);
  canvas_.text_in({x, rect.y0, x + address_width + 1, rect.y1}, {numbers}, fade(theme.dim, opacity), address);
  x += address_width + canvas_.px(6);
  const float column = advance * static_cast<float>(value_digits_);
  const float gap = canvas_.px(tight ? 5 : 9);
  // Beside the dot where an arrow of the chain begins.
  const float right = rect.x1 - canvas_.px(cell.role == core::CellRole::saved_rbp ? 7 : 3);
  const std::uint64_t value = shown_value(view_.film, view_.before, cell, stack_.thread);
  const Colour colour = cell.role == core::CellRole::saved_rbp ? colour_ : value == 0 ? theme.dim : theme.text;
  const bool unwritten = cell.role == core::CellRole::never_written;
  std::string digits = unwritten && value == 0 ? "·" : hex(value);
  float room = column;
  FontRole font = numbers;
  if (static_cast<int>(digits.size()) > value_digits_ && !unwritten) {
    const float arrow = cell.role == core::CellRole::return_address ? canvas_.px(18) : 0;
    const float label = canvas_.width(FontRole::small, emu::short_name(cell.symbol)) + arrow;
    room = std::max(column, right - x - gap - label);
    if (canvas_.width(font, digits) > room) font = FontRole::mono_tiny;
    for (int count = kLongestValue - 1; count >= kShortestValue && canvas_.width(font, digits) > room; --count) {
      digits = short_hex(value, count);
    }
    room = std::max(column, canvas_.width(font, digits));
  }
  canvas_.text_in({x, rect.y0, x + room + 1, rect.y1}, {font}, fade(unwritten ? theme.dim : colour, opacity), digits,
                  Align::right);
  x += room + gap;
  draw_label(cell, {x, rect.y0, right, rect.y1});
}

void StackColumn::draw_cell(const StackRow& row, Commands& commands) {
  const Theme& theme = canvas_.theme();
  const core::Cell& cell = stack_.cells[row.cell];
  Rect rect = rect_of(row);
  const Rect inner{rect.x0 + canvas_.px(3), rect.y0, rect.x1 - canvas_.px(3), rect.y1 - canvas_.px(1)};
  if (!cell.live) {
    canvas_.hatch(rect.inset(canvas_.px(2), 0), theme.hatch, canvas_.px(13));
  } else if (row.cell > 0 && stack_.cells[row.cell - 1].frame == cell.frame) {
    canvas_.line({rect.x0 + canvas_.px(4), rect.y0}, {rect.x1 - canvas_.px(4), rect.y0}, tinted(60));
  }
  const bool awaited = view_.film.awaits(CellPlace{stack_.thread, cell.address});
  if (!awaited && just_written(*view_.now, cell)) {
    canvas_.fill(inner, theme.changed_back, canvas_.px(4));
    canvas_.fill({inner.x0, inner.y0, inner.x0 + canvas_.px(4), inner.y1}, theme.changed, canvas_.px(2));
    canvas_.items().mark(label("written", cell.address), inner);
  }
  if (const core::MemoryAccess* access = view_.film.running() ? nullptr : next_access(*view_.now, cell)) {
    canvas_.outline(inner, theme.changed, canvas_.px(4), canvas_.px(2));
    // Beside the cell: a triangle that points out of it for a read, into it for a write.
    const Point at{rect.x1 + canvas_.px(9), rect.center().y};
    const float r = canvas_.px(5);
    const float out = access->is_write ? -r : r;
    canvas_.triangle({at.x - out, at.y - r}, {at.x + out, at.y}, {at.x - out, at.y + r}, theme.changed);
    canvas_.items().mark(label("next", cell.address), inner);
  }
  if (view_.selection->address == cell.address || view_.selection->hover.address == cell.address) {
    canvas_.outline(inner, theme.text, canvas_.px(4), canvas_.px(1.5f));
  }
  draw_cell_text(cell, rect);
  react(cell, rect, commands);
}

void StackColumn::react(const core::Cell& cell, const Rect& rect, Commands& commands) {
  const auto hit = canvas_.hit(label("cell", cell.address), rect);
  if (!hit.hovered && !hit.clicked) return;
  const Words words = view_.words();
  const bool is_return = cell.role == core::CellRole::return_address;
  if (hit.hovered) {
    Hover hover;
    hover.address = cell.address;
    commands.push_back(command::SetHover{hover});
    std::string tip = fmt::format("{}: 0x{:0{}x}", hex_address(cell.address), cell.value, 2 * cell.size);
    if (!cell.symbol.empty()) tip += "\n" + cell.symbol;
    if (!cell.owner.empty()) tip += fmt::format(" · {}", words(Word::tip_owner_n, cell.owner));
    if (const core::MemoryAccess* access = next_access(*view_.now, cell); access != nullptr && view_.now->next) {
      tip += fmt::format("\n{}: {}", view_.now->next->intel, words(access->is_write ? Word::writes : Word::reads));
    }
    tip += std::string("\n") + words(is_return         ? Word::tip_go_to_code
                                     : cell.written_at ? Word::tip_last_write
                                                       : Word::tip_never_written);
    canvas_.tooltip(tip);
  }
  if (!hit.clicked) return;
  if (is_return) {
    commands.push_back(command::ShowCode{emu::Address{cell.value}});
  } else {
    commands.push_back(command::ToCellOrigin{cell.address, cell.size});
  }
}

}  // namespace fiberscope::app
