#include "app/theme.h"

#include <algorithm>
#include <cmath>

namespace fiberscope::app {
namespace {

const Theme kDark{
    .kind = ThemeKind::dark,
    .background = rgb(0x0A0E13),
    .panel = rgb(0x121922),
    .head = rgb(0x1B2531),
    .border = rgb(0x33424F),
    .grid = rgb(0x1F2A35),
    .text = rgb(0xF4F7FA),
    .dim = rgb(0xA9B8C6),
    .faint = rgb(0x6F8090),
    .accent = rgb(0x56B4E9),
    .on_accent = rgb(0x06131C),
    .changed = rgb(0xF0E442),
    .changed_back = rgb(0xF0E442, 46),
    .source_back = rgb(0x1A2A38),
    .source_text = rgb(0xB9DDF5),
    .mnemonic = rgb(0x9AD1F2),
    .caption_back = rgb(0x2A2408),
    .alert = rgb(0xFF8A70),
    .on_alert = rgb(0x240A04),
    .hatch = rgb(0x6F8090, 110),
    .overlay = rgb(0x18222D),
    .threads = {rgb(0x56B4E9), rgb(0xF5A623), rgb(0xDB8FBA), rgb(0x2CC295), rgb(0xB9A1FF), rgb(0xD9B48A), rgb(0x63D2D6),
                rgb(0xB4C0CC)},
    .on_threads = {rgb(0x06131C), rgb(0x1C1100), rgb(0x22061A), rgb(0x031A12), rgb(0x120A2C), rgb(0x1E1204),
                   rgb(0x041A1B), rgb(0x10161C)},
    .tint = 34,
    .head_tint = 92,
};

const Theme kLight{
    .kind = ThemeKind::light,
    .background = rgb(0xE8ECF0),
    .panel = rgb(0xFFFFFF),
    .head = rgb(0xDDE4EB),
    .border = rgb(0x9AA8B5),
    .grid = rgb(0xE6EBF0),
    .text = rgb(0x0B1118),
    .dim = rgb(0x44525F),
    .faint = rgb(0x75838F),
    .accent = rgb(0x0072B2),
    .on_accent = rgb(0xFFFFFF),
    .changed = rgb(0x9C3B00),
    .changed_back = rgb(0xFFE66B, 200),
    .source_back = rgb(0xE3EEF7),
    .source_text = rgb(0x004B78),
    .mnemonic = rgb(0x00558A),
    .caption_back = rgb(0xFFF3B8),
    .alert = rgb(0xB3261E),
    .on_alert = rgb(0xFFFFFF),
    .hatch = rgb(0x75838F, 120),
    .overlay = rgb(0xF6F9FB),
    .threads = {rgb(0x0072B2), rgb(0xC25400), rgb(0x9A3F78), rgb(0x00795A), rgb(0x5B45C4), rgb(0x7A5320), rgb(0x00737A),
                rgb(0x4F5B66)},
    .on_threads = {rgb(0xFFFFFF), rgb(0xFFFFFF), rgb(0xFFFFFF), rgb(0xFFFFFF), rgb(0xFFFFFF), rgb(0xFFFFFF),
                   rgb(0xFFFFFF), rgb(0xFFFFFF)},
    .tint = 26,
    .head_tint = 70,
};

double linear(std::uint32_t channel) {
  const double c = channel / 255.0;
  return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

double luminance(Colour colour) {
  return 0.2126 * linear(colour & 0xffu) + 0.7152 * linear(colour >> 8 & 0xffu) + 0.0722 * linear(colour >> 16 & 0xffu);
}

}  // namespace

const Theme& theme_of(ThemeKind kind) {
  return kind == ThemeKind::dark ? kDark : kLight;
}

Colour fade(Colour colour, float opacity) {
  const auto alpha = static_cast<float>(colour >> 24) * std::clamp(opacity, 0.f, 1.f);
  return with_alpha(colour, static_cast<std::uint32_t>(alpha + 0.5f));
}

Colour blend(Colour under, Colour over) {
  const std::uint32_t alpha = over >> 24;
  Colour out = 0xff000000u;
  for (int shift = 0; shift < 24; shift += 8) {
    const std::uint32_t a = under >> shift & 0xffu;
    const std::uint32_t b = over >> shift & 0xffu;
    out |= ((a * (255 - alpha) + b * alpha + 127) / 255) << shift;
  }
  return out;
}

double contrast(Colour a, Colour b) {
  const double la = luminance(a);
  const double lb = luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

}  // namespace fiberscope::app
