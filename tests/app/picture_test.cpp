// Pictures without a display. Where EGL is missing the tests say so and are skipped; the message itself is checked.
#include "app/picture.h"

#include <gtest/gtest.h>
#include <imgui.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "app/fonts.h"
#include "tests/app/fake_document.h"

namespace fiberscope::app {
namespace {

PictureOptions small(std::uint64_t cursor) {
  PictureOptions options;
  options.cursor = {cursor};
  options.width = 800;
  options.height = 450;
  return options;
}

TEST(Picture, TheSameMomentGivesTheSamePixels) {
  FakeDocument document;
  auto options = small(118);
  options.phase = 0.4;
  const auto a = render_picture(document, options);
  if (!a) GTEST_SKIP() << a.error().message;
  const auto b = render_picture(document, options);
  ASSERT_TRUE(b.ok());
  EXPECT_EQ(a->rgba, b->rgba);
  options.phase = 0.8;
  const auto c = render_picture(document, options);
  ASSERT_TRUE(c.ok());
  EXPECT_NE(a->rgba, c->rgba);
}

TEST(Picture, ShowsManyColoursAndTheThemesGround) {
  FakeDocument document;
  for (const ThemeKind theme : {ThemeKind::dark, ThemeKind::light}) {
    auto options = small(118);
    options.theme = theme;
    const auto picture = render_picture(document, options);
    if (!picture) GTEST_SKIP() << picture.error().message;
    std::map<std::uint32_t, int> colours;
    for (std::size_t i = 0; i < picture->rgba.size(); i += 4) {
      const auto at = [&](std::size_t k) { return std::uint32_t{picture->rgba[i + k]}; };
      ++colours[at(0) | at(1) << 8 | at(2) << 16 | 0xff000000u];
    }
    EXPECT_GT(colours.size(), 200u);
    EXPECT_GT(colours[theme_of(theme).panel], 20000);
    EXPECT_GT(colours[theme_of(theme).background], 2000);
  }
}

TEST(Picture, ImpossibleSizesAreRefused) {
  FakeDocument document(10);
  auto options = small(0);
  options.width = 100000;
  const auto picture = render_picture(document, options);
  ASSERT_FALSE(picture.ok());
  EXPECT_NE(picture.error().message.find("100000x450"), std::string::npos);
}

TEST(Picture, IsWrittenAsPng) {
  const Picture picture{2, 1, {255, 0, 0, 255, 0, 255, 0, 255}};
  const auto path = std::filesystem::path(testing::TempDir()) / "fiberscope-picture.png";
  ASSERT_TRUE(write_png(picture, path).ok());
  std::ifstream in(path, std::ios::binary);
  char head[8] = {};
  in.read(head, 8);
  EXPECT_EQ(std::string(head, 8), "\x89PNG\r\n\x1a\n");
  std::filesystem::remove(path);
  EXPECT_FALSE(write_png(picture, "/nonexistent/folder/x.png").ok());
}

TEST(Fonts, MissingAndDamagedFilesAreSurvived) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "fiberscope fonts";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "Inter-Medium.otf") << "this is no font";
  std::ofstream(folder / "JetBrainsMono-Medium.ttf", std::ios::binary)
      << std::string("\0\1\0\0\0\20", 6) << std::string(400, '\xff');
  setenv("FIBERSCOPE_FONT_DIR", folder.c_str(), 1);
  ImGui::CreateContext();
  Fonts fonts;
  fonts.build(*ImGui::GetIO().Fonts, 1, "栈 帧 函");
  for (std::size_t i = 0; i < kFontRoles; ++i) EXPECT_NE(fonts.get(static_cast<FontRole>(i)), nullptr);
  EXPECT_GT(fonts.get(FontRole::mono)->FontSize, 20);
  ImGui::DestroyContext();
  unsetenv("FIBERSCOPE_FONT_DIR");
  std::filesystem::remove_all(folder);
}

TEST(Fonts, ChineseGlyphsComeFromTheTextAlone) {
  ImGui::CreateContext();
  Fonts fonts;
  fonts.build(*ImGui::GetIO().Fonts, 1, "栈帧函");
  if (fonts.complete()) {
    EXPECT_NE(fonts.get(FontRole::text)->FindGlyphNoFallback(0x6808), nullptr);  // 栈
    EXPECT_EQ(fonts.get(FontRole::text)->FindGlyphNoFallback(0x9F8D), nullptr);  // 龍 was not asked for
  }
  ImGui::DestroyContext();
}

}  // namespace
}  // namespace fiberscope::app
