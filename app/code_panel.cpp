#include "app/code_panel.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "app/format.h"
#include "emu/shown_name.h"

namespace fiberscope::app {
namespace {

constexpr float kLine = 26.6f;

constexpr std::size_t kLinesOfSource = 3;
constexpr float kSourceLeft = 50;
constexpr float kSourceRight = 8;

std::string full_text(const core::CodeRow& row) {
  if (row.kind == core::CodeRow::Kind::source) return fmt::format("{}  {}", row.line, row.text);
  return fmt::format("{}  {} {}", hex_address(row.address), row.mnemonic, row.operands);
}

/// What the list shows: a source line that is too long takes several of its lines.
std::vector<CodeLine> lines_of(const Canvas& canvas, const core::CodeView& code, float width) {
  std::vector<CodeLine> lines;
  for (const core::CodeRow& row : code.rows) {
    if (row.kind == core::CodeRow::Kind::instruction) {
      lines.push_back({&row, "", true});
      continue;
    }
    std::string text = row.text;
    std::replace(text.begin(), text.end(), '\t', ' ');
    bool first = true;
    for (std::string& part : canvas.wrap(FontRole::small, text, width, kLinesOfSource)) {
      lines.push_back({&row, std::move(part), first});
      first = false;
    }
  }
  return lines;
}

/// What is said of an instruction behind a store that loses an update, and behind the store that will be lost; empty
/// elsewhere.
std::string lost_note(const View& view, const core::CodeRow& row) {
  const Words words = view.words();
  std::string note;
  for (const core::LostUpdate& update : view.now->lost_updates) {
    const bool overwrites = update.store.step == view.now->step;
    if (overwrites && row.address == update.store.code) return words(Word::lost_update_here);
    if (overwrites && row.address == update.lost.code) {
      const core::ThreadView* other = view.thread(update.lost.thread);
      note = words(Word::code_lost_n, other != nullptr ? other->thread.name : "");
    }
    if (!overwrites && row.just_ran && row.address == update.lost.code) note = words(Word::code_will_be_lost);
  }
  return note;
}

/// The line to keep in view.
std::optional<std::size_t> wanted_line(const View& view, const std::vector<CodeLine>& lines) {
  std::optional<std::size_t> next;
  for (std::size_t i = 0; i < lines.size() && !view.selection->code; ++i)
    if (lines[i].row->kind == core::CodeRow::Kind::instruction && !lost_note(view, *lines[i].row).empty() &&
        std::any_of(view.now->lost_updates.begin(), view.now->lost_updates.end(),
                    [&](const core::LostUpdate& update) { return update.store.code == lines[i].row->address; }))
      return i;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const core::CodeRow& row = *lines[i].row;
    if (row.kind != core::CodeRow::Kind::instruction) continue;
    if (view.selection->code && row.address == *view.selection->code) return i;
    if (row.is_next) next = i;
  }
  return next;
}

}  // namespace

float code_top(float current, std::optional<std::size_t> wanted, std::size_t count, float shown) {
  const auto lines = static_cast<float>(count);
  const float last = std::max(0.f, lines - shown);
  if (wanted) {
    const auto at = static_cast<float>(*wanted);
    if (at < current + 1 || at + 2 > current + shown) current = std::floor(at - shown / 3);
  }
  return std::clamp(current, 0.f, last);
}

void CodePanel::draw_head(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const Rect head = canvas.panel_head("code", area, words(Word::code));
  const char* syntax = view.code->syntax == core::Syntax::intel ? "Intel" : "AT&T";
  const std::string file = view.code->file.empty() ? std::string(syntax) : view.code->file + "  ·  " + syntax;
  const Rect note =
      canvas.text_in(head, {FontRole::small, FontRole::tiny, FontRole::micro}, theme.dim, file, Align::right);
  const auto hit =
      canvas.hit("##syntax", {note.x0 - canvas.px(6), head.y0 + canvas.px(4), head.x1, head.y1 - canvas.px(4)});
  if (hit.hovered) canvas.tooltip(words(Word::tip_syntax));
  if (hit.clicked) commands.push_back(command::ToggleSyntax{});
  if (!view.selection->code) return;
  const Rect badge{note.x0 - canvas.px(62), head.y0 + canvas.px(7), note.x0 - canvas.px(12), head.y1 - canvas.px(7)};
  const auto back = canvas.hit("##live_code", badge);
  canvas.pill(badge, true, theme.alert, theme.on_alert, "rip");
  if (back.hovered) canvas.tooltip(words(Word::tip_to_live_code));
  if (back.clicked) commands.push_back(command::ShowCode{});
}

void CodePanel::draw_source(Canvas& canvas, const CodeLine& source, const Rect& line) {
  const Theme& theme = canvas.theme();
  canvas.fill({line.x0 + 1, line.y0, line.x1 - 1, line.y1}, theme.source_back);
  if (source.first) {
    canvas.text_in({line.x0, line.y0, line.x0 + canvas.px(42), line.y1}, {FontRole::small, FontRole::micro}, theme.dim,
                   std::to_string(source.row->line), Align::right);
  }
  const Rect box{line.x0 + canvas.px(kSourceLeft), line.y0, line.x1 - canvas.px(kSourceRight), line.y1};
  const bool whole = source.text.size() == source.row->text.size();
  if (whole) {
    canvas.text_in(box, {FontRole::text_bold, FontRole::small, FontRole::tiny}, theme.source_text, source.text);
  } else {
    canvas.text_in(box, {FontRole::small, FontRole::tiny}, theme.source_text, source.text);
  }
}

void CodePanel::draw_instruction(Canvas& canvas, const View& view, const core::CodeRow& row, const Rect& line) {
  const Theme& theme = canvas.theme();
  const bool next = row.is_next;
  const core::Snapshot& now = *view.now;
  const auto owner = next ? now.on_cpu : now.thread;
  const ThreadStyle style = owner ? view.styles->of(*owner) : ThreadStyle{};
  const Colour band = theme.thread(style);
  const Rect bar = line.inset(canvas.px(4), 0);
  if (next) {
    canvas.fill(bar, band, canvas.px(5));
    canvas.triangle({line.x0 + canvas.px(14), mix(line.y0, line.y1, 0.2f)}, {line.x0 + canvas.px(30), line.center().y},
                    {line.x0 + canvas.px(14), mix(line.y0, line.y1, 0.8f)}, theme.on_thread(style));
    canvas.items().mark("rip", line);
  } else if (row.just_ran) {
    canvas.fill(bar, with_alpha(band, 48), canvas.px(5));
    canvas.triangle_outline({line.x0 + canvas.px(14), mix(line.y0, line.y1, 0.25f)},
                            {line.x0 + canvas.px(28), line.center().y},
                            {line.x0 + canvas.px(14), mix(line.y0, line.y1, 0.75f)}, theme.text, canvas.px(1.5f));
    canvas.items().mark("just ran", line);
  }
  const std::string lost = lost_note(view, row);
  if (!lost.empty()) {
    if (!next) canvas.fill(bar, theme.changed_back, canvas.px(5));
    canvas.outline(bar, theme.changed, canvas.px(5), canvas.px(2));
    canvas.items().mark("lost update", line);
  }
  if (view.selection->code == row.address) canvas.outline(bar, theme.alert, canvas.px(5), canvas.px(2));
  const Colour strong = next ? theme.on_thread(style) : theme.text;
  const Colour weak = next ? theme.on_thread(style) : theme.dim;

  // Only the target of a call or a jump can be a name of C++.
  const bool is_name = row.operands.find("::") != std::string::npos;
  const std::string operands =
      is_name ? emu::short_name(row.operands) : compact_operands(row.operands, view.code->syntax);
  float right = line.x1 - canvas.px(12);
  const float mnemonic =
      std::max(canvas.px(62), std::ceil(canvas.width(FontRole::mono_bold, row.mnemonic)) + canvas.px(10));
  float x = line.x0 + canvas.px(42);
  const std::string address = hex(row.address.value, 6);
  const float address_width = std::ceil(canvas.width(FontRole::mono_small, address));
  const float lost_width = lost.empty() ? 0 : std::ceil(canvas.width(FontRole::micro, lost)) + canvas.px(10);
  // What is said of a lost update goes before the address.
  if (lost.empty() ||
      x + address_width + canvas.px(14) + mnemonic + canvas.width(FontRole::mono_tiny, operands) + lost_width <=
          right) {
    canvas.text_in({x, line.y0, x + address_width + 1, line.y1}, {FontRole::mono_small}, weak, address);
    x += address_width + canvas.px(14);
  }
  canvas.text_in({x, line.y0, x + mnemonic, line.y1}, {FontRole::mono_bold}, next ? strong : theme.mnemonic,
                 row.mnemonic);
  x += mnemonic;

  const char* sign = !lost.empty() ? "" : next ? "rip" : row.just_ran ? view.words()(Word::just_ran) : "";
  if (*sign != '\0') {
    const float wide = std::ceil(canvas.width(FontRole::small, sign)) + canvas.px(next ? 24 : 4);
    if (x + canvas.width(FontRole::mono_small, operands) + wide + canvas.px(8) <= right) {
      const Rect place{right - wide, line.y0 + canvas.px(3), right, line.y1 - canvas.px(3)};
      if (next) {
        canvas.pill(place, true, theme.on_thread(style), band, sign);
      } else {
        canvas.text_in({place.x0, line.y0, place.x1 + 1, line.y1}, {FontRole::small}, theme.text, sign, Align::right);
      }
      right -= wide + canvas.px(8);
    }
  }
  if (!lost.empty()) {
    const float room = right - x - canvas.width(FontRole::mono_tiny, operands) - canvas.px(10);
    const Rect place = canvas.text_in({right - std::max(room, lost_width - canvas.px(10)), line.y0, right, line.y1},
                                      {FontRole::small, FontRole::tiny, FontRole::micro},
                                      next ? theme.on_thread(style) : theme.changed, lost, Align::right);
    right = place.x0 - canvas.px(8);
  }
  canvas.text_in({x, line.y0, right, line.y1}, {FontRole::mono, FontRole::mono_small, FontRole::mono_tiny}, strong,
                 operands);
}

void CodePanel::draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  draw_head(canvas, view, area, commands);
  const Rect body{area.x0 + 1, area.y0 + canvas.px(42), area.x1 - 1, area.y1 - canvas.px(4)};
  if (view.code->rows.empty()) {
    canvas.text_in(body.inset(canvas.px(12), 0), {FontRole::text, FontRole::small}, canvas.theme().dim,
                   view.words()(Word::no_code), Align::center);
    return;
  }
  const auto lines = lines_of(canvas, *view.code, body.width() - canvas.px(kSourceLeft + kSourceRight));
  const float line = kLine * canvas.scale();
  const float shown = std::floor(body.height() / line);
  const auto hit = canvas.hit("##code", body);
  if (wheel_at_ != view.now->step) wheel_ = 0;
  if (hit.hovered && ImGui::GetIO().MouseWheel != 0) {
    wheel_ -= ImGui::GetIO().MouseWheel * 3;
    wheel_at_ = view.now->step;
  }
  if (function_ != view.code->function) {
    function_ = view.code->function;
    top_ = 0;
  }
  top_ = code_top(top_, wanted_line(view, lines), lines.size(), shown);
  const float last = std::max(0.f, static_cast<float>(lines.size()) - shown);
  wheel_ = std::clamp(wheel_, -top_, last - top_);
  const auto first = static_cast<std::size_t>(top_ + wheel_);
  canvas.clip(body);
  for (std::size_t i = first; i < lines.size() && i < first + static_cast<std::size_t>(shown); ++i) {
    const float y = std::floor(body.y0 + static_cast<float>(i - first) * line);
    const Rect place{area.x0, y, area.x1, std::floor(body.y0 + static_cast<float>(i - first + 1) * line)};
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    if (hit.hovered && place.contains({mouse.x, mouse.y})) canvas.tooltip(full_text(*lines[i].row));
    if (lines[i].row->kind == core::CodeRow::Kind::source) {
      draw_source(canvas, lines[i], place);
    } else {
      draw_instruction(canvas, view, *lines[i].row, place);
    }
  }
  canvas.unclip();
}

}  // namespace fiberscope::app
