// The window over a replay: what its schedule is one of, and lost updates pointed at where they happen.
#include <gtest/gtest.h>

#include <algorithm>

#include "app/explore/outcome_style.h"
#include "core/explore/probability_text.h"
#include "tests/app/headless_window.h"
#include "tests/app/recorded_document.h"

namespace fiberscope::app {
namespace {

struct Size {
  float width;
  float height;
};

/// The witness of x=1, y=1: T1x2 T2x4 T1x4 T2x2.
TraceDocument& document() {
  static const std::unique_ptr<TraceDocument> recorded = record_document("en", "all-interleavings");
  return *recorded;
}

class ReplayedTrace : public testing::TestWithParam<Size> {
 protected:
  void go(core::StepIndex cursor) {
    window.session.freeze(cursor, 1);
    window.frame();
  }
  [[nodiscard]] const PaintedText* painted(const std::string& text, const std::string& panel) {
    const auto& texts = window.workspace.items().texts();
    const auto found = std::find_if(texts.begin(), texts.end(),
                                    [&](const PaintedText& one) { return one.text == text && one.panel == panel; });
    return found == texts.end() ? nullptr : &*found;
  }
  /// Says it whole, inside its panel, and over nothing else.
  void expect_legible(const std::string& text, const std::string& panel) {
    const PaintedText* one = painted(text, panel);
    ASSERT_NE(one, nullptr) << text;
    EXPECT_FALSE(one->elided) << text;
    EXPECT_TRUE(one->rect.inside(window.workspace.items().panels().at(panel), 1.5f)) << text;
    for (const PaintedText& other : window.workspace.items().texts()) {
      if (&other == one || other.panel != panel) continue;
      EXPECT_FALSE(one->rect.overlaps(other.rect, 0.6f)) << text << " covers " << other.text;
    }
  }

  HeadlessWindow window{document(), GetParam().width, GetParam().height};
};

TEST_P(ReplayedTrace, AlwaysSaysWhatItsScheduleIsOneOf) {
  for (const std::uint64_t cursor : {std::uint64_t{0}, document().timeline().steps.value}) {
    go(core::StepIndex{cursor});
    expect_legible("Code textbook · Scheduler any · CPUs one · Memory sc", "toolbar");
  }
}

/// By the functions' names, which the start does not look at.
TEST_P(ReplayedTrace, OpensRightBeforeTheFirstStepOfTheSchedule) {
  const core::StepIndex beginning = document().beginning();
  ASSERT_GT(beginning.value, 100U);
  window.session.start();
  EXPECT_EQ(window.session.player().cursor(), beginning);
  EXPECT_EQ(document().snapshot(beginning).next->symbol, "thread_1");
  for (core::StepIndex step{1}; step <= beginning; step = step + 1)
    EXPECT_NE(document().snapshot(step).instruction->symbol.rfind("thread_1", 0), 0U) << step.value;
}

TEST_P(ReplayedTrace, PointsAtTheStoreThatOverwritesAndAtTheOneThatIsLost) {
  std::vector<core::LostUpdate> updates;
  for (core::StepIndex step{1}; step <= document().timeline().steps; step = step + 1)
    for (const core::LostUpdate& update : document().snapshot(step).lost_updates)
      if (update.store.step == step) updates.push_back(update);
  ASSERT_EQ(updates.size(), 2U);
  EXPECT_EQ(updates[0].variable, "x");
  EXPECT_EQ(updates[1].variable, "y");
  for (const core::LostUpdate& update : updates) {
    go(update.store.step);
    EXPECT_TRUE(window.has("lost update"));
    expect_legible("lost update here", "code");
    expect_legible(update.lost.thread.value == 1 ? "T1's: lost" : "T2's: lost", "code");
    go(update.lost.step);
    EXPECT_TRUE(window.has("lost update"));
    expect_legible("will be lost", "code");
    go(update.store.step + 1);
    EXPECT_FALSE(window.has("lost update"));
    EXPECT_EQ(painted("lost update here", "code"), nullptr);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, ReplayedTrace, testing::Values(Size{1280, 720}, Size{1600, 900}, Size{1920, 1080}),
                         [](const auto& one) { return std::to_string(static_cast<int>(one.param.width)); });

TEST(ShortCount, IsRoundedAndNotCut) {
  EXPECT_EQ(core::explore::probability_text(0.33984375), "0.339844");
  EXPECT_EQ(core::explore::probability_text(0), "0.000000");
  EXPECT_EQ(core::explore::probability_text(2e-9), "~2e-09") << "possible";
  EXPECT_EQ(core::explore::probability_text(1), "1.000000");
  EXPECT_EQ(core::explore::probability_text(1 - 1e-9), "~1") << "not certain";
  EXPECT_EQ(short_count(""), "–");
  EXPECT_EQ(short_count("infinite"), "infinite");
  EXPECT_EQ(short_count("999999999"), "999 999 999");
  EXPECT_EQ(short_count("1000000000"), "~1.0e9");
  EXPECT_EQ(short_count("1249999999"), "~1.2e9");
  EXPECT_EQ(short_count("1250000000"), "~1.3e9");
  EXPECT_EQ(short_count("9950000000"), "~1.0e10");
  const Words words(Language::en);
  EXPECT_EQ(counted("1", words, Word::one_schedule, Word::explore_schedules), "1 schedule");
  EXPECT_EQ(counted("924", words, Word::one_schedule, Word::explore_schedules), "924 schedules");
}

}  // namespace
}  // namespace fiberscope::app
