#include "app/explore/order_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/format.h"

namespace fiberscope::app {
namespace {

using core::explore::ExecutedStep;
using core::explore::ExecutionPicture;
using core::explore::Touch;

constexpr float kColumnHead = 34;
constexpr float kMostRow = 46;
constexpr float kTwoLines = 37;
constexpr float kLeastRow = 24;
constexpr float kSentence = 24;
constexpr std::size_t kMostSentences = 2;

/// "mov dword ptr [x], eax" -> "mov [x], eax"
std::string short_instruction(const std::string& text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string::npos) return text;
  return text.substr(0, blank + 1) + compact_operands(text.substr(blank + 1), core::Syntax::intel);
}

std::string access_text(const Touch& touch, const Words& words) {
  constexpr Word kWords[] = {Word::order_reads, Word::order_writes, Word::order_buffers, Word::order_forwards};
  return fmt::format("{} {}{}", words(kWords[static_cast<std::size_t>(touch.kind)]), touch.variable,
                     touch.value ? fmt::format("={}", *touch.value) : "");
}

/// For places where a whole access does not fit: "r x=1", "w x=1"; "buf x=1" where only a store buffer has it.
std::string tiny_access(const Touch& touch) {
  constexpr const char* kWords[] = {"r", "w", "buf", "r buf"};
  return fmt::format("{} {}{}", kWords[static_cast<std::size_t>(touch.kind)], touch.variable,
                     touch.value ? fmt::format("={}", *touch.value) : "");
}

class OrderPlot {
 public:
  OrderPlot(Canvas& canvas, const View& view, const ExecutionPicture& picture, const Rect& area)
      : canvas_(canvas), words_(view.words()), picture_(picture), area_(area) {
    const auto threads = static_cast<float>(picture.threads);
    left_ = area.x0 + canvas.px(34);
    gap_ = canvas.px(picture.threads == 2 ? 54 : 26);
    wide_ = (area.x1 - left_ - gap_ * (threads - 1)) / threads;
    top_ = area.y0 + canvas.px(kColumnHead);
  }

  /// How many rows fit, and how high each of so many is.
  [[nodiscard]] std::size_t fits() const {
    return std::max<std::size_t>(1, static_cast<std::size_t>((area_.y1 - top_) / canvas_.px(kLeastRow)));
  }

  void draw(std::size_t first, std::size_t end) {
    first_ = first;
    end_ = end;
    row_ = std::min(canvas_.px(kMostRow), std::floor((area_.y1 - top_) / static_cast<float>(end - first)));
    for (std::size_t thread = 0; thread < picture_.threads; ++thread) {
      const float x = column(thread);
      canvas_.badge({x + canvas_.px(14), area_.y0 + canvas_.px(14)}, canvas_.px(13), explored_thread(thread));
      if (end > first)
        canvas_.line({x + wide_ / 2, top_}, {x + wide_ / 2, top_ + row_ * static_cast<float>(end - first)},
                     canvas_.theme().border, canvas_.px(2));
    }
    for (std::size_t step = first; step < end; ++step) draw_step(step);
    for (const auto& arrow : picture_.arrows) draw_arrow(arrow);
  }

 private:
  [[nodiscard]] float column(std::size_t thread) const { return left_ + (wide_ + gap_) * static_cast<float>(thread); }
  [[nodiscard]] Rect box(std::size_t step) const {
    const float x = column(picture_.steps[step].thread);
    const float y = top_ + row_ * static_cast<float>(step - first_);
    return {x, y + 1, x + wide_, y + row_ - std::max(1.f, canvas_.px(4))};
  }
  [[nodiscard]] bool loses(std::size_t step) const {
    return std::any_of(picture_.lost_updates.begin(), picture_.lost_updates.end(),
                       [step](const auto& lost) { return lost.store == step; });
  }

  void draw_step(std::size_t index) {
    const Theme& theme = canvas_.theme();
    const ExecutedStep& step = picture_.steps[index];
    const Rect rect = box(index);
    const bool lost = loses(index);
    const ThreadStyle style = explored_thread(step.thread);
    canvas_.items().mark(fmt::format("step {}", index + 1), rect);
    canvas_.text_in({area_.x0, rect.y0, left_ - canvas_.px(6), rect.y1}, {FontRole::tiny, FontRole::micro}, theme.dim,
                    std::to_string(index + 1), Align::right);
    canvas_.fill(rect, theme.panel, canvas_.px(5));
    canvas_.fill(rect,
                 lost ? theme.changed_back : with_alpha(theme.thread(style), static_cast<std::uint32_t>(theme.tint)),
                 canvas_.px(5));
    canvas_.outline(rect, lost ? theme.changed : theme.thread(style), canvas_.px(5), canvas_.px(lost ? 3 : 1.5f));
    const Rect inner = rect.inset(canvas_.px(7), 0);
    const std::string code = step.drain ? std::string(words_(Word::order_drain)) : short_instruction(step.text);
    if (row_ >= canvas_.px(kTwoLines)) {
      const float middle = rect.center().y;
      write({inner.x0, rect.y0, inner.x1, middle}, theme.text, code, mnemonic(step), Align::left, step.drain);
      draw_second_line({inner.x0, middle - 1, inner.x1, rect.y1}, step, lost);
    } else {
      draw_one_line({inner.x0, rect.y0, inner.x1, rect.y1}, step, code, lost);
    }
    const auto hit = canvas_.hit(fmt::format("step {}", index + 1), rect);
    if (hit.hovered) canvas_.tooltip(tip(index));
  }

  /// The code, and at the right what it accesses or that it loses an update, as far as there is room.
  void draw_one_line(const Rect& rect, const ExecutedStep& step, const std::string& code, bool lost) {
    const Theme& theme = canvas_.theme();
    std::string right;
    std::string whole;
    for (const Touch& touch : step.touches) {
      right += (right.empty() ? "" : " ") + tiny_access(touch);
      whole += (whole.empty() ? "" : " · ") + access_text(touch, words_);
    }
    const std::string beside = step.drain ? code : mnemonic(step);
    if (canvas_.width(FontRole::micro, whole) + canvas_.width(FontRole::micro, beside) + canvas_.px(10) < rect.width())
      right = whole;
    if (lost) right = words_(Word::lost_update_here);
    const float room = right.empty() ? 0 : canvas_.width(FontRole::micro, right) + canvas_.px(8);
    const auto fits = [&](const std::string& text) {
      return room + canvas_.width(FontRole::micro, text) < rect.width();
    };
    const std::string left = fits(code) ? code : fits(mnemonic(step)) ? mnemonic(step) : "";
    if (right.empty()) return write(rect, theme.text, code, mnemonic(step), Align::left, step.drain);
    write({left.empty() ? rect.x0 : rect.x1 - room, rect.y0, rect.x1, rect.y1}, lost ? theme.changed : theme.text,
          right, "", left.empty() ? Align::left : Align::right, true);
    write({rect.x0, rect.y0, rect.x1 - room, rect.y1}, theme.text, left, "", Align::left, step.drain);
  }

  /// What it accesses, and at the right that it loses an update, or its source, as far as there is room.
  void draw_second_line(const Rect& rect, const ExecutedStep& step, bool lost) {
    const Theme& theme = canvas_.theme();
    std::string text;
    std::string small;
    for (const Touch& touch : step.touches) {
      text += (text.empty() ? "" : " · ") + access_text(touch, words_);
      small += (small.empty() ? "" : " ") + tiny_access(touch);
    }
    const std::string note = lost ? std::string(words_(Word::lost_update_here)) : step.source;
    const float room = note.empty() ? 0 : canvas_.width(FontRole::micro, note) + canvas_.px(6);
    const auto fits = [&](const std::string& one) {
      return canvas_.width(FontRole::micro, one) + room <= rect.width();
    };
    // A lost update is said in any case; else the access goes before the source.
    const bool beside = !note.empty() && (fits(text) || fits(small));
    const bool note_alone = !beside && (lost || text.empty());
    const float edge = beside ? rect.x1 - room : rect.x1;
    if (!note_alone) write({rect.x0, rect.y0, edge, rect.y1}, theme.text, text, small, Align::left, true);
    if (beside || note_alone)
      write({beside ? edge + canvas_.px(6) : rect.x0, rect.y0, rect.x1, rect.y1}, lost ? theme.changed : theme.dim,
            note, "", Align::right, true);
  }

  /// The text, or where that does not fit the shorter one; nothing where that does not either.
  void write(const Rect& rect, Colour colour, const std::string& text, const std::string& shorter, Align align,
             bool words = false) {
    const FontRole large = words ? FontRole::tiny : FontRole::mono_tiny;
    for (const std::string& one : {text, shorter}) {
      if (one.empty() || canvas_.width(FontRole::micro, one) > rect.width()) continue;
      canvas_.text_in(rect, {large, FontRole::micro}, colour, one, align);
      return;
    }
  }

  /// Of a drain as in a schedule: "D1".
  static std::string mnemonic(const ExecutedStep& step) {
    return step.drain ? fmt::format("D{}", step.thread + 1) : step.text.substr(0, step.text.find(' '));
  }

  [[nodiscard]] std::string tip(std::size_t index) const {
    const ExecutedStep& step = picture_.steps[index];
    std::string text = fmt::format("{}. T{}  {}", index + 1, step.thread + 1,
                                   step.drain ? std::string(words_(Word::order_drain)) : step.text);
    if (!step.source.empty()) text += "  (" + step.source + ")";
    for (const Touch& touch : step.touches) text += "\n" + access_text(touch, words_);
    for (const auto& read : picture_.reads_from)
      if (read.read == index)
        text += read.write ? fmt::format("\n{} ← {}", read.variable, *read.write + 1)
                           : fmt::format("\n{} ← {}", read.variable, words_(Word::explore_start_values));
    return text;
  }

  void draw_arrow(const ExecutionPicture::Arrow& arrow) {
    if (arrow.from < first_ || arrow.to >= end_) return;
    const Rect from = box(arrow.from);
    const Rect to = box(arrow.to);
    const bool right = from.x0 < to.x0;
    const Point a{right ? from.x1 : from.x0, from.center().y};
    const Point b{right ? to.x0 : to.x1, to.center().y};
    const Theme& theme = canvas_.theme();
    const bool lost = std::any_of(picture_.lost_updates.begin(), picture_.lost_updates.end(),
                                  [&](const auto& one) { return one.store == arrow.to && one.lost == arrow.from; });
    const Colour colour = lost ? theme.changed : theme.text;
    const float thick = canvas_.px(lost ? 3.5f : 2);
    canvas_.line(a, b, colour, thick);
    const float length = std::max(1.f, std::hypot(b.x - a.x, b.y - a.y));
    const Point along{(b.x - a.x) / length, (b.y - a.y) / length};
    const float size = canvas_.px(11);
    const Point base{b.x - along.x * size, b.y - along.y * size};
    canvas_.triangle(b, {base.x - along.y * size * 0.5f, base.y + along.x * size * 0.5f},
                     {base.x + along.y * size * 0.5f, base.y - along.x * size * 0.5f}, colour);
    canvas_.items().mark(fmt::format("arrow {} {}", arrow.from + 1, arrow.to + 1),
                         {std::min(a.x, b.x), std::min(a.y, b.y), std::max(a.x, b.x) + 1, std::max(a.y, b.y) + 1});
  }

  Canvas& canvas_;
  Words words_;
  const ExecutionPicture& picture_;
  Rect area_;
  float left_ = 0;
  float gap_ = 0;
  float wide_ = 0;
  float top_ = 0;
  float row_ = 0;
  std::size_t first_ = 0;
  std::size_t end_ = 0;
};

/// What each store that lost an update overwrote.
std::vector<std::string> sentences(const ExecutionPicture& picture, const Words& words) {
  std::vector<std::string> all;
  for (const auto& lost : picture.lost_updates) {
    std::string what = lost.variable;
    for (const Touch& touch : picture.steps[lost.lost].touches)
      if (touch.kind == Touch::Kind::write && touch.variable == lost.variable && touch.value)
        what += fmt::format("={}", *touch.value);
    all.push_back(words(Word::lost_update_n, {std::to_string(picture.steps[lost.store].thread + 1), what,
                                              std::to_string(picture.steps[lost.lost].thread + 1),
                                              std::to_string(lost.lost + 1), std::to_string(lost.load + 1)}));
  }
  if (all.empty()) return {words(Word::lost_none)};
  if (all.size() > kMostSentences) {
    const std::size_t more = all.size() - kMostSentences;
    all.resize(kMostSentences);
    all.push_back(words(Word::lost_more_n, std::to_string(more)));
  }
  return all;
}

}  // namespace

void OrderFigure::draw(Canvas& canvas, const View& view, const Rect& area) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const auto px = [&](float units) { return canvas.px(units); };
  const auto& picture = view.explore->shown.execution;
  std::vector<std::string> lines;
  const auto& path = view.explore->shown.path;
  if (path && !path->why.empty())
    lines = canvas.wrap(FontRole::tiny, path_state(*path, words) + ": " + path->why, area.width(), 3);
  if (!picture || picture->steps.empty()) {
    const ExploreState& state = *view.explore;
    const Word why = state.shown.text.empty()                  ? Word::order_none
                     : state.answer && !state.answer->pictures ? Word::order_incomplete
                                                               : Word::order_too_long;
    if (lines.empty()) lines = canvas.wrap(FontRole::small, words(why), area.width(), 4);
    float y = area.y0;
    for (const std::string& line : lines) {
      canvas.text_in({area.x0, y, area.x1, y + px(28)}, {FontRole::small, FontRole::tiny, FontRole::micro}, theme.dim,
                     line);
      y += px(28);
    }
    return;
  }
  for (const std::string& sentence : sentences(*picture, words))
    for (std::string& line : canvas.wrap(FontRole::tiny, sentence, area.width(), 3)) lines.push_back(std::move(line));
  const float foot = area.y1 - px(kSentence) * static_cast<float>(lines.size());
  OrderPlot plot(canvas, view, *picture, {area.x0, area.y0, area.x1, foot - px(6)});
  const std::size_t fits = std::min(plot.fits(), picture->steps.size());
  const std::size_t first = scroll_.first(area, picture->steps.size(), fits);
  plot.draw(first, first + fits);
  float y = foot;
  for (const std::string& line : lines) {
    canvas.text_in({area.x0, y, area.x1, y + px(kSentence)}, {FontRole::tiny, FontRole::micro},
                   picture->lost_updates.empty() ? theme.dim : theme.changed, line);
    y += px(kSentence);
  }
  if (fits < picture->steps.size())
    canvas.text_in({area.x0, area.y0, area.x1, area.y0 + px(28)}, {FontRole::small, FontRole::tiny}, theme.dim,
                   words(Word::shown_of_n, {std::to_string(first + 1), std::to_string(first + fits),
                                            std::to_string(picture->steps.size())}),
                   Align::right);
}

}  // namespace fiberscope::app
