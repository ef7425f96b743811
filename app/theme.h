#pragma once
#include <array>
#include <cstdint>

#include "app/thread_style.h"

namespace fiberscope::app {

/// A colour as the draw list takes it: 0xAABBGGRR.
using Colour = std::uint32_t;

/// From 0xRRGGBB as designers write it.
constexpr Colour rgb(std::uint32_t hex, std::uint32_t alpha = 255) {
  return (hex >> 16 & 0xffu) | (hex & 0xff00u) | (hex & 0xffu) << 16 | alpha << 24;
}
constexpr Colour with_alpha(Colour colour, std::uint32_t alpha) {
  return (colour & 0x00ffffffu) | alpha << 24;
}
/// The colour with its own alpha scaled by 0 … 1.
Colour fade(Colour colour, float opacity);
/// `over` painted on the opaque `under`.
Colour blend(Colour under, Colour over);
/// The contrast ratio of two opaque colours, 1 … 21 (WCAG 2.1, "contrast ratio").
double contrast(Colour a, Colour b);

enum class ThemeKind : std::uint8_t { dark, light };

struct Theme {
  ThemeKind kind = ThemeKind::dark;
  Colour background;  ///< gutters between the panels
  Colour panel;       ///< the window is cleared to it
  Colour head;
  Colour border;
  Colour grid;  ///< empty lanes, inactive pills
  Colour text;
  Colour dim;
  Colour faint;  ///< leading zeros only
  Colour accent;
  Colour on_accent;
  Colour changed;
  Colour changed_back;
  Colour source_back;  ///< source lines among the instructions
  Colour source_text;
  Colour mnemonic;
  Colour caption_back;
  Colour alert;  ///< the cursor is in the past, recording goes on
  Colour on_alert;
  Colour hatch;
  Colour overlay;  ///< panel of dialogs
  std::array<Colour, kThreadColours> threads;
  std::array<Colour, kThreadColours> on_threads;  ///< text on a surface of that colour
  int tint = 0;                                   ///< alpha of a frame's body in its thread's colour
  int head_tint = 0;                              ///< alpha of a frame's head

  [[nodiscard]] bool dark() const { return kind == ThemeKind::dark; }
  [[nodiscard]] Colour thread(const ThreadStyle& style) const { return threads[style.colour]; }
  [[nodiscard]] Colour on_thread(const ThreadStyle& style) const { return on_threads[style.colour]; }
};

const Theme& theme_of(ThemeKind kind);

}  // namespace fiberscope::app
