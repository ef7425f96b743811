// Choosing the order by hand, over the three statements as the program records them: keys, clicks, values, legibility.
#include <gtest/gtest.h>

#include "app/format.h"
#include "tests/app/fake_document.h"
#include "tests/app/headless_window.h"
#include "tests/app/recorded_document.h"

namespace fiberscope::app {
namespace {

class ChoiceTest : public testing::Test {
 protected:
  std::unique_ptr<TraceDocument> document = record_document("en", "interleaved-statements");
  HeadlessWindow window{*document, 1280, 720};

  const core::OrderChoice& choice() {
    EXPECT_NE(document->choice(), nullptr);
    return *document->choice();
  }
  std::uint64_t value(const std::string& name) {
    for (const core::WatchedValue& value : choice().values)
      if (value.cell.name == name) return value.value;
    ADD_FAILURE() << "no " << name;
    return 0;
  }
  void press(const std::string& keys) {
    for (const char key : keys) window.press(static_cast<char32_t>(key));
    window.frame();
  }
  void check_legible(const std::string& where) {
    const auto& texts = window.workspace.items().texts();
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (texts[i].panel != "choice") continue;
      EXPECT_TRUE(texts[i].rect.inside(window.workspace.items().panels().at("choice"), 1.5f)) << texts[i].text;
      EXPECT_FALSE(texts[i].elided) << where << ": " << texts[i].text;
      for (std::size_t j = i + 1; j < texts.size(); ++j)
        EXPECT_FALSE(texts[j].panel == "choice" && texts[i].rect.overlaps(texts[j].rect, 0.6f))
            << where << ": " << texts[i].text << " covers " << texts[j].text;
    }
  }
};

TEST_F(ChoiceTest, EachKeyIsOneStatement) {
  ASSERT_TRUE(window.has("##choose"));
  press("o");
  ASSERT_TRUE(window.session.state().choosing);
  EXPECT_TRUE(choice().asks);
  EXPECT_EQ(choice().ready, (std::vector<core::ThreadId>{{1}, {2}, {3}}));
  EXPECT_EQ(value("x"), 1U);
  press("2");  // y = y + x = 3
  EXPECT_EQ(value("y"), 3U);
  press("1");  // x = 2
  EXPECT_EQ(value("x"), 2U);
  press("3");  // z = x + 5y = 17
  EXPECT_EQ(value("z"), 17U);
  EXPECT_EQ(choice().schedule, "T2x1 T1x1 T3x1");
  EXPECT_EQ(window.cursor(), document->timeline().steps.value) << "the cursor stands at the question";
  check_legible("three turns");
  press("u");
  EXPECT_EQ(choice().schedule, "T2x1 T1x1");
  EXPECT_EQ(value("z"), 0U);
}

TEST_F(ChoiceTest, AtTheEndTheSameOrderCanBeRunAgain) {
  press("o");
  for (int turn = 0; turn < 40 && choice().asks; ++turn) {
    // The highest thread first: z z y y x x; then whoever is left.
    ASSERT_FALSE(choice().ready.empty());
    ASSERT_TRUE(window.click(label("pick", choice().ready.back().value)));
    window.frame();
    check_legible("turn " + std::to_string(turn));
  }
  EXPECT_FALSE(choice().asks);
  EXPECT_NE(document->ending().find("exit code 0"), std::string::npos) << document->ending();
  EXPECT_EQ(value("x"), 3U);
  EXPECT_EQ(value("y"), 4U) << "2 + 1 + 1, before any x = x + 1";
  EXPECT_EQ(value("z"), 11U) << "1 + 5 * 2, before any other";
  EXPECT_EQ(choice().command, "fiberscope run interleaved-statements --schedule \"" + choice().schedule + "\"");
  const std::string again = "'" FIBERSCOPE_PROGRAM "' " + choice().command.substr(std::string("fiberscope ").size());
  const std::string check = again + " | grep -q 'order zzyyxx'";
  EXPECT_EQ(std::system(check.c_str()), 0) << check;
  ASSERT_TRUE(window.click("##copy_command"));
  EXPECT_EQ(window.session.take_copied(), choice().command);
}

TEST_F(ChoiceTest, OnlyWhoIsReadyCanBePicked) {
  press("o");
  press("0");
  EXPECT_TRUE(choice().picks.empty()) << "main waits";
  EXPECT_FALSE(window.session.state().notice.empty());
  press("u");
  EXPECT_TRUE(choice().picks.empty());
}

TEST_F(ChoiceTest, LeavingShowsTheRunAsItWas) {
  const std::uint64_t steps = document->timeline().steps.value;
  press("o1");
  EXPECT_LT(document->timeline().steps.value, steps);
  ASSERT_TRUE(window.click("##leave_choice"));
  EXPECT_FALSE(window.session.state().choosing);
  EXPECT_EQ(document->choice(), nullptr);
  EXPECT_EQ(document->timeline().steps.value, steps);
  press("o");
  window.press(Key::escape);
  EXPECT_FALSE(window.session.state().choosing);
}

TEST_F(ChoiceTest, TheHelpNamesItWhereTheGuestAsks) {
  press("?");
  window.frame();
  const auto tells = [&] {
    const auto& texts = window.workspace.items().texts();
    return std::any_of(texts.begin(), texts.end(),
                       [](const PaintedText& text) { return text.text.find("choose the order") == 0; });
  };
  EXPECT_TRUE(tells());
}

TEST(Choice, IsNotOfferedWhereNobodyAsks) {
  FakeDocument fake;
  HeadlessWindow window(fake, 1280, 720);
  EXPECT_FALSE(window.has("##choose"));
  window.press(U'o');
  EXPECT_FALSE(window.session.state().choosing);
  EXPECT_FALSE(window.session.state().notice.empty());
}

TEST(ThreadsPanelTest, ShowsSevenThreadsAt720) {
  const auto document = record_document("en", "fiber-shared-jobs");
  HeadlessWindow window(*document, 1280, 720);
  window.session.freeze(document->timeline().steps, 1);
  window.frame();
  window.frame();
  ASSERT_EQ(document->timeline().threads.size(), 7U);
  const Rect panel = window.workspace.items().panels().at("threads");
  for (const core::Thread& thread : document->timeline().threads) {
    ASSERT_TRUE(window.has(label("thread", thread.id.value))) << thread.name;
    EXPECT_TRUE(window.item(label("thread", thread.id.value)).inside(panel, 1)) << thread.name;
  }
  EXPECT_FALSE(window.has("##more_threads"));
  const auto& texts = window.workspace.items().texts();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].panel != "threads") continue;
    EXPECT_FALSE(texts[i].elided) << texts[i].text;
    for (std::size_t j = i + 1; j < texts.size(); ++j)
      EXPECT_FALSE(texts[j].panel == "threads" && texts[i].rect.overlaps(texts[j].rect, 0.6f))
          << texts[i].text << " covers " << texts[j].text;
  }
}

TEST(ContextFigure, AMemberLeadsToTheStepThatWroteIt) {
  const auto document = record_document("en", "userthread-jmp-buf");
  HeadlessWindow window(*document, 1280, 720);
  const core::StepIndex end = document->timeline().steps;
  window.session.freeze(end, 1);
  window.session.apply(command::ShowFigure{core::Figure::contexts});
  window.session.apply(command::ShowContext{0});
  window.frame();
  window.frame();
  const auto objects = document->contexts(end);
  ASSERT_FALSE(objects.empty());
  const core::ContextField& rsp = objects.front().fields.at(6);
  ASSERT_EQ(rsp.name, "rsp");
  ASSERT_TRUE(rsp.written_at);
  ASSERT_TRUE(window.click(label("field", rsp.address)));
  EXPECT_EQ(window.cursor(), rsp.written_at->value);
}

/// As dense as any: jmp_bufs with names of glibc, ucontexts, the scheduler's allocation.
TEST(ContextFigure, IsLegibleWithEveryObjectOfDenseScenarios) {
  for (const char* name : {"userthread-jmp-buf", "windowed-preemption", "fiber-swtch", "makecontext-swapcontext"}) {
    const auto document = record_document("en", name);
    HeadlessWindow window(*document, 1280, 720);
    const core::StepIndex at = document->timeline().switches.at(5).step;
    window.session.freeze(at, 1);
    window.session.apply(command::ShowFigure{core::Figure::contexts});
    const std::size_t objects = document->contexts(at).size();
    for (std::size_t object = 0; object < objects; ++object) {
      if (window.session.state().context != object) window.session.apply(command::ShowContext{object});
      window.frame();
      window.frame();
      const Rect panel = window.workspace.items().panels().at("figure");
      const auto& texts = window.workspace.items().texts();
      for (std::size_t i = 0; i < texts.size(); ++i) {
        if (texts[i].panel != "figure") continue;
        EXPECT_TRUE(texts[i].rect.inside(panel, 1.5f)) << name << ": " << texts[i].text;
        for (std::size_t j = i + 1; j < texts.size(); ++j)
          EXPECT_FALSE(texts[j].panel == "figure" && texts[i].rect.overlaps(texts[j].rect, 0.6f))
              << name << " " << object << ": '" << texts[i].text << "' covers '" << texts[j].text << "'";
      }
    }
  }
}

}  // namespace
}  // namespace fiberscope::app
