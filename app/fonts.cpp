#include "app/fonts.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

namespace fiberscope::app {
namespace {

struct Face {
  const char* file;
  float size;
  bool mono;
};

// In the order of FontRole.
constexpr Face kFaces[kFontRoles] = {
    {"JetBrainsMono-Medium.ttf", 24, true}, {"JetBrainsMono-Bold.ttf", 24, true},
    {"JetBrainsMono-Medium.ttf", 22, true}, {"JetBrainsMono-Medium.ttf", 18, true},
    {"Inter-Medium.otf", 22, false},        {"Inter-Bold.otf", 22, false},
    {"Inter-Bold.otf", 25, false},          {"Inter-SemiBold.otf", 19, false},
    {"Inter-SemiBold.otf", 17, false},      {"Inter-SemiBold.otf", 15, false},
};
constexpr const char* kChineseFile = "DroidSansFallbackFull.ttf";
constexpr const char* kFolders[] = {"/usr/share/fonts/truetype/jetbrains-mono", "/usr/share/fonts/opentype/inter",
                                    "/usr/share/fonts/truetype/inter", "/usr/share/fonts/truetype/droid"};

constexpr ImWchar kMonoRanges[] = {0x20, 0x7e, 0xa0, 0xff, 0x2013, 0x2013, 0x2026, 0x2026, 0x2190, 0x2193, 0};
constexpr ImWchar kTextRanges[] = {0x20, 0x17f, 0x2010, 0x2044, 0x2190, 0x2193, 0x2212, 0x2212, 0};
constexpr ImWchar kFirstCjk = 0x2e80;

std::uint32_t big_endian(const std::vector<char>& data, std::size_t at, std::size_t bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(data[at + i]);
  return value;
}

/// ImGui's assertions end the program on a file that is no font, so its header and table directory are checked before
/// (OpenType 1.9, "Organization of an OpenType Font").
bool is_font(const std::vector<char>& data) {
  constexpr std::size_t kHeader = 12;
  constexpr std::size_t kEntry = 16;
  if (data.size() < kHeader) return false;
  const std::uint32_t tag = big_endian(data, 0, 4);
  if (tag != 0x00010000u && tag != 0x4f54544fu && tag != 0x74727565u) return false;
  const std::size_t tables = big_endian(data, 4, 2);
  if (tables == 0 || data.size() < kHeader + tables * kEntry) return false;
  for (std::size_t i = 0; i < tables; ++i) {
    const std::size_t entry = kHeader + i * kEntry;
    const std::uint64_t end = std::uint64_t{big_endian(data, entry + 8, 4)} + big_endian(data, entry + 12, 4);
    if (end > data.size()) return false;
  }
  return true;
}

class FontFiles {
 public:
  /// The bytes of a font file; empty where there is none that could be used. They live as long as this object.
  std::vector<char>& bytes(const char* name) {
    const auto found = files_.find(name);
    if (found != files_.end()) return found->second;
    std::vector<std::filesystem::path> folders(std::begin(kFolders), std::end(kFolders));
    if (const char* own = std::getenv("FIBERSCOPE_FONT_DIR"); own != nullptr && *own != '\0') {
      folders.insert(folders.begin(), own);
    }
    std::vector<char> data;
    for (const auto& folder : folders) {
      std::ifstream in(folder / name, std::ios::binary);
      if (!in) continue;
      data.assign(std::istreambuf_iterator<char>(in), {});
      if (is_font(data)) break;
      data.clear();
    }
    return files_[name] = std::move(data);
  }

 private:
  std::map<std::string, std::vector<char>> files_;
};

ImFont* add(ImFontAtlas& atlas, std::vector<char>& data, float size, const ImWchar* ranges, bool merge) {
  ImFontConfig config;
  config.FontDataOwnedByAtlas = false;
  config.MergeMode = merge;
  config.OversampleH = merge ? 1 : 2;
  config.OversampleV = 1;
  config.PixelSnapH = true;
  return atlas.AddFontFromMemoryTTF(data.data(), static_cast<int>(data.size()), size, &config, ranges);
}

}  // namespace

void Fonts::build(ImFontAtlas& atlas, float scale, std::string_view extra_text) {
  FontFiles files;
  ImFontGlyphRangesBuilder text_builder;
  text_builder.AddRanges(kTextRanges);
  ImFontGlyphRangesBuilder chinese_builder;
  ImFontGlyphRangesBuilder extra_builder;
  extra_builder.AddText(extra_text.data(), extra_text.data() + extra_text.size());
  bool any_chinese = false;
  for (unsigned code = kTextRanges[1] + 1u; code <= 0xffffu; ++code) {
    const auto character = static_cast<ImWchar>(code);
    if (!extra_builder.GetBit(code)) continue;
    if (character >= kFirstCjk) {
      chinese_builder.AddChar(character);
      any_chinese = true;
    } else {
      text_builder.AddChar(character);
    }
  }
  ImVector<ImWchar> text_ranges;
  ImVector<ImWchar> chinese_ranges;
  text_builder.BuildRanges(&text_ranges);
  chinese_builder.BuildRanges(&chinese_ranges);

  atlas.Clear();
  complete_ = true;
  for (std::size_t i = 0; i < kFontRoles; ++i) {
    const Face& face = kFaces[i];
    const float size = std::max(6.f, std::round(face.size * scale));
    std::vector<char>& data = files.bytes(face.file);
    if (data.empty()) {
      complete_ = false;
      ImFontConfig config;
      config.SizePixels = size;
      fonts_[i] = atlas.AddFontDefault(&config);
    } else {
      fonts_[i] = add(atlas, data, size, face.mono ? kMonoRanges : text_ranges.Data, false);
    }
    if (any_chinese && !face.mono) {
      std::vector<char>& chinese = files.bytes(kChineseFile);
      if (chinese.empty()) {
        complete_ = false;
      } else {
        add(atlas, chinese, size, chinese_ranges.Data, true);
      }
    }
  }
  atlas.Build();
  scale_ = scale;
  // The pixels are in the atlas; the bytes of the files go with `files`, and ImGui must not look at them again.
  atlas.ClearInputData();
}

}  // namespace fiberscope::app
