#include "app/stacks_panel.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "app/format.h"
#include "app/place_column.h"
#include "app/store_buffer.h"
#include "app/threads_panel.h"

namespace fiberscope::app {
namespace {

constexpr float kTagWidth = 43;
constexpr float kTagHeight = 22;
constexpr float kStripPitch = 30;
constexpr float kStripsAtMost = 150;

using Columns = std::vector<StackColumn>;

/// Its thread is on a processor, but not on that of the step.
bool runs_elsewhere(const core::Snapshot& now, const core::StackView* stack) {
  return stack != nullptr && stack->holds_rsp && now.cpus.size() > 1 && stack->cpu != now.cpu;
}

/// Where a parked thread's tag points. One that goes on upon another stack will come back to where it left its own.
std::optional<emu::Address> own_saved_rsp(const core::ThreadView& thread, const core::StackView& stack) {
  if (thread.parked_rsp && thread.thread.stack.contains(*thread.parked_rsp)) return thread.parked_rsp;
  const bool ran = thread.switches_in > 0 || thread.with || thread.parked_rsp;
  return ran && thread.thread.stack.contains(stack.rsp) ? std::optional(stack.rsp) : std::nullopt;
}

/// "rsp", with the number of the processor where there are several.
std::string tag_word(const char* word, const core::Snapshot& now, core::CpuId cpu) {
  return now.cpus.size() > 1 ? fmt::format("{} {}", word, cpu.value) : word;
}

/// A tag's box and tip in pixels.
struct PlacedTag {
  StackTag::Kind kind = StackTag::Kind::rsp;
  core::ThreadId thread;
  Rect box;
  Point tip;
  core::CpuId cpu;
};

/// Whether a processor that did not run the step has its rbp in the stack.
bool has_other_rbp(const core::Snapshot& now, const core::ProcessorView& cpu, const core::StackView& stack) {
  const emu::Address rbp{cpu.registers[emu::Register::rbp]};
  return now.cpus.size() > 1 && cpu.cpu != now.cpu && (stack.range.contains(rbp) || rbp == stack.range.high);
}

std::vector<PlacedTag> place_tags(const Canvas& canvas, const View& view, const Columns& columns,
                                  const std::optional<CellPlace>& rsp, const std::optional<CellPlace>& rbp) {
  std::vector<PlacedTag> placed;
  for (const StackColumn& column : columns) {
    std::vector<StackTag> tags;
    const auto add = [&](StackTag::Kind kind, emu::Address address) {
      if (const auto edge = column.edge_of(address)) tags.push_back({kind, *edge, edge->y});
    };
    if (rsp && rsp->thread == column.thread()) add(StackTag::Kind::rsp, rsp->address);
    if (rbp && rbp->thread == column.thread()) add(StackTag::Kind::rbp, rbp->address);
    const core::ThreadView* thread = view.thread(column.thread());
    const core::StackView* stack = view.stack(column.thread());
    const bool elsewhere = runs_elsewhere(*view.now, stack);
    if (elsewhere) add(StackTag::Kind::saved_rsp, stack->rsp);
    for (const core::ProcessorView& cpu : view.now->cpus) {
      if (stack == nullptr || !has_other_rbp(*view.now, cpu, *stack)) continue;
      const std::size_t before = tags.size();
      add(StackTag::Kind::other_rbp, emu::Address{cpu.registers[emu::Register::rbp]});
      if (tags.size() > before) tags.back().cpu = cpu.cpu;
    }
    const bool here = rsp && rsp->thread == column.thread();
    if (!elsewhere && !here && thread != nullptr && stack != nullptr && thread->state != core::ThreadState::finished) {
      if (const auto parked = own_saved_rsp(*thread, *stack)) add(StackTag::Kind::saved_rsp, *parked);
    }
    const float height = canvas.px(kTagHeight);
    spread_tags(tags, height + canvas.px(2), column.top(), column.box().y1);
    for (const StackTag& tag : tags) {
      const float right = tag.tip.x - canvas.px(8);
      const float top = std::floor(tag.y - height / 2);
      placed.push_back(
          {tag.kind, column.thread(), {right - canvas.px(kTagWidth), top, right, top + height}, tag.tip, tag.cpu});
    }
  }
  return placed;
}

const PlacedTag* find_tag(const std::vector<PlacedTag>& tags, StackTag::Kind kind) {
  const auto it = std::find_if(tags.begin(), tags.end(), [&](const PlacedTag& tag) { return tag.kind == kind; });
  return it == tags.end() ? nullptr : &*it;
}

void draw_tags(Canvas& canvas, const View& view, const Columns& columns) {
  const Theme& theme = canvas.theme();
  const auto after = place_tags(canvas, view, columns, view.film.rsp.to, view.film.rbp.to);
  const auto before = place_tags(canvas, view, columns, view.film.rsp.from, view.film.rbp.from);
  const auto t = static_cast<float>(view.film.progress);
  for (const PlacedTag& tag : after) {
    if (tag.kind == StackTag::Kind::other_rbp) {
      canvas.tag(tag.box, tag.tip, true, theme.text, theme.panel, tag_word("rbp", *view.now, tag.cpu));
      canvas.items().mark(label("tag rbp", tag.cpu.value), tag.box);
    }
    if (tag.kind != StackTag::Kind::saved_rsp) continue;
    const float opacity = view.film.running() && view.film.light_from == tag.thread ? t : 1;
    const core::StackView* stack = view.stack(tag.thread);
    if (runs_elsewhere(*view.now, stack)) {
      const std::string word = tag_word("rsp", *view.now, stack->cpu);
      canvas.tag(tag.box, tag.tip, true, theme.text, theme.panel, word);
      canvas.items().mark(label("tag rsp", tag.thread.value), tag.box);
      continue;
    }
    const core::ThreadView* thread = view.thread(tag.thread);
    const bool by_block = thread != nullptr && thread->parked_rsp == thread->thread.saved_rsp &&
                          thread->thread.stack.contains(thread->thread.saved_rsp);
    canvas.tag(tag.box, tag.tip, false, fade(theme.dim, opacity), theme.panel,
               by_block ? "TCB" : view.words()(Word::tag_saved));
    canvas.items().mark(label(by_block ? "tag tcb" : "tag saved", tag.thread.value), tag.box);
  }
  for (const StackTag::Kind kind : {StackTag::Kind::rbp, StackTag::Kind::rsp}) {
    const PlacedTag* to = find_tag(after, kind);
    const PlacedTag* from = find_tag(before, kind);
    if (to == nullptr && (from == nullptr || !view.film.running())) continue;
    PlacedTag tag = to != nullptr ? *to : *from;
    float opacity = 1;
    if (view.film.running() && to != nullptr && from != nullptr) {
      tag.box = {mix(from->box.x0, to->box.x0, t), mix(from->box.y0, to->box.y0, t), mix(from->box.x1, to->box.x1, t),
                 mix(from->box.y1, to->box.y1, t)};
      tag.tip = mix(from->tip, to->tip, t);
    } else if (view.film.running()) {
      opacity = to != nullptr ? t : 1 - t;
    }
    const char* word = kind == StackTag::Kind::rsp ? "rsp" : "rbp";
    canvas.tag(tag.box, tag.tip, true, fade(theme.text, opacity), fade(theme.panel, opacity),
               tag_word(word, *view.now, view.now->cpu));
    canvas.items().mark(std::string("tag ") + word, tag.box);
  }
}

}  // namespace

void StacksPanel::draw_strip(Canvas& canvas, const View& view, core::ThreadId thread, const Rect& area,
                             Commands& commands) {
  const Theme& theme = canvas.theme();
  const core::StackView* stack = view.stack(thread);
  const core::ThreadView* data = view.thread(thread);
  if (stack == nullptr || data == nullptr) return;
  const ThreadStyle style = view.styles->of(thread);
  const Colour colour = theme.thread(style);
  const auto hit = canvas.hit(label("strip", thread.value), area);
  const float radius = std::min(canvas.px(13), area.width() * 0.42f);
  canvas.badge({area.center().x, area.y0 + canvas.px(15)}, radius, style);

  // A small picture of the stack: a block a frame, as many notches as it has cells.
  constexpr float kNotch = 7;
  float y = area.y0 + canvas.px(38);
  const float x0 = area.x0 + area.width() * 0.18f;
  const float x1 = area.x1 - area.width() * 0.18f;
  for (std::size_t i = 0; i < stack->frames.size(); ++i) {
    const auto cells = std::count_if(stack->cells.begin(), stack->cells.end(), [&](const core::Cell& cell) {
      return cell.live && cell.frame == static_cast<std::uint32_t>(i);
    });
    const float height =
        canvas.px(kNotch) * static_cast<float>(std::clamp<std::ptrdiff_t>(cells, 1, 14)) + canvas.px(4);
    if (y + height > area.y1 - canvas.px(30)) break;
    const Rect block{x0, y, x1, y + height};
    canvas.fill(block, with_alpha(colour, static_cast<std::uint32_t>(theme.tint + 10)), canvas.px(3));
    canvas.outline(block, hit.hovered ? theme.text : with_alpha(colour, 170), canvas.px(3), canvas.px(1.5f));
    y += height + canvas.px(3);
  }
  std::vector<std::string_view> tags;
  if (view.now->rsp_thread == thread) tags.emplace_back("rsp");
  const auto has_rbp = [&](const core::ProcessorView& cpu) { return has_other_rbp(*view.now, cpu, *stack); };
  if (view.now->rbp_thread == thread || std::any_of(view.now->cpus.begin(), view.now->cpus.end(), has_rbp))
    tags.emplace_back("rbp");
  for (const std::string_view text : tags) {
    if (y + canvas.px(24) >= area.y1) break;
    const Rect tag{area.x0 - canvas.px(2), y + canvas.px(3), area.x1 + canvas.px(2), y + canvas.px(22)};
    canvas.fill(tag, theme.text, canvas.px(4));
    canvas.text_in(tag, {FontRole::tiny, FontRole::micro}, theme.panel, text, Align::center);
    y = tag.y1;
  }
  if (hit.hovered) {
    canvas.tooltip(standing_text(view, *data) + "\nrsp " + hex_address(stack->rsp) + "\n" +
                   view.words()(Word::tip_pin));
  }
  if (hit.clicked) commands.push_back(command::PinThread{thread});
}

void StacksPanel::draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  canvas.panel("stacks", area);
  const ColumnChoice choice = choose_columns(*view.now, *view.timeline, view.styles->order(), view.selection->thread);
  const Rect inner{area.x0 + canvas.px(6), area.y0 + canvas.px(7), area.x1 - canvas.px(6), area.y1 - canvas.px(2)};
  const auto strips = static_cast<float>(choice.strips.size());
  const float pitch = strips > 0 ? std::min(canvas.px(kStripPitch), canvas.px(kStripsAtMost) / strips) : 0;
  const float strips_left = inner.x1 - pitch * strips;
  for (std::size_t i = 0; i < choice.strips.size(); ++i) {
    const float x = strips_left + pitch * static_cast<float>(i);
    draw_strip(canvas, view, choice.strips[i], {x + pitch * 0.1f, inner.y0, x + pitch, inner.y1}, commands);
  }
  if (strips > 0) {
    canvas.line({strips_left, inner.y0 + canvas.px(4)}, {strips_left, inner.y1 - canvas.px(4)}, canvas.theme().border);
  }

  const core::StackView* left = choice.left ? view.stack(*choice.left) : nullptr;
  const core::StackView* right = choice.right ? view.stack(*choice.right) : nullptr;
  if (left == nullptr && right == nullptr) {
    canvas.text_in({inner.x0, inner.y0, strips_left, inner.y1}, {FontRole::text}, canvas.theme().dim,
                   view.words()(Word::no_stack), Align::center);
    return;
  }
  const float middle = std::floor((inner.x0 + strips_left) / 2);
  Columns columns;
  columns.reserve(2);
  const float buffer = view.now->store_buffers ? store_buffer_height(canvas) : 0;
  const auto add_column = [&](const core::StackView& stack, const Rect& place) {
    columns.emplace_back(canvas, view, stack, Rect{place.x0, place.y0, place.x1, place.y1 - buffer},
                         columns_[stack.thread]);
    if (view.now->store_buffers)
      draw_store_buffer(canvas, view, stack.thread, {place.x0, place.y1 - buffer, place.x1, place.y1});
  };
  if (left != nullptr) add_column(*left, {inner.x0, inner.y0, middle, inner.y1});
  if (right != nullptr) add_column(*right, {middle, inner.y0, strips_left - canvas.px(2), inner.y1});
  if (const auto& place = view.now->rsp_place; place && (left == nullptr || right == nullptr)) {
    const Rect free = left == nullptr ? Rect{inner.x0, inner.y0, middle, inner.y1}
                                      : Rect{middle, inner.y0, strips_left - canvas.px(2), inner.y1};
    draw_place_column(canvas, view, *place, free, commands);
  }
  for (StackColumn& column : columns) column.draw(commands);
  draw_tags(canvas, view, columns);
}

}  // namespace fiberscope::app
