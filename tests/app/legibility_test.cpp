// Nothing cut, covered or elided where it matters, at the sizes of class-room projectors.
#include <gtest/gtest.h>

#include "app/format.h"
#include "tests/app/headless_window.h"

namespace fiberscope::app {
namespace {

struct Size {
  float width;
  float height;
};

class LegibilityTest : public testing::TestWithParam<Size> {
 protected:
  FakeDocument document;
  HeadlessWindow window{document, GetParam().width, GetParam().height};

  void check_texts(const std::string& where) {
    const ItemRegistry& items = window.workspace.items();
    const auto& texts = items.texts();
    ASSERT_GT(texts.size(), 100u);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const PaintedText& text = texts[i];
      EXPECT_TRUE(text.rect.inside(window.window(), 0.5f)) << where << ": outside of the window: " << text.text;
      const auto panel = items.panels().find(text.panel);
      ASSERT_NE(panel, items.panels().end());
      EXPECT_TRUE(text.rect.inside(panel->second, 1.5f)) << where << ": outside of " << text.panel << ": " << text.text;
      EXPECT_FALSE(text.elided) << where << ": elided in " << text.panel << ": " << text.text;
      for (std::size_t j = i + 1; j < texts.size(); ++j) {
        if (texts[j].panel != text.panel) continue;
        EXPECT_FALSE(text.rect.overlaps(texts[j].rect, 0.6f))
            << where << ": in " << text.panel << " '" << text.text << "' covers '" << texts[j].text << "'";
      }
    }
  }
};

TEST_P(LegibilityTest, TextsNeitherOverlapNorLeaveTheirPanels) {
  for (const std::uint64_t cursor : {0u, 1u, 23u, 60u, 88u, 97u, 110u, 118u, 121u, 139u, 150u, 333u, 640u}) {
    window.session.apply(command::GoTo{{cursor}});
    window.frame();
    check_texts("cursor " + std::to_string(cursor));
  }
}

TEST_P(LegibilityTest, InEveryLanguage) {
  for (const Language language : {Language::es, Language::fr, Language::zh}) {
    window.session.set_language(language);
    for (const std::uint64_t cursor : {0u, 118u, 139u}) {
      window.session.apply(command::GoTo{{cursor}});
      window.frame();
      window.frame();
      check_texts(std::string(to_string(language)) + " cursor " + std::to_string(cursor));
    }
  }
}

TEST_P(LegibilityTest, HighAddressesAreOnTopAndCellsDoNotOverlap) {
  window.session.apply(command::GoTo{{118}});
  window.frame();
  const core::Snapshot now = document.snapshot({118});
  int seen = 0;
  for (const core::StackView& stack : now.stacks) {
    float y = -1;
    for (const core::Cell& cell : stack.cells) {
      const auto rect = window.workspace.items().find(label("cell", cell.address));
      if (!rect) continue;
      ++seen;
      EXPECT_GE(rect->y0, y - 0.5f) << hex_address(cell.address);
      EXPECT_TRUE(rect->inside(window.window()));
      y = rect->y1;
    }
  }
  EXPECT_GT(seen, 25);
}

TEST_P(LegibilityTest, EveryItemIsInTheWindow) {
  window.session.apply(command::GoTo{{118}});
  window.frame();
  for (const auto& [name, rect] : window.workspace.items().items()) {
    EXPECT_TRUE(rect.inside(window.window(), 1)) << name;
    EXPECT_GT(rect.width(), 0) << name;
    EXPECT_GT(rect.height(), 0) << name;
  }
}

TEST_P(LegibilityTest, PanelsTileTheWindow) {
  const Size size = GetParam();
  const float scale = std::min(size.width / 1600, size.height / 900);
  for (const bool focus : {false, true}) {
    const WorkspaceLayout layout = lay_out_workspace(size.width, size.height, scale * (focus ? 1.5f : 1.f), focus, 3);
    std::vector<Rect> all = {layout.toolbar, layout.code,    layout.stacks,  layout.registers,
                             layout.threads, layout.caption, layout.timeline};
    std::erase_if(all, [](const Rect& r) { return r.width() <= 0; });
    float area = 0;
    for (const Rect& rect : all) {
      EXPECT_TRUE(rect.inside({0, 0, size.width, size.height}));
      area += rect.width() * rect.height();
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = i + 1; j < all.size(); ++j) EXPECT_FALSE(all[i].overlaps(all[j]));
    }
    for (const Rect& gutter : layout.gutters) {
      area += gutter.width() * gutter.height();
      for (const Rect& rect : all) EXPECT_FALSE(gutter.overlaps(rect));
    }
    // Gutters cover what panels leave, and cross only in the corners.
    EXPECT_GE(area, size.width * size.height * 0.999f);
    EXPECT_LE(area, size.width * size.height * 1.001f);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, LegibilityTest, testing::Values(Size{1280, 720}, Size{1600, 900}, Size{1920, 1080}),
                         [](const auto& size) { return std::to_string(static_cast<int>(size.param.width)); });

TEST(WindowSizes, AnySizeAndScaleIsDrawnWithoutAnAssertion) {
  FakeDocument document(300);
  HeadlessWindow window(document);
  window.session.apply(command::GoTo{{118}});
  for (const Size size : {Size{640, 360}, Size{1024, 768}, Size{2560, 1080}, Size{3840, 2160}, Size{400, 900}}) {
    window.resize(size.width, size.height);
    EXPECT_TRUE(window.has("##play"));
  }
  window.resize(1600, 900);
  for (int i = 0; i < 12; ++i) window.press(U'+', true);
  EXPECT_TRUE(window.has("##play"));
  EXPECT_TRUE(window.has("tag rsp"));
}

}  // namespace
}  // namespace fiberscope::app
