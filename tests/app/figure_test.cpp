// The figures over the first scenario: legible in every language and size, and true to the snapshot.
#include <gtest/gtest.h>

#include <algorithm>

#include "app/figures/figures.h"
#include "app/format.h"
#include "tests/app/headless_window.h"
#include "tests/app/recorded_document.h"

namespace fiberscope::app {
namespace {

using core::Figure;

struct Size {
  float width;
  float height;
};

TraceDocument& document() {
  static const std::unique_ptr<TraceDocument> recorded = record_document();
  return *recorded;
}

constexpr Figure kAll[] = {Figure::thread,     Figure::states,   Figure::process,   Figure::virtualizers,
                           Figure::processors, Figure::contexts, Figure::variables, Figure::spaces,
                           Figure::shared,     Figure::costs,    Figure::questions};

class FigureTest : public testing::TestWithParam<Size> {
 protected:
  HeadlessWindow window{document(), GetParam().width, GetParam().height};

  void show(Figure figure, std::uint64_t cursor) {
    window.session.freeze(core::StepIndex{cursor}, 1);
    window.session.apply(command::ShowFigure{figure});
    window.frame();
    window.frame();
  }

  std::vector<const PaintedText*> texts() {
    std::vector<const PaintedText*> found;
    for (const PaintedText& text : window.workspace.items().texts())
      if (text.panel == "figure") found.push_back(&text);
    return found;
  }

  void check(const std::string& where) {
    const Rect panel = window.workspace.items().panels().at("figure");
    const auto painted = texts();
    EXPECT_GT(painted.size(), 8U) << where;
    for (std::size_t i = 0; i < painted.size(); ++i) {
      EXPECT_TRUE(painted[i]->rect.inside(panel, 1.5f)) << where << ": outside: " << painted[i]->text;
      EXPECT_FALSE(painted[i]->elided) << where << ": elided: " << painted[i]->text;
      for (std::size_t j = i + 1; j < painted.size(); ++j)
        EXPECT_FALSE(painted[i]->rect.overlaps(painted[j]->rect, 0.6f))
            << where << ": '" << painted[i]->text << "' covers '" << painted[j]->text << "'";
    }
  }
};

TEST_P(FigureTest, IsLegibleWhereverTheTraceStands) {
  for (const Figure figure : kAll) {
    for (const std::uint64_t cursor : {0u, 700u, 1908u, 3000u, 1u << 20}) {
      show(figure, cursor);
      check(std::string(core::to_string(figure)) + " at " + std::to_string(cursor));
    }
  }
}

TEST_P(FigureTest, IsLegibleInEveryLanguage) {
  for (const Language language : {Language::es, Language::fr, Language::zh}) {
    window.session.set_language(language);
    for (const Figure figure : kAll) {
      show(figure, 1908);
      check(std::string(core::to_string(figure)) + " " + std::string(to_string(language)));
    }
  }
}

TEST_P(FigureTest, AnswersStayInTheirPlace) {
  show(Figure::questions, 1908);
  for (std::size_t i = 0; i < 5; ++i) {
    const auto before = texts().size();
    ASSERT_TRUE(window.click(label("answer", i)));
    window.frame();
    EXPECT_GT(texts().size(), before) << "an answer is more text";
    check("answer " + std::to_string(i));
    ASSERT_TRUE(window.click(label("answer", i)));
    window.frame();
    EXPECT_EQ(texts().size(), before);
  }
}

TEST_P(FigureTest, KeysAndTabsChooseIt) {
  window.session.apply(command::ShowFigure{Figure::none});
  window.frame();
  EXPECT_FALSE(window.has("figure states"));
  window.press(U'e');
  window.frame();
  ASSERT_TRUE(window.has("figure process"));
  EXPECT_FALSE(window.has("stacks"));
  window.click("figure process");
  window.frame();
  EXPECT_EQ(window.session.state().figure, Figure::process);
  window.press(Key::escape);
  window.frame();
  EXPECT_EQ(window.session.state().figure, Figure::none);
  window.press(U'e');
  window.frame();
  EXPECT_EQ(window.session.state().figure, Figure::process) << "the last one comes back";
}

TEST_P(FigureTest, AChangeLeadsToTheStepThatMadeIt) {
  show(Figure::states, 1908);
  const auto changes = document().figure({1908}).changes;
  ASSERT_EQ(changes.size(), 3U);
  ASSERT_TRUE(window.click(label("change", changes[1].thread.value)));
  window.frame();
  EXPECT_EQ(window.cursor(), changes[1].step.value);
}

/// Over programs for Linux, where there is something to see.
TEST(ProcessFigures, AreLegible) {
  for (const char* name : {"process-fork-cow", "process-vfork-exec", "process-clone-flags"}) {
    const auto recorded = record_document("en", name);
    for (const Figure figure : {Figure::spaces, Figure::shared}) {
      HeadlessWindow window(*recorded, 1280, 720);
      for (const std::uint64_t cursor : {0U, 29U, 60U, 113U, 150U, 160U, 217U, 260U, 400U, 700U, 3000U, 5000U}) {
        window.session.freeze(core::StepIndex{cursor}, 1);
        window.session.apply(command::ShowFigure{figure});
        window.frame();
        window.frame();
        const std::string where = std::string(name) + " at " + std::to_string(cursor);
        const Rect panel = window.workspace.items().panels().at("figure");
        const auto& texts = window.workspace.items().texts();
        for (std::size_t i = 0; i < texts.size(); ++i) {
          if (texts[i].panel != "figure") continue;
          EXPECT_TRUE(texts[i].rect.inside(panel, 1.5f)) << where << ": outside: " << texts[i].text;
          EXPECT_FALSE(texts[i].elided) << where << ": elided: " << texts[i].text;
          for (std::size_t j = i + 1; j < texts.size(); ++j)
            EXPECT_FALSE(texts[j].panel == "figure" && texts[i].rect.overlaps(texts[j].rect, 0.6f))
                << where << ": '" << texts[i].text << "' covers '" << texts[j].text << "'";
        }
      }
    }
  }
}

TEST(CostFigure, StandsBesideTheOtherRun) {
  for (const char* name : {"user-ping-pong", "kernel-ping-pong"}) {
    const auto recorded = record_document("en", name);
    HeadlessWindow window(*recorded, 1280, 720);
    window.session.apply(command::ShowFigure{Figure::costs});
    window.frame();
    window.frame();
    const core::CostComparison* costs = recorded->costs();
    ASSERT_NE(costs, nullptr);
    ASSERT_EQ(costs->runs.size(), 2U) << name;
    ASSERT_EQ(costs->runs[0].rows.size(), costs->runs[1].rows.size());
    for (const core::RunCosts& run : costs->runs) {
      EXPECT_GT(run.timeline.steps.value, 3000U) << run.title;
      const auto turns = std::find_if(run.rows.begin(), run.rows.end(),
                                      [](const core::CostRow& row) { return row.key == "switches"; });
      ASSERT_NE(turns, run.rows.end());
      EXPECT_EQ(core::to_text(*turns), "15") << run.title << ": as many turns in both";
    }
    const auto& texts = window.workspace.items().texts();
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (texts[i].panel != "figure") continue;
      EXPECT_FALSE(texts[i].elided) << texts[i].text;
      for (std::size_t j = i + 1; j < texts.size(); ++j) {
        if (texts[j].panel == "figure") {
          EXPECT_FALSE(texts[i].rect.overlaps(texts[j].rect, 1.5f)) << texts[i].text << " covers " << texts[j].text;
        }
      }
    }
  }
}

TEST_P(FigureTest, AVariableLeadsToTheStepThatWroteIt) {
  show(Figure::variables, 1908);
  const auto variables = document().figure({1908}).variables;
  ASSERT_FALSE(variables.empty());
  const auto count = std::find_if(variables.begin(), variables.end(),
                                  [](const core::WatchedValue& value) { return value.cell.name == "shelf.count"; });
  ASSERT_NE(count, variables.end());
  EXPECT_LE(count->value, 3U) << "the ring has three slots";
  const auto written = document().last_write(count->cell.address, 8, {1908});
  ASSERT_TRUE(written.has_value());
  ASSERT_TRUE(window.click(label("variable", count->cell.address)));
  window.frame();
  EXPECT_EQ(window.cursor(), written->value);
}

INSTANTIATE_TEST_SUITE_P(Sizes, FigureTest, testing::Values(Size{1280, 720}, Size{1600, 900}, Size{1920, 1080}),
                         [](const auto& tested) { return std::to_string(static_cast<int>(tested.param.width)); });

TEST(OwnSteps, AddUpToAllSteps) {
  const core::Timeline& timeline = document().timeline();
  for (const std::uint64_t cursor : {0u, 1u, 700u, 1908u, 4000u}) {
    std::uint64_t all = 0;
    std::uint64_t lately = 0;
    for (const core::Thread& thread : timeline.threads) {
      const OwnSteps own = own_steps(timeline, thread.id, {cursor}, 500);
      all += own.all;
      lately += own.lately;
    }
    EXPECT_EQ(all, cursor);
    EXPECT_EQ(lately, std::min<std::uint64_t>(cursor, 500));
  }
}

}  // namespace
}  // namespace fiberscope::app
