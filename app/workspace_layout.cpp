#include "app/workspace_layout.h"

#include <cmath>

namespace fiberscope::app {
namespace {

constexpr float kToolbar = 60;
constexpr float kCaption = 40;
constexpr float kTimeline = 136;
constexpr float kLane = 26;  // what each lane beyond the third adds to the timeline, up to the sixth
constexpr float kGutter = 8;
constexpr float kCode = 416;
constexpr float kNarrowCode = 336;
constexpr float kFocusCode = 306;
constexpr float kRight = 396;
constexpr float kRegisters = 446;
constexpr float kLeastStacks = 620;
constexpr float kThreadHead = 42;
constexpr float kThreadRow = 36;

}  // namespace

WorkspaceLayout lay_out_workspace(float width, float height, float scale, bool focus, std::size_t threads) {
  const auto px = [scale](float units) { return std::floor(units * scale); };
  const float gutter = px(kGutter);
  const float units = width / scale;
  const auto lanes = static_cast<float>(std::clamp<std::size_t>(threads, 3, 6));

  WorkspaceLayout layout;
  const float bottom = focus ? 0 : px(kTimeline + (lanes - 3) * kLane);
  const float top = px(kToolbar) + gutter;
  const float caption_bottom = height - gutter - (bottom > 0 ? bottom + gutter : 0);
  const float caption_top = caption_bottom - px(kCaption);
  const float body_bottom = caption_top - gutter;

  float code = focus ? kFocusCode : kCode;
  bool right = !focus;
  const auto room = [&] { return units - 4 * kGutter - code - (right ? kRight : 0); };
  if (room() < kLeastStacks) code = std::min(code, kNarrowCode);
  if (room() < kLeastStacks) right = false;
  if (room() < kLeastStacks) code = 0;

  layout.toolbar = {0, 0, width, px(kToolbar)};
  layout.caption = {gutter, caption_top, width - gutter, caption_bottom};
  if (bottom > 0) layout.timeline = {gutter, height - gutter - bottom, width - gutter, height - gutter};
  float left_edge = gutter;
  if (code > 0) {
    layout.code = {gutter, top, gutter + px(code), body_bottom};
    left_edge = layout.code.x1 + gutter;
  }
  float right_edge = width - gutter;
  if (right) {
    const float x0 = right_edge - px(kRight);
    // Many threads take room from the registers' air, never below what their rows need.
    const float wanted = px(kThreadHead + kThreadRow * static_cast<float>(std::min<std::size_t>(threads, 4)));
    const float registers =
        std::min(px(kRegisters), std::max(px(kRegisters - 30), body_bottom - top - gutter - wanted));
    layout.registers = {x0, top, right_edge, top + registers};
    layout.threads = {x0, top + registers + gutter, right_edge, body_bottom};
    right_edge = x0 - gutter;
  }
  layout.stacks = {left_edge, top, right_edge, body_bottom};

  auto& gutters = layout.gutters;
  gutters.push_back({0, px(kToolbar), width, top});
  gutters.push_back({0, body_bottom, width, caption_top});
  gutters.push_back({0, caption_bottom, width, bottom > 0 ? layout.timeline.y0 : height});
  if (bottom > 0) gutters.push_back({0, layout.timeline.y1, width, height});
  const auto sides = [&](float y0, float y1) {
    gutters.push_back({0, y0, gutter, y1});
    gutters.push_back({width - gutter, y0, width, y1});
  };
  sides(top, body_bottom);
  sides(caption_top, caption_bottom);
  if (bottom > 0) sides(layout.timeline.y0, layout.timeline.y1);
  if (code > 0) gutters.push_back({layout.code.x1, top, layout.stacks.x0, body_bottom});
  if (right) {
    gutters.push_back({layout.stacks.x1, top, layout.registers.x0, body_bottom});
    gutters.push_back({layout.registers.x0, layout.registers.y1, layout.registers.x1, layout.threads.y0});
  }
  return layout;
}

}  // namespace fiberscope::app
