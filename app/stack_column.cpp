#include "app/stack_column.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <initializer_list>

#include "app/format.h"
#include "app/threads_panel.h"
#include "core/thread_standing.h"
#include "emu/shown_name.h"

namespace fiberscope::app {
namespace {

constexpr float kLeftGutter = 52;   // rsp, rbp and TCB tags
constexpr float kRightGutter = 21;  // arrows of the rbp chain
constexpr float kHead = 38;
constexpr float kFoot = 21;
constexpr float kEnd = 22;
constexpr int kLongestColumn = 8;

}  // namespace

StackColumn::StackColumn(Canvas& canvas, const View& view, const core::StackView& stack, const Rect& area,
                         StackColumnState& state)
    : canvas_(canvas),
      view_(view),
      stack_(stack),
      state_(state),
      area_(area),
      style_(view.styles->of(stack.thread)),
      colour_(canvas.theme().thread(style_)),
      light_(static_cast<float>(view.film.light(stack.thread, view.now->on_cpu))) {
  body_ = {area.x0, area.y0 + canvas.px(kHead), area.x1, area.y1 - canvas.px(kFoot)};
  const auto at_end = [&](emu::Register reg, std::optional<core::ThreadId> thread) {
    return thread == stack.thread && view.now->registers[reg] == stack.range.high.value;
  };
  top_ = body_.y0;
  end_ = {body_.x0 + canvas.px(kLeftGutter), body_.y0, body_.x1 - canvas.px(kRightGutter), body_.y0};
  // With room above it, where two tags point at it: rsp's stands on the line.
  const int tags = (at_end(emu::Register::rsp, view.now->rsp_thread) ? 1 : 0) +
                   (at_end(emu::Register::rbp, view.now->rbp_thread) ? 1 : 0);
  if (tags > 0) {
    body_.y0 = end_.y1 = top_ + canvas.px(kEnd) * static_cast<float>(tags);
    end_.y0 = end_.y1 - canvas.px(kEnd);
  }
  box_ = {area.x0 + canvas.px(kLeftGutter), body_.y0, area.x1 - canvas.px(kRightGutter), body_.y1};
  StackLayoutOptions options;
  options.height = body_.height() / canvas.scale();
  options.unfolded = state.unfolded;
  layout_ = lay_out_stack(stack, options);
  const float hidden = std::max(0.f, layout_.height - options.height);
  state_.scroll = state.unfolded ? std::clamp(state_.scroll, 0.f, hidden) : 0;
  address_digits_ = std::max(6, hex_digits(stack.range.high.value));
  // Wide enough for addresses; a longer value takes its room from its own label.
  value_digits_ = std::min(kLongestColumn, address_digits_);
}

Colour StackColumn::tinted(int alpha) const {
  return with_alpha(colour_, static_cast<std::uint32_t>(std::clamp(alpha, 0, 255)));
}

Rect StackColumn::rect_of(const StackRow& row) const {
  return {box_.x0, y_of(row.y), box_.x1, y_of(row.y + row.height)};
}

std::optional<Point> StackColumn::edge_of(emu::Address address) const {
  const StackRow* row = layout_.row_at(address);
  float y = 0;
  if (row != nullptr) {
    y = rect_of(*row).center().y;
  } else if (!stack_.cells.empty() && address > stack_.cells.front().address) {
    return Point{box_.x0, end_.height() > 0 ? end_.center().y : body_.y0};
  } else {
    return std::nullopt;
  }
  if (y < body_.y0 - 1 || y > body_.y1 + 1) return std::nullopt;
  return Point{box_.x0, y};
}

void StackColumn::draw_head(Commands& commands) {
  const Theme& theme = canvas_.theme();
  const Words words = view_.words();
  const core::ThreadView* thread = view_.thread(stack_.thread);
  if (thread == nullptr) return;
  const float middle = area_.y0 + canvas_.px(15);
  const Rect line{area_.x0, middle - canvas_.px(13), box_.x1, middle + canvas_.px(13)};
  canvas_.badge({area_.x0 + canvas_.px(20), middle}, canvas_.px(14), style_);
  float right = line.x1;
  const core::ThreadState state = thread->state;
  const std::string state_text = state_word(view_, *thread);
  const bool on_cpu = core::is_on_processor(*view_.now, stack_.thread);
  const bool signs = on_cpu && state != core::ThreadState::running;
  // The words beside the name give way to it.
  const auto need = [&](FontRole font) {
    const float sign = signs ? canvas_.width(font, words(Word::on_cpu)) + canvas_.px(32) : 0;
    return canvas_.px(42 + 32) + canvas_.width(FontRole::micro, thread->thread.name) + canvas_.width(font, state_text) +
           sign;
  };
  const FontRole font = need(FontRole::small) <= line.width()  ? FontRole::small
                        : need(FontRole::tiny) <= line.width() ? FontRole::tiny
                                                               : FontRole::micro;
  const auto pill_width = [&](const char* word) {
    return std::ceil(canvas_.width(font, word)) + canvas_.px(font == FontRole::small ? 26 : 18);
  };
  const Rect pill{right - pill_width(state_text.c_str()), middle - canvas_.px(12), right, middle + canvas_.px(12)};
  draw_state_pill(canvas_, view_, pill, *thread, font);
  canvas_.items().mark(label("state", stack_.thread.value), pill);
  right = pill.x0 - canvas_.px(6);
  if (signs) {
    const char* word = words(Word::on_cpu);
    const Rect sign{right - pill_width(word), middle - canvas_.px(12), right, middle + canvas_.px(12)};
    canvas_.pill(sign, true, theme.text, theme.panel, word, font);
    right = sign.x0 - canvas_.px(6);
  }
  if (state_.unfolded) {
    const char* word = words(Word::fold);
    const Rect fold{right - pill_width(word), middle - canvas_.px(12), right, middle + canvas_.px(12)};
    const auto pressed = canvas_.hit(label("fold", stack_.thread.value), fold);
    canvas_.pill(fold, false, theme.dim, theme.dim, word);
    if (pressed.hovered) canvas_.tooltip(words(Word::tip_fold));
    if (pressed.clicked) state_ = {};
    right = fold.x0 - canvas_.px(6);
  }
  canvas_.text_in({area_.x0 + canvas_.px(42), line.y0, right, line.y1},
                  {FontRole::title, FontRole::text_bold, FontRole::small, FontRole::tiny, FontRole::micro}, colour_,
                  thread->thread.name);
  if (view_.selection->thread == stack_.thread) {
    canvas_.fill(
        {area_.x0 + canvas_.px(6), line.y1 + canvas_.px(2), area_.x0 + canvas_.px(34), line.y1 + canvas_.px(5)},
        theme.text);
  }
  // Behind the fold button, which takes the mouse first.
  const auto hit = canvas_.hit(label("column", stack_.thread.value), line);
  if (hit.hovered) {
    const Word end = !stack_.chain_complete                       ? Word::chain_unknown
                     : stack_.chain_end == core::ChainEnd::forged ? Word::chain_forged
                                                                  : Word::chain_entry;
    canvas_.tooltip(standing_text(view_, *thread) + "  [" + hex_address(stack_.range.low) + ", " +
                    hex_address(stack_.range.high) + ")\n" + words(end) + "\n" + words(Word::tip_pin));
  }
  if (hit.clicked) commands.push_back(command::PinThread{stack_.thread});
}

void StackColumn::draw_box(const FrameBox& frame) {
  const Theme& theme = canvas_.theme();
  const Rect rect{box_.x0, y_of(frame.top), box_.x1, y_of(frame.bottom)};
  const float lit = light_;
  canvas_.fill(rect, tinted(theme.tint + static_cast<int>(mix(-10, 8, lit))), canvas_.px(6));
  const Rect head{rect.x0, rect.y0, rect.x1, rect.y0 + canvas_.px(23)};
  canvas_.fill_top(head, tinted(theme.head_tint - static_cast<int>(mix(28, 0, lit))), canvas_.px(6));
  canvas_.outline(rect, tinted(static_cast<int>(mix(165, 255, lit))), canvas_.px(6), canvas_.px(mix(1.6f, 3, lit)));
}

void StackColumn::draw_frame_head(const StackRow& row, Commands& commands) {
  const Theme& theme = canvas_.theme();
  const core::Frame& frame = stack_.frames[row.frame];
  const Rect rect = rect_of(row);
  const bool first = row.frame == layout_.boxes.front().frame;
  float right = rect.x1 - canvas_.px(10);
  const std::string whole = frame.function.empty() ? hex_address(frame.rip) : frame.function;
  const std::string name = frame.function.empty() ? whole : emu::short_name(whole) + "()";
  if (first) {
    const char* word = view_.words()(Word::high_addresses);
    const float room = right - rect.x0 - canvas_.px(26) - canvas_.width(FontRole::small, name);
    const FontRole font = canvas_.width(FontRole::small, word) <= room ? FontRole::small : FontRole::micro;
    if (canvas_.width(font, word) <= room) {
      right = canvas_.text_in({rect.x0, rect.y0, right, rect.y1}, {font}, theme.text, word, Align::right).x0 -
              canvas_.px(8);
    }
  }
  canvas_.text_in({rect.x0 + canvas_.px(10), rect.y0, right, rect.y1},
                  {FontRole::small, FontRole::tiny, FontRole::micro}, theme.text, name);
  const auto hit = canvas_.hit(fmt::format("frame {}:{}", stack_.thread.value, row.frame), rect);
  if (hit.hovered)
    canvas_.tooltip(whole + "  rip " + hex_address(frame.rip) + "\n" + view_.words()(Word::tip_go_to_code));
  if (hit.clicked) commands.push_back(command::ShowCode{frame.rip});
}

void StackColumn::draw_folded(const StackRow& row) {
  const Theme& theme = canvas_.theme();
  const Rect rect = rect_of(row);
  const bool frames = row.kind == StackRow::Kind::folded_frames;
  const bool outermost = !layout_.rows.empty() && &row == &layout_.rows.front();
  const auto hit = canvas_.hit(!frames     ? label("folded cells", row.range.low)
                               : outermost ? label("folded", stack_.thread.value)
                                           : label("folded frames", row.range.low),
                               rect);
  canvas_.fill(rect.inset(canvas_.px(frames ? 0 : 3), canvas_.px(1)), tinted(theme.tint), canvas_.px(6));
  if (frames)
    canvas_.outline(rect.inset(0, canvas_.px(1)), tinted(hit.hovered ? 255 : 165), canvas_.px(6), canvas_.px(1.5f));
  for (int dot = 0; dot < 3; ++dot) {
    canvas_.circle({rect.x0 + canvas_.px(14 + 8 * static_cast<float>(dot)), rect.center().y}, canvas_.px(2.5f),
                   theme.text);
  }
  // Between two frames in view nothing is an outer frame.
  const auto inside =
      static_cast<std::size_t>(std::count_if(stack_.cells.begin(), stack_.cells.end(),
                                             [&](const core::Cell& cell) { return row.range.contains(cell.address); }));
  const std::string text = frames && outermost
                               ? view_.words()(Word::folded_frames_n, std::to_string(row.count))
                               : view_.words()(Word::folded_cells_n, std::to_string(frames ? inside : row.count));
  canvas_.text_in({rect.x0 + canvas_.px(42), rect.y0, rect.x1 - canvas_.px(8), rect.y1},
                  {FontRole::small, FontRole::tiny, FontRole::micro}, theme.text, text);
  if (hit.hovered) canvas_.tooltip(text + "\n" + view_.words()(Word::tip_unfold));
  if (hit.clicked) state_ = {true, 0};
}

void StackColumn::draw_redirect(const StackRow& row, Commands& commands) {
  const Theme& theme = canvas_.theme();
  const Words words = view_.words();
  const core::Cell& cell = stack_.cells[row.cell];
  const Rect rect = rect_of(row);
  const Rect inner{rect.x0 + canvas_.px(3), rect.y0, rect.x1 - canvas_.px(3), rect.y1 - canvas_.px(1)};
  const auto hit = canvas_.hit(label("redirect", cell.address), inner);
  const float middle = std::floor(rect.center().y);
  // Out of the cell above, to the place that control goes to.
  const float x = rect.x0 + canvas_.px(20);
  const float y = std::floor((rect.y0 + middle) / 2);
  const Rect target{x + canvas_.px(26), rect.y0 + canvas_.px(2), inner.x1 - canvas_.px(2), middle};
  canvas_.line({x, rect.y0 - canvas_.px(4)}, {x, y}, theme.alert, canvas_.px(3));
  canvas_.line({x, y}, {target.x0 - canvas_.px(6), y}, theme.alert, canvas_.px(3));
  canvas_.triangle({target.x0 - canvas_.px(10), y - canvas_.px(6)}, {target.x0, y},
                   {target.x0 - canvas_.px(10), y + canvas_.px(6)}, theme.alert);
  canvas_.outline(target, hit.hovered ? theme.text : theme.alert, canvas_.px(5), canvas_.px(2));
  canvas_.text_in(target.inset(canvas_.px(6), 0), {FontRole::small, FontRole::tiny, FontRole::micro}, theme.alert,
                  words(Word::goes_to_n, emu::short_name(cell.symbol)));
  const core::RewrittenReturn& rewritten = *cell.rewritten;
  const std::string was = rewritten.was_symbol.empty() ? hex(rewritten.was) : emu::short_name(rewritten.was_symbol);
  const std::string since =
      words(Word::rewritten_n, grouped(rewritten.step.value)) + ": " + words(Word::was) + " " + was;
  canvas_.text_in({inner.x0 + canvas_.px(6), middle, inner.x1 - canvas_.px(4), rect.y1},
                  {FontRole::small, FontRole::tiny, FontRole::micro}, theme.text, since);
  if (hit.hovered)
    canvas_.tooltip(words(Word::goes_to_n, cell.symbol) + "\n" + since + "\n" + words(Word::tip_last_write));
  if (hit.clicked) commands.push_back(command::ToCellOrigin{cell.address, cell.size});
}

void StackColumn::draw_end() {
  if (end_.height() <= 0) return;
  const Theme& theme = canvas_.theme();
  const std::string address = hex(stack_.range.high.value, 6);
  canvas_.dashed({end_.x0, end_.y0}, {end_.x0, end_.y1}, tinted(165));
  const std::string_view shown = std::string_view(address).substr(address_digits_ > 8 ? address.size() - 6 : 0);
  const Rect number = canvas_.text_in({end_.x0 + canvas_.px(7), end_.y0, end_.x1, end_.y1}, {FontRole::mono_small},
                                      theme.dim, (address_digits_ > 8 ? "…" : "") + std::string(shown));
  canvas_.text_in({number.x1 + canvas_.px(8), end_.y0, end_.x1, end_.y1},
                  {FontRole::small, FontRole::tiny, FontRole::micro}, theme.dim, view_.words()(Word::stack_end));
  canvas_.items().mark(label("end of stack", stack_.thread.value), end_);
}

void StackColumn::draw_foot() {
  const Theme& theme = canvas_.theme();
  const Words words = view_.words();
  const float top = std::min(std::max(y_of(layout_.height), body_.y0), body_.y1);
  const Rect line{box_.x0 + canvas_.px(8), top, box_.x1 - canvas_.px(8), top + canvas_.px(kFoot)};
  const Rect low = canvas_.text_in(line, {FontRole::small, FontRole::tiny}, theme.dim, words(Word::low_addresses));
  canvas_.items().mark(label("low addresses", stack_.thread.value), low);
  if (state_.unfolded && y_of(layout_.height) > body_.y1 + 1) {
    // More lies below: the wheel gets there.
    const Point at{line.x1 - canvas_.px(12), line.center().y};
    const float r = canvas_.px(7);
    canvas_.triangle({at.x - r, at.y - r * 0.6f}, {at.x + r, at.y - r * 0.6f}, {at.x, at.y + r * 0.7f}, theme.text);
    return;
  }
  const Rect rest{low.x1 + canvas_.px(14), line.y0, line.x1, line.y1};
  if (!stack_.chain_complete && !stack_.frames.empty()) {
    canvas_.text_in(rest, {FontRole::tiny, FontRole::micro}, theme.alert, words(Word::chain_unknown), Align::right);
  } else if (stack_.omitted > 0) {
    const std::string text = words(Word::untouched_n, grouped(stack_.omitted));
    if (canvas_.width(FontRole::micro, text) > rest.width()) return;
    canvas_.text_in(rest, {FontRole::tiny, FontRole::micro}, theme.dim, text, Align::right);
  }
}

void StackColumn::draw_chain() {
  for (const core::Cell& cell : stack_.cells) {
    if (!cell.live || cell.role != core::CellRole::saved_rbp) continue;
    const StackRow* from = layout_.row_at(cell.address);
    const StackRow* to = layout_.row_at(emu::Address{cell.value});
    if (from == nullptr || to == nullptr || from == to || from->kind != StackRow::Kind::cell) continue;
    const Point start{box_.x1, rect_of(*from).center().y};
    const Point end{box_.x1, rect_of(*to).center().y};
    const float bulge = canvas_.px(24);
    const Colour colour = tinted(static_cast<int>(mix(200, 255, light_)));
    canvas_.circle(start, canvas_.px(4), colour);
    const Point neck{end.x + canvas_.px(7), end.y + (start.y > end.y ? 1.f : -1.f) * canvas_.px(1)};
    canvas_.curve(start, {start.x + bulge, mix(start.y, end.y, 0.2f)}, {end.x + bulge, mix(start.y, end.y, 0.8f)}, neck,
                  colour, canvas_.px(2.5f));
    canvas_.triangle({end.x + 1, end.y}, {end.x + canvas_.px(10), end.y - canvas_.px(6)},
                     {end.x + canvas_.px(10), end.y + canvas_.px(6)}, colour);
    canvas_.items().mark(label("chain", cell.address),
                         {box_.x1, std::min(start.y, end.y), area_.x1, std::max(start.y, end.y)});
  }
}

void StackColumn::draw(Commands& commands) {
  draw_head(commands);
  if (stack_.cells.empty()) {
    canvas_.text_in(body_, {FontRole::text, FontRole::small}, canvas_.theme().dim, view_.words()(Word::no_stack),
                    Align::center);
    return;
  }
  if (state_.unfolded) {
    const ImGuiIO& io = ImGui::GetIO();
    if (area_.contains({io.MousePos.x, io.MousePos.y})) state_.scroll -= io.MouseWheel * 3 * layout_.row_height;
    state_.scroll = std::clamp(state_.scroll, 0.f, std::max(0.f, layout_.height - body_.height() / canvas_.scale()));
  }
  draw_end();
  canvas_.clip({area_.x0, body_.y0 - 2, area_.x1, body_.y1 + 1});
  for (const FrameBox& frame : layout_.boxes) draw_box(frame);
  for (const StackRow& row : layout_.rows) {
    const Rect rect = rect_of(row);
    if (rect.y0 < body_.y0 - 1 || rect.y1 > body_.y1 + 2) continue;
    switch (row.kind) {
      case StackRow::Kind::frame_head:
        draw_frame_head(row, commands);
        break;
      case StackRow::Kind::cell:
        draw_cell(row, commands);
        break;
      case StackRow::Kind::redirect:
        draw_redirect(row, commands);
        break;
      case StackRow::Kind::folded_frames:
      case StackRow::Kind::folded_cells:
        draw_folded(row);
        break;
    }
  }
  draw_chain();
  canvas_.unclip();
  draw_foot();
}

}  // namespace fiberscope::app
