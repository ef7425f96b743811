// The global variables that the scenario watches, as they are at the cursor.
#include <imgui.h>

#include <algorithm>
#include <cmath>

#include "app/figures/figures.h"
#include "app/figures/variable_rows.h"
#include "app/format.h"

namespace fiberscope::app {
namespace {

constexpr std::size_t kColumns = 2;
constexpr std::size_t kAlone = 12;  // so few lines need no second column
constexpr float kLeastRow = 24;
constexpr float kTallestRow = 38;
constexpr float kSign = 30;  // what stands under the lines where some are out of view

std::string text_of(const core::WatchedValue& value) {
  if (value.is_text) return "\"" + value.text + "\"";
  if (!value.symbol.empty()) return hex(value.value) + "  " + value.symbol;
  // Addresses without a name, and numbers that nobody would read in decimal.
  if (value.is_address || value.value > 9'999'999'999) return hex(value.value);
  return grouped(value.value);
}

std::string text_of(const Words& words, const VariableRow& row, const core::WatchedValue& first) {
  switch (row.kind) {
    case VariableRow::Kind::zero:
      return words(Word::value_all_zero);
    case VariableRow::Kind::equal:
      return words(Word::value_each_n, text_of(first));
    case VariableRow::Kind::value:
      break;
  }
  return text_of(first);
}

class Variables {
 public:
  Variables(Canvas& canvas, const View& view, const Rect& area, VariableScroll& scroll)
      : canvas_(canvas),
        view_(view),
        values_(view.figure->variables),
        rows_(fold_variables(values_)),
        scroll_(scroll),
        area_(area) {
    const float least = canvas_.px(kLeastRow);
    auto fit = static_cast<std::size_t>(std::max(1.f, area.height() / least));
    scrolls_ = rows_.size() > kColumns * fit;
    if (scrolls_) {
      area_.y1 -= canvas_.px(kSign);
      fit = static_cast<std::size_t>(std::max(1.f, area_.height() / least));
    }
    shown_ = std::min(rows_.size(), kColumns * fit);
    lines_ = shown_ > kAlone ? (shown_ + 1) / kColumns : shown_;
    row_ = std::min(canvas_.px(kTallestRow), area_.height() / static_cast<float>(lines_));
    wide_ = shown_ > lines_ ? area_.width() / kColumns : area_.width();
    addresses_ = values_.front().cell.address.value > 0xffffffffU ? canvas_.px(112) : canvas_.px(78);
  }

  void draw(Commands& commands) {
    const std::size_t last_first = rows_.size() - shown_;
    const ImGuiIO& io = ImGui::GetIO();
    if (scrolls_ && area_.contains({io.MousePos.x, io.MousePos.y}) && io.MouseWheel != 0)
      scroll_.first = io.MouseWheel > 0 ? scroll_.first - std::min<std::size_t>(scroll_.first, 3) : scroll_.first + 3;
    scroll_.first = std::min(scroll_.first, last_first);
    if (scrolls_) draw_sign(last_first);
    for (std::size_t i = 0; i < shown_; ++i) {
      const std::size_t column = i / lines_;
      const float x = area_.x0 + wide_ * static_cast<float>(column);
      const float y = area_.y0 + row_ * static_cast<float>(i % lines_);
      draw_row(rows_[scroll_.first + i], {x, y, x + wide_ - canvas_.px(10), y + row_ - canvas_.px(2)}, commands);
    }
  }

 private:
  /// Which lines are in view, of how many; in the colour of changes where a line that is not has changed.
  void draw_sign(std::size_t last_first) {
    const Theme& theme = canvas_.theme();
    const Words words = view_.words();
    bool changed = false;
    for (std::size_t i = 0; i < rows_.size(); ++i)
      if (i < scroll_.first || i >= scroll_.first + shown_) changed |= has_changed(rows_[i]);
    const std::string text = words(
        Word::shown_of_n,
        {std::to_string(scroll_.first + 1), std::to_string(scroll_.first + shown_), std::to_string(rows_.size())});
    const float wide = std::ceil(canvas_.width(FontRole::small, text)) + canvas_.px(46);
    const float top = area_.y1 + canvas_.px(3);
    const Rect sign{area_.center().x - wide / 2, top, area_.center().x + wide / 2, top + canvas_.px(kSign - 5)};
    const auto hit = canvas_.hit("##more_values", sign);
    canvas_.fill(sign, theme.alert, sign.height() / 2);
    if (changed) canvas_.outline(sign, theme.changed, sign.height() / 2, canvas_.px(3));
    canvas_.text_in({sign.x0 + canvas_.px(12), sign.y0, sign.x1 - canvas_.px(28), sign.y1},
                    {FontRole::small, FontRole::tiny}, theme.on_alert, text);
    const float r = canvas_.px(5);
    const Point at{sign.x1 - canvas_.px(16), sign.center().y};
    const float down = scroll_.first < last_first ? 1.f : -1.f;
    canvas_.triangle({at.x - r, at.y - down * r * 0.6f}, {at.x + r, at.y - down * r * 0.6f}, {at.x, at.y + down * r},
                     theme.on_alert);
    if (hit.hovered) canvas_.tooltip(words(Word::tip_more_values));
    if (hit.clicked) scroll_.first = scroll_.first < last_first ? std::min(scroll_.first + shown_, last_first) : 0;
  }

  [[nodiscard]] bool has_changed(const VariableRow& row) const {
    return std::any_of(values_.begin() + static_cast<std::ptrdiff_t>(row.first),
                       values_.begin() + static_cast<std::ptrdiff_t>(row.last),
                       [](const core::WatchedValue& value) { return value.changed; });
  }

  void draw_row(const VariableRow& row, const Rect& line, Commands& commands) {
    const Theme& theme = canvas_.theme();
    const Words words = view_.words();
    const core::WatchedValue& value = values_[row.first];
    const emu::GlobalCell& end = values_[row.last - 1].cell;
    const bool changed = has_changed(row);
    const std::string text = text_of(words, row, value);
    const auto hit = canvas_.hit(label("variable", value.cell.address), line);
    canvas_.fill(line, changed ? theme.changed_back : hit.hovered ? theme.head : theme.grid, canvas_.px(4));
    if (hit.hovered) canvas_.tooltip(row.name + ": " + text + "\n" + words(Word::tip_last_write));
    if (hit.clicked)
      commands.push_back(command::ToCellOrigin{
          value.cell.address, static_cast<std::uint32_t>(end.address + end.size - value.cell.address)});
    const float left = line.x0 + canvas_.px(8);
    canvas_.text_in({left, line.y0, left + addresses_, line.y1}, {FontRole::mono_tiny, FontRole::micro}, theme.dim,
                    hex(value.cell.address.value));
    const Rect inside{left + addresses_ + canvas_.px(4), line.y0, line.x1 - canvas_.px(8), line.y1};
    // A name that says too little tells nothing: the value's letters give way first.
    float value_wide = canvas_.width(FontRole::micro, text);
    FontRole value_font = FontRole::micro;
    for (const FontRole larger : {FontRole::mono_small, FontRole::mono_tiny}) {
      if (canvas_.width(larger, text) + canvas_.width(FontRole::mono_tiny, row.name) + canvas_.px(10) > inside.width())
        continue;
      value_font = larger;
      value_wide = canvas_.width(larger, text);
      break;
    }
    value_wide = std::min(value_wide, inside.width() * 0.6f);
    const float room = inside.width() - value_wide - canvas_.px(8);
    FontRole name_font = FontRole::micro;
    for (const FontRole larger : {FontRole::mono_small, FontRole::mono_tiny}) {
      if (canvas_.width(larger, row.name) > room) continue;
      name_font = larger;
      break;
    }
    const std::string name = shorten_middle(
        row.name, [&](const std::string& shorter) { return canvas_.width(FontRole::micro, shorter) <= room; });
    canvas_.items().mark("name " + row.name, inside);
    canvas_.text_in({inside.x0, inside.y0, inside.x0 + room, inside.y1}, {name_font, FontRole::micro}, theme.mnemonic,
                    name);
    canvas_.text_in({inside.x1 - value_wide - 1, inside.y0, inside.x1, inside.y1}, {value_font, FontRole::micro},
                    changed ? theme.changed : theme.text, text, Align::right);
  }

  Canvas& canvas_;
  const View& view_;
  const std::vector<core::WatchedValue>& values_;
  std::vector<VariableRow> rows_;
  VariableScroll& scroll_;
  Rect area_;
  bool scrolls_ = false;
  std::size_t shown_ = 0;
  std::size_t lines_ = 1;
  float row_ = 0;
  float wide_ = 0;
  float addresses_ = 0;
};

}  // namespace

void draw_variable_figure(Canvas& canvas, const View& view, const Rect& area, VariableScroll& scroll,
                          Commands& commands) {
  if (view.figure == nullptr || view.figure->variables.empty()) {
    canvas.text_in(area, {FontRole::text, FontRole::small}, canvas.theme().dim, view.words()(Word::no_variables),
                   Align::center);
    return;
  }
  Variables(canvas, view, area, scroll).draw(commands);
}

}  // namespace fiberscope::app
