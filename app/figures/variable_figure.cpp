// The global variables that the scenario watches, as they are at the cursor.
#include <algorithm>

#include "app/figures/figures.h"
#include "app/format.h"

namespace fiberscope::app {
namespace {

constexpr std::size_t kColumns = 2;

std::string text_of(const core::WatchedValue& value) {
  if (value.is_text) return "\"" + value.text + "\"";
  if (!value.symbol.empty()) return hex(value.value) + "  " + value.symbol;
  // Addresses without a name, and numbers that nobody would read in decimal.
  if (value.value > 9'999'999'999) return hex_address(emu::Address{value.value});
  return grouped(value.value);
}

}  // namespace

void draw_variable_figure(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  if (view.figure == nullptr || view.figure->variables.empty()) {
    canvas.text_in(area, {FontRole::text, FontRole::small}, theme.dim, words(Word::no_variables), Align::center);
    return;
  }
  const auto& values = view.figure->variables;
  const float least = canvas.px(24);
  const auto fit = static_cast<std::size_t>(std::max(1.f, area.height() / least));
  const std::size_t shown = std::min(values.size(), kColumns * fit);
  const std::size_t rows = shown > 12 ? (shown + 1) / kColumns : shown;
  const float row = std::min(canvas.px(38), area.height() / static_cast<float>(rows));
  const float wide = shown > rows ? area.width() / kColumns : area.width();
  // One size for all names: the largest in which the longest fits.
  FontRole font = FontRole::micro;
  for (const FontRole larger : {FontRole::mono_small, FontRole::mono_tiny}) {
    const bool fits =
        std::all_of(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(shown),
                    [&](const auto& v) { return canvas.width(larger, v.cell.name) < wide * 0.52f - canvas.px(100); });
    if (!fits) continue;
    font = larger;
    break;
  }
  for (std::size_t i = 0; i < shown; ++i) {
    const core::WatchedValue& value = values[i];
    const float x = area.x0 + wide * static_cast<float>(i / rows);
    const float y = area.y0 + row * static_cast<float>(i % rows);
    const Rect line{x, y, x + wide - canvas.px(10), y + row - canvas.px(2)};
    const auto hit = canvas.hit(label("variable", value.cell.address), line);
    canvas.fill(line, value.changed ? theme.changed_back : hit.hovered ? theme.head : theme.grid, canvas.px(4));
    if (hit.hovered) canvas.tooltip(words(Word::tip_last_write));
    if (hit.clicked) commands.push_back(command::ToCellOrigin{value.cell.address, value.cell.size});
    const float middle = line.x0 + line.width() * 0.52f;
    canvas.text_in({line.x0 + canvas.px(8), line.y0, line.x0 + canvas.px(86), line.y1},
                   {FontRole::mono_tiny, FontRole::micro}, theme.dim, hex(value.cell.address.value));
    canvas.text_in({line.x0 + canvas.px(90), line.y0, middle, line.y1}, {font, FontRole::micro}, theme.mnemonic,
                   value.cell.name);
    canvas.text_in({middle + canvas.px(8), line.y0, line.x1 - canvas.px(8), line.y1},
                   {FontRole::mono, FontRole::mono_small, FontRole::mono_tiny, FontRole::micro},
                   value.changed ? theme.changed : theme.text, text_of(value), Align::right);
  }
}

}  // namespace fiberscope::app
