// Each lesson about all interleavings is explored, and has the verdict that its file says.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/explore/explore_report.h"
#include "core/explored_target.h"
#include "tests/scenarios/scenario_run.h"

namespace fiberscope::tests {
namespace {

namespace explore = core::explore;

class Lessons : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    auto target = core::explored_target(GetParam());
    ASSERT_TRUE(target.ok()) << target.error().message;
    ASSERT_TRUE(target->lesson.has_value());
    target_ = std::move(target).value();
  }
  void ask() {
    auto prepared = explore::prepare({target_.question, {}, false, {}});
    ASSERT_TRUE(prepared.ok()) << prepared.error().message;
    prepared_ = std::move(prepared).value();
    auto found = explore::explore(prepared_.program, prepared_.options);
    ASSERT_TRUE(found.ok()) << found.error().message;
    found_ = std::move(found).value();
  }
  [[nodiscard]] const core::ExpectedVerdict& expected() const { return target_.lesson->lesson->expected; }

  core::ExploredTarget target_;
  explore::PreparedExploration prepared_;
  explore::Exploration found_;
};

TEST_P(Lessons, HaveTheVerdictThatTheySay) {
  ask();
  EXPECT_TRUE(found_.complete) << found_.stop_reason;
  EXPECT_TRUE(found_.races_complete);
  EXPECT_EQ(found_.outcomes.size(), expected().outcomes);
  EXPECT_EQ(found_.deadlocks.size(), expected().deadlocks);
  EXPECT_EQ(found_.livelocks.size(), expected().livelocks);
  std::set<std::string> violated;
  for (const explore::Violation& violation : found_.violations) violated.insert(violation.assertion);
  EXPECT_EQ(violated, std::set<std::string>(expected().violated.begin(), expected().violated.end()));
  std::set<std::string> races;
  for (const explore::Race& race : found_.races) races.insert(race.variable);
  EXPECT_EQ(races, std::set<std::string>(expected().races.begin(), expected().races.end()));
  if (!expected().schedules.empty()) {
    EXPECT_EQ(found_.schedules.text(), expected().schedules);
  }
  if (!expected().executions.empty()) {
    EXPECT_EQ(found_.executions.text(), expected().executions);
  }
  ASSERT_EQ(prepared_.litmus.has_value(), !expected().observation.empty());
  if (prepared_.litmus) {
    const std::string said = explore::litmus_text(*prepared_.litmus, found_);
    EXPECT_NE(said.find("Observation " + prepared_.litmus->name + " " + expected().observation + " "),
              std::string::npos)
        << said;
  }
}

TEST_P(Lessons, SayEveryWordOfTheirQuestion) {
  ask();
  const explore::ExploreQuestion& question = target_.question;
  EXPECT_EQ(question.scheduler, prepared_.scheduler);
  EXPECT_EQ(question.cpus, prepared_.cpus);
  EXPECT_EQ(question.memory, prepared_.memory);
  EXPECT_EQ(prepared_.litmus ? "litmus" : question.lowering, prepared_.lowering);
}

TEST_P(Lessons, HaveASummaryAndAtLeastThreeQuestions) {
  const core::Scenario& lesson = *target_.lesson;
  EXPECT_TRUE(lesson.summary.has_value());
  EXPECT_GE(lesson.questions.size(), 3U);
}

TEST_P(Lessons, SendPeopleToScenariosThatThereAre) {
  const auto names = core::scenario_names();
  std::string texts = target_.lesson->summary->in("en");
  for (const core::Question& question : target_.lesson->questions)
    texts += " " + question.ask.in("en") + " " + question.answer.in("en");
  for (std::size_t open = texts.find('`'); open != std::string::npos; open = texts.find('`', open + 1)) {
    const std::size_t close = texts.find('`', open + 1);
    ASSERT_NE(close, std::string::npos);
    const std::string quoted = texts.substr(open + 1, close - open - 1);
    if (quoted.find('-') != std::string::npos && quoted.find(' ') == std::string::npos) {
      EXPECT_TRUE(std::find(names.begin(), names.end(), quoted) != names.end()) << quoted;
    }
    open = close;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Lessons, testing::ValuesIn(lesson_names()), ScenarioRun::test_name);

/// The verdicts of the textbooks, whatever the files say.
TEST(LessonVerdicts, AreThoseOfTheTextbooks) {
  const auto expected = [](const char* name) { return core::find_scenario(name)->lesson->expected; };
  EXPECT_TRUE(expected("peterson-lock").violated.empty());
  EXPECT_FALSE(expected("peterson-lock-tso").violated.empty());
  EXPECT_TRUE(expected("peterson-lock-fence").violated.empty());
  EXPECT_TRUE(expected("ticket-lock").violated.empty());
  EXPECT_FALSE(expected("broken-lock").violated.empty());
  EXPECT_EQ(expected("dining-philosophers").deadlocks, 1U);
  EXPECT_EQ(expected("dining-philosophers-ordered").deadlocks, 0U);
  EXPECT_EQ(expected("bounded-buffer").deadlocks, 0U);
  EXPECT_TRUE(expected("bounded-buffer").violated.empty());
  EXPECT_EQ(expected("bounded-buffer-deadlock").deadlocks, 1U);
  EXPECT_EQ(expected("store-buffering").observation, "Sometimes");
  EXPECT_EQ(expected("store-buffering-sc").observation, "Never");
  EXPECT_EQ(expected("store-buffering-mfence").observation, "Never");
}

}  // namespace
}  // namespace fiberscope::tests
