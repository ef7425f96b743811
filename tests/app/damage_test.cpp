// What is drawn over the last frame must make the picture that drawing all of it makes.
#include "app/damage.h"

#include <backends/imgui_impl_opengl3.h>
#include <gtest/gtest.h>
#include <imgui.h>

#include "app/offscreen.h"
#include "tests/app/headless_window.h"

namespace fiberscope::app {
namespace {

constexpr int kWidth = 1600;
constexpr int kHeight = 900;

float area_of(const std::vector<Rect>& areas) {
  float sum = 0;
  for (const Rect& area : areas) sum += area.width() * area.height();
  return sum;
}

class DamageTest : public testing::Test {
 protected:
  std::vector<Rect> next_frame() {
    window.frame();
    return damage.compare(*ImGui::GetDrawData());
  }
  void go(std::uint64_t cursor, double phase = 1) { window.session.freeze(core::StepIndex{cursor}, phase); }

  FakeDocument document;
  HeadlessWindow window{document, kWidth, kHeight};
  Damage damage;
};

TEST_F(DamageTest, TheFirstFrameIsNewAsAWhole) {
  const auto areas = next_frame();
  ASSERT_EQ(areas.size(), 1u);
  EXPECT_EQ(areas.front(), window.window());
  EXPECT_TRUE(next_frame().empty());
  damage.forget();
  EXPECT_EQ(next_frame().size(), 1u);
  window.resize(1280, 720);
  EXPECT_EQ(next_frame().front(), (Rect{0, 0, 1280, 720}));
}

TEST_F(DamageTest, AFilmTouchesASmallPartOfThePicture) {
  std::uint64_t push = 0;
  for (std::uint64_t step = 1; step < 300 && push == 0; ++step) {
    if (document.snapshot({step}).instruction->intel == "push r12") push = step;
  }
  ASSERT_GT(push, 0u);
  go(push, 0.4);
  next_frame();
  go(push, 0.5);
  const auto areas = next_frame();
  ASSERT_FALSE(areas.empty());
  EXPECT_LT(area_of(areas), 0.2f * kWidth * kHeight);
  for (std::size_t i = 0; i < areas.size(); ++i) {
    EXPECT_TRUE(areas[i].inside(window.window()));
    for (std::size_t j = i + 1; j < areas.size(); ++j) EXPECT_FALSE(areas[i].overlaps(areas[j]));
  }
  EXPECT_TRUE(areas.size() <= 8);
}

TEST_F(DamageTest, WhatHoversIsFoundWhereItIs) {
  go(118);
  next_frame();
  const Rect button = window.item("##theme");
  ASSERT_TRUE(window.hover("reg r12"));
  const auto areas = next_frame();
  ASSERT_FALSE(areas.empty());
  const Rect row = window.item("reg r12");
  const auto holds = [&](const Rect& place) {
    return std::any_of(areas.begin(), areas.end(), [&](const Rect& area) { return area.overlaps(place); });
  };
  EXPECT_TRUE(holds(row));
  EXPECT_FALSE(holds(button));
}

/// Draws frames in parts into one buffer, and whole into another, through a walk of steps, films, themes and overlays.
TEST_F(DamageTest, PartsMakeTheSamePixelsAsTheWhole) {
  auto screen = Offscreen::create(kWidth, kHeight);
  if (!screen) GTEST_SKIP() << screen.error().message;
  ASSERT_TRUE(ImGui_ImplOpenGL3_Init("#version 330 core"));
  const auto ground = [&] { return theme_of(window.session.state().theme).panel; };
  Picture kept;
  int partial = 0;
  const auto compare = [&](const std::string& where) {
    ImGui_ImplOpenGL3_NewFrame();
    const auto areas = next_frame();
    ImDrawData& data = *ImGui::GetDrawData();
    (*screen)->clear(ground());
    ImGui_ImplOpenGL3_RenderDrawData(&data);
    const Picture whole = (*screen)->read();
    // The buffer of the last frame, with the areas drawn anew: they are drawn over a bare ground and copied in.
    if (!areas.empty()) {
      keep_only(data, areas);
      (*screen)->clear(ground());
      ImGui_ImplOpenGL3_RenderDrawData(&data);
      const Picture parts = (*screen)->read();
      if (kept.rgba.empty()) kept = parts;
      if (area_of(areas) < kWidth * kHeight) ++partial;
      for (const Rect& area : areas) {
        for (int y = static_cast<int>(area.y0); y < static_cast<int>(area.y1); ++y) {
          const auto first = static_cast<std::ptrdiff_t>(y * kWidth + static_cast<int>(area.x0)) * 4;
          const auto last = static_cast<std::ptrdiff_t>(y * kWidth + static_cast<int>(area.x1)) * 4;
          std::copy(parts.rgba.begin() + first, parts.rgba.begin() + last, kept.rgba.begin() + first);
        }
      }
    }
    ASSERT_TRUE(kept.rgba == whole.rgba) << where;
  };
  for (const std::uint64_t step : {110u, 111u, 117u, 118u, 119u, 121u}) {
    for (const double phase : {0.0, 0.3, 0.8, 1.0}) {
      go(step, phase);
      compare("step " + std::to_string(step) + " phase " + std::to_string(phase));
    }
  }
  window.press(U'?');
  compare("help");
  window.press(U'?');
  compare("help closed");
  window.hover("reg rbx");
  compare("a tooltip");
  EXPECT_GT(partial, 15);
  ImGui_ImplOpenGL3_Shutdown();
}

}  // namespace
}  // namespace fiberscope::app
