#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

struct ImFont;
struct ImFontAtlas;

namespace fiberscope::app {

/// The sizes behind the names are line heights in units (pixels at 1600x900).
enum class FontRole : std::uint8_t {
  mono,
  mono_bold,
  mono_small,
  mono_tiny,
  text,
  text_bold,
  title,
  small,
  tiny,
  micro
};
inline constexpr std::size_t kFontRoles = 10;

/// The fonts of the window, rasterised into one atlas for one scale. Files are looked for at run time: first in the
/// folder named by the environment variable FIBERSCOPE_FONT_DIR, then where Debian's packages put JetBrains Mono, Inter
/// and Droid Sans Fallback, last ImGui's own font, which is built in. A file that is missing or damaged is passed over.
class Fonts {
 public:
  /// Clears the atlas and fills it again. `extra_text` is what will be shown beyond Latin letters (the words of the
  /// language, the title): glyphs are made for it and for nothing else, as a full Chinese range costs seconds.
  void build(ImFontAtlas& atlas, float scale, std::string_view extra_text);

  [[nodiscard]] ImFont* get(FontRole role) const { return fonts_[static_cast<std::size_t>(role)]; }
  [[nodiscard]] float scale() const { return scale_; }
  /// True if every role has its own typeface; false where ImGui's own stands in.
  [[nodiscard]] bool complete() const { return complete_; }

 private:
  std::array<ImFont*, kFontRoles> fonts_{};
  float scale_ = 0;
  bool complete_ = false;
};

}  // namespace fiberscope::app
