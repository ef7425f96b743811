// The exploration in the window: asked by typing, answered by the real program in a process of its own.
#include <gtest/gtest.h>
#include <imgui.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "app/explore/lattice_figure.h"
#include "app/imgui_compat.h"
#include "core/explored_target.h"
#include "tests/app/headless_window.h"

namespace fiberscope::app {
namespace {

using namespace std::chrono_literals;

/// A program that stands for Fiberscope: a replay becomes a file with its own command line, all else is the real one.
class RecordingProgram {
 public:
  RecordingProgram() {
    std::string folder = (std::filesystem::temp_directory_path() / "fiberscope-explore-test-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = folder;
    write("program",
          "for word in \"$@\"; do case \"$word\" in --replay=*) replay=yes;; --output=*) out=${word#--output=};; "
          "esac; done\n"
          "if [ -n \"$replay\" ]; then printf '%s\\n' \"$@\" > \"$out\"; exit 0; fi\n"
          "exec '" FIBERSCOPE_PROGRAM "' \"$@\"\n");
    write("dying", "kill -ABRT $$\n");
    write("silent", "exit 0\n");
    write("refusing", "echo 'fiberscope: the schedule, item 2: T2 cannot run' >&2; exit 2\n");
  }
  ~RecordingProgram() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::string path(const char* name = "program") const { return (folder_ / name).string(); }

 private:
  void write(const char* name, const std::string& body) {
    std::ofstream(folder_ / name) << "#!/bin/sh\n" << body;
    chmod((folder_ / name).c_str(), 0755);
  }
  std::filesystem::path folder_;
};

class ExploreWindow : public testing::Test {
 protected:
  explicit ExploreWindow(float width = 1280, float height = 720) : window(document, width, height) {
    window.session.exploration().set_program(program.path());
    window.session.exploration().set_opener([this](const std::string& path) -> emu::Result<void> {
      std::ifstream in(path);
      opened.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
      return {};
    });
  }

  [[nodiscard]] const ExploreState& state() const { return window.session.exploration().state(); }
  void finish() {
    const auto end = std::chrono::steady_clock::now() + 60s;
    do {
      window.frame();
      std::this_thread::sleep_for(2ms);
    } while ((state().running || state().replaying) && std::chrono::steady_clock::now() < end);
    ASSERT_FALSE(state().running || state().replaying);
    window.frame();
    window.frame();
  }
  void open() {
    window.press(U'x');
    window.frame();
    ASSERT_TRUE(window.click("explore"));
    finish();
    ASSERT_TRUE(state().answer) << state().error;
  }
  /// At the end of a box's text.
  void type_behind(const char* box, const char* text) {
    ASSERT_TRUE(window.click(box, 0.97f));
    window.type(text);
  }
  void drag_to(std::uint32_t first, std::uint32_t second) {
    const Rect from = window.item("point 2 2");
    const Rect to = window.item("point " + std::to_string(first) + " " + std::to_string(second));
    compat::mouse_position(from.center().x, from.center().y);
    window.frame();
    window.frame();
    compat::mouse_button(0, true);
    window.frame();
    window.frame();
    compat::mouse_position(to.center().x, to.center().y);
    window.frame();
    window.frame();
    compat::mouse_button(0, false);
    window.frame();
    window.frame();
  }
  [[nodiscard]] bool says(const std::string& text) {
    const auto& texts = window.workspace.items().texts();
    return std::any_of(texts.begin(), texts.end(),
                       [&text](const PaintedText& one) { return one.text.find(text) != std::string::npos; });
  }
  void check(const std::string& where) {
    const ItemRegistry& items = window.workspace.items();
    const auto& texts = items.texts();
    EXPECT_GT(texts.size(), 20U) << where;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const PaintedText& text = texts[i];
      EXPECT_TRUE(text.rect.inside(items.panels().at(text.panel), 1.5f)) << where << ": outside: " << text.text;
      EXPECT_FALSE(text.elided) << where << ": elided: " << text.text;
      for (std::size_t j = i + 1; j < texts.size(); ++j) {
        if (texts[j].panel != text.panel) continue;
        EXPECT_FALSE(text.rect.overlaps(texts[j].rect, 0.6f))
            << where << ": '" << text.text << "' covers '" << texts[j].text << "'";
      }
    }
    for (const auto& [name, rect] : items.items())
      EXPECT_TRUE(rect.inside(window.window(), 1)) << where << ": " << name;
  }

  RecordingProgram program;
  FakeDocument document;
  HeadlessWindow window;
  std::vector<std::string> opened;  ///< what was in the traces that were opened
};

TEST_F(ExploreWindow, AKeyShowsItAndTheExampleIsAnswered) {
  open();
  EXPECT_TRUE(window.session.state().exploring);
  ASSERT_EQ(state().answer->outcomes.size(), 6U);
  // The known answer of the example.
  constexpr const char* kSchedules[] = {"630", "126", "12", "114", "32", "10"};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(state().answer->outcomes[i].schedules, kSchedules[i]);
    EXPECT_TRUE(says(kSchedules[i]));
    EXPECT_TRUE(window.has("outcome " + std::to_string(i + 1)));
  }
  EXPECT_TRUE(says("924 schedules"));
  EXPECT_TRUE(says("T1x2 T2x4 T1x4 T2x2"));
  EXPECT_TRUE(says("lost update here"));
  EXPECT_EQ(state().shown.outcome, 1U);
  window.press(U'x');
  window.frame();
  EXPECT_FALSE(window.session.state().exploring);
  EXPECT_TRUE(window.has("##play"));
}

TEST_F(ExploreWindow, WhatIsTypedIsAskedWithEnter) {
  open();
  type_behind("thread text 1", "; z=7");
  EXPECT_EQ(state().question.threads[0], "x=x+1; y=y+x; z=7");
  EXPECT_TRUE(says("the answer belongs to the question asked before"));
  window.enter();
  finish();
  EXPECT_EQ(state().answered->threads[0], "x=x+1; y=y+x; z=7");
  // One instruction more: 13! / (7! 6!) schedules.
  EXPECT_EQ(state().answer->schedules, "1716");
  EXPECT_EQ(state().answer->observables, (std::vector<std::string>{"x", "y", "z"}));
}

TEST_F(ExploreWindow, AWrongTextIsToldWithItsPlaceAndNothingIsLost) {
  open();
  type_behind("thread text 2", "; x=x/2");
  window.enter();
  finish();
  EXPECT_NE(state().error.find("thread 2"), std::string::npos) << state().error;
  EXPECT_NE(state().error.find("column"), std::string::npos) << state().error;
  EXPECT_TRUE(says("thread 2"));
  EXPECT_EQ(state().question.threads[1], "x=x+1; y=y+x; x=x/2");
  ASSERT_TRUE(state().answer);
  EXPECT_EQ(state().answer->schedules, "924");
  EXPECT_TRUE(window.has("outcome 1"));
  check("error");
}

TEST_F(ExploreWindow, EscapeLeavesABoxWithItsText) {
  open();
  type_behind("thread text 1", "; z=7");
  compat::key(ImGuiKey_Escape, true);
  window.frame();
  compat::key(ImGuiKey_Escape, false);
  window.frame();
  window.frame();
  EXPECT_EQ(state().question.threads[0], "x=x+1; y=y+x; z=7");
}

TEST_F(ExploreWindow, ThreadsComeAndGo) {
  open();
  for (int i = 0; i < 10; ++i) window.click("more threads");
  EXPECT_EQ(state().question.threads.size(), 8U);
  EXPECT_TRUE(window.has("thread text 8"));
  for (int i = 0; i < 10; ++i) window.click("fewer threads");
  EXPECT_EQ(state().question.threads.size(), 2U);
  EXPECT_FALSE(window.has("thread text 3"));
}

TEST_F(ExploreWindow, ChoosersAskAtOnce) {
  open();
  ASSERT_TRUE(window.click("lowering statement"));
  finish();
  EXPECT_EQ(state().answer->lowering, "statement");
  EXPECT_EQ(state().answer->schedules, "6");
  ASSERT_TRUE(window.click("lowering textbook"));
  finish();
  ASSERT_TRUE(window.click("scheduler rr=2"));
  finish();
  EXPECT_EQ(state().answer->scheduler, "rr=2");
  EXPECT_EQ(state().answer->schedules, "1");
  ASSERT_TRUE(window.click("larger turns"));
  finish();
  EXPECT_EQ(state().answer->scheduler, "rr=3");
  ASSERT_TRUE(window.click("scheduler any"));
  finish();
  ASSERT_TRUE(window.click("memory tso"));
  finish();
  EXPECT_EQ(state().answer->cpus, "many");
  EXPECT_EQ(state().answer->memory, "tso");
  EXPECT_FALSE(state().can_drag());
  ASSERT_TRUE(window.click("cpus one"));
  finish();
  EXPECT_EQ(state().answer->memory, "sc");
}

TEST_F(ExploreWindow, AClickOnAnOutcomeReplaysItInTheDebugger) {
  open();
  window.session.apply(command::GoTo{{100}});
  ASSERT_TRUE(window.click("outcome 4"));
  finish();
  ASSERT_EQ(opened.size(), 1U) << state().error;
  EXPECT_NE(opened[0].find("explore\n--thread=x=x+1; y=y+x\n--thread=x=x+1; y=y+x\n"), std::string::npos) << opened[0];
  EXPECT_NE(opened[0].find("--lowering=textbook\n--scheduler=any\n--cpus=one\n--memory=sc\n--replay=4\n--output="),
            std::string::npos)
      << opened[0];
  EXPECT_FALSE(window.session.state().exploring);
  EXPECT_EQ(window.cursor(), 0U);
  window.press(U'x');
  EXPECT_EQ(state().shown.outcome, 4U);
}

TEST_F(ExploreWindow, TheLetterOfAnOutcomeShowsItsWitness) {
  open();
  ASSERT_TRUE(window.click("show outcome 5"));
  EXPECT_EQ(state().shown.outcome, 5U);
  EXPECT_TRUE(state().shown.witness);
  EXPECT_TRUE(opened.empty());
  ASSERT_TRUE(state().shown.execution);
  EXPECT_TRUE(state().shown.execution->lost_updates.empty());
}

TEST_F(ExploreWindow, ThePathCanBeDraggedAndReplayed) {
  open();
  ASSERT_TRUE(state().can_drag());
  drag_to(6, 0);
  EXPECT_EQ(state().shown.text, "T1x6 T2x6");
  // One after the other: x=2, y=1+2.
  ASSERT_NE(state().outcome(state().shown.outcome), nullptr);
  EXPECT_EQ(state().outcome(state().shown.outcome)->values, (std::vector<std::int64_t>{2, 3}));
  drag_to(2, 4);
  EXPECT_EQ(state().shown.text, "T1x2 T2x4 T1x4 T2x2");
  EXPECT_EQ(state().outcome(state().shown.outcome)->values, (std::vector<std::int64_t>{1, 1}));
  EXPECT_TRUE(state().shown.witness);
  drag_to(3, 3);
  EXPECT_EQ(state().shown.text, "T1x2 T2x3 T1x1 T2x1 T1x3 T2x2");
  EXPECT_FALSE(state().shown.witness);
  ASSERT_TRUE(state().shown.execution);
  EXPECT_EQ(state().shown.execution->steps.size(), 12U);
  ASSERT_TRUE(window.click("replay this"));
  finish();
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_NE(opened[0].find("--replay=T1x2 T2x3 T1x1 T2x1 T1x3 T2x2\n"), std::string::npos);
}

TEST_F(ExploreWindow, APathThatTheSchedulerDoesNotAllowIsNoSchedule) {
  open();
  window.click("scheduler rr=2");
  finish();
  drag_to(6, 0);
  EXPECT_TRUE(state().shown.blocked);
  EXPECT_TRUE(says("T1 cannot run there"));
  window.click("replay this");
  finish();
  EXPECT_TRUE(opened.empty());
}

TEST_F(ExploreWindow, ATypedPathIsToldAsItIs) {
  using End = core::explore::SchedulePath::End;
  ExploreQuestion question = typical_question();
  question.threads = {"x=1; a=y", "y=1; b=x"};
  question.memory = "tso";
  question.cpus = "many";
  const auto show = [&](const char* schedule) {
    window.session.exploration().set_path(schedule);
    window.session.explore(question, true);
    finish();
    ASSERT_TRUE(state().shown.path) << state().error;
    check(schedule);
  };
  // No witness, and complete: both read before anything drains.
  show("T2x3 T1x3 D1 D2 D1 D2");
  EXPECT_EQ(state().shown.path->end, End::outcome);
  ASSERT_NE(state().outcome(state().shown.outcome), nullptr);
  EXPECT_EQ(state().outcome(state().shown.outcome)->values, (std::vector<std::int64_t>{1, 1, 0, 0}));
  EXPECT_FALSE(says("comes to no end"));
  EXPECT_FALSE(says("· dragged"));
  EXPECT_TRUE(says("as typed"));
  ASSERT_TRUE(state().shown.execution);
  EXPECT_EQ(state().shown.execution->steps.size(), 10U);
  EXPECT_TRUE(window.has("step 10"));
  show("T1x3 T2x1");
  EXPECT_TRUE(says("stops before the end"));
  EXPECT_NE(state().shown.path->why.find("T2 would go on at b=x"), std::string::npos);
  EXPECT_TRUE(says("stores are in T1's buffer"));
  EXPECT_TRUE(window.has("replay this"));
  show("T1x1 D1 D1 T2x1");
  EXPECT_TRUE(says("item 3 cannot be followed"));
  EXPECT_TRUE(says("thread 1's store buffer is empty"));
  EXPECT_FALSE(window.has("replay this")) << "there is nothing that could run";
  ASSERT_TRUE(window.click("show outcome 1"));
  EXPECT_FALSE(state().shown.path);
  EXPECT_TRUE(says("witness"));
}

TEST_F(ExploreWindow, ADeadlockHasItsPlace) {
  const auto target = core::explored_target("dining-philosophers");
  ASSERT_TRUE(target.ok()) << target.error().message;
  window.session.explore(target->question, false, target->lesson);
  finish();
  ASSERT_TRUE(state().answer) << state().error;
  const auto& finding = state().answer->findings.at(0);
  EXPECT_EQ(finding.kind, core::explore::ExploreAnswer::Finding::Kind::deadlock);
  ASSERT_EQ(finding.places.size(), 3U);
  EXPECT_EQ(finding.places[0], "T1: lock(&fork[1]) ← T2 · philosophers.c:8: call lock");
  EXPECT_FALSE(finding.schedules.at(0).empty());
}

TEST_F(ExploreWindow, AFailedAssertionMarksItsOutcomesAndCanBeReplayed) {
  open();
  type_behind("assertions", "x==2; y>0");
  window.enter();
  finish();
  ASSERT_TRUE(state().answer) << state().error;
  ASSERT_FALSE(state().answer->findings.empty());
  EXPECT_EQ(state().answer->findings[0].kind, core::explore::ExploreAnswer::Finding::Kind::violation);
  for (const auto& outcome : state().answer->outcomes)
    EXPECT_EQ(outcome.violates, outcome.values[0] != 2) << outcome.id;
  EXPECT_TRUE(says("assertion fails"));
  ASSERT_TRUE(window.click("finding 1 0"));
  finish();
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_NE(opened[0].find("--replay=" + state().answer->findings[0].schedules[0] + "\n"), std::string::npos);
}

TEST_F(ExploreWindow, ColumnsSort) {
  open();
  ASSERT_TRUE(window.click("sort 1"));
  EXPECT_EQ(state().answer->outcomes.front().schedules, "630");
  EXPECT_EQ(state().answer->outcomes.back().schedules, "10");
  ASSERT_TRUE(window.click("sort 1"));
  EXPECT_EQ(state().answer->outcomes.front().schedules, "10");
  ASSERT_TRUE(window.click("sort 0"));
  EXPECT_EQ(state().answer->outcomes.front().id, 1U);
}

TEST_F(ExploreWindow, AChildThatDiesIsTold) {
  open();
  const std::pair<const char*, const char*> cases[] = {
      {"dying", "signal 6"}, {"silent", "without an answer"}, {"missing", "cannot be started"}};
  for (const auto& [name, message] : cases) {
    window.session.exploration().set_program(program.path(name));
    window.click("explore");
    finish();
    EXPECT_NE(state().error.find(message), std::string::npos) << state().error;
    EXPECT_TRUE(state().answer);
  }
  window.session.exploration().set_program(program.path("refusing"));
  window.click("outcome 1");
  finish();
  EXPECT_EQ(state().error, "the schedule, item 2: T2 cannot run");
  EXPECT_TRUE(opened.empty());
  EXPECT_TRUE(window.session.state().exploring);
}

TEST_F(ExploreWindow, StopGivesWhatIsKnownSoFar) {
  open();
  window.session.exploration().apply(exploring::AddThread{});
  window.session.exploration().apply(exploring::AddThread{});
  for (std::size_t i = 0; i < 4; ++i)
    window.session.exploration().apply(exploring::SetThread{i, "x=x+1; y=y+x; z=x+5*y"});
  window.click("explore");
  ASSERT_TRUE(state().running);
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (state().running && state().states == 0 && std::chrono::steady_clock::now() < end) {
    window.frame();
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_GT(state().states, 0U);
  window.frame();
  EXPECT_TRUE(says("exploring"));
  ASSERT_TRUE(window.click("stop exploring"));
  finish();
  ASSERT_TRUE(state().answer);
  EXPECT_EQ(state().error, "");
  EXPECT_FALSE(state().answer->complete);
  EXPECT_TRUE(says("INCOMPLETE: interrupted"));
}

TEST_F(ExploreWindow, WithoutARunThereIsNothingToGoBackTo) {
  window.session.explore(typical_question(), false);
  finish();
  EXPECT_FALSE(window.has("back to the run"));
  window.press(Key::escape);
  EXPECT_TRUE(window.session.state().exploring);
  window.click("outcome 1");
  finish();
  EXPECT_FALSE(window.session.state().exploring);
  window.press(U'x');
  window.frame();
  EXPECT_TRUE(window.click("back to the run"));
  EXPECT_FALSE(window.session.state().exploring);
}

TEST_F(ExploreWindow, ALessonIsAskedWithItsTitleSummaryAndQuestions) {
  const auto target = core::explored_target("peterson-lock-tso");
  ASSERT_TRUE(target.ok()) << target.error().message;
  window.session.explore(target->question, false, target->lesson);
  finish();
  ASSERT_TRUE(state().answer) << state().error;
  EXPECT_EQ(state().answer->memory, "tso");
  EXPECT_EQ(state().answer->findings.at(0).what, "count==2");
  const std::string title = target->lesson->title.in("en");
  EXPECT_TRUE(says(title));
  EXPECT_TRUE(says("store buffer, as on x86-64"));
  EXPECT_TRUE(says("turn=0 count=1")) << "what tells the outcomes apart comes first";
  ASSERT_TRUE(window.click("tab questions"));
  window.frame();
  EXPECT_TRUE(says("1. How do both threads enter?"));
  EXPECT_FALSE(says("Each puts want and turn"));
  ASSERT_TRUE(window.click("answer 0"));
  window.frame();
  EXPECT_TRUE(says("Each puts want and turn"));
  // Another question is not the lesson's: its title and summary would say something else than the answer.
  window.click("memory sc");
  finish();
  ASSERT_TRUE(state().answer) << state().error;
  EXPECT_EQ(state().answer->memory, "sc");
  EXPECT_TRUE(state().answer->findings.empty());
  EXPECT_FALSE(says(title));
  EXPECT_TRUE(window.has("tab questions"));
  window.click("memory tso");
  finish();
  EXPECT_TRUE(says(title));
}

struct Size {
  float width;
  float height;
};

class ExploreLegible : public ExploreWindow, public testing::WithParamInterface<Size> {
 protected:
  ExploreLegible() : ExploreWindow(GetParam().width, GetParam().height) {}
};

TEST_P(ExploreLegible, InEveryLanguageAndView) {
  open();
  for (const Language language : {Language::en, Language::es, Language::fr, Language::zh}) {
    window.session.set_language(language);
    for (const char* tab : {"tab order", "tab states"}) {
      window.click(tab);
      compat::mouse_position(-1000, -1000);
      window.frame();
      window.frame();
      check(std::string(to_string(language)) + " " + tab);
    }
  }
}

TEST_P(ExploreLegible, WithOtherPrograms) {
  open();
  const std::vector<std::vector<std::string>> programs = {
      {"x=x+1; y=y+x; z=x+5*y", "x=x+1; y=y+x; z=x+5*y"},
      {"x=x+1", "x=x+1", "x=x+1"},
      {"x=1", "y=1", "x=2", "y=2", "z=1", "z=2", "x=3", "y=3"},
      {"x=1; a=y", "y=1; b=x"},
  };
  for (const auto& threads : programs) {
    ExploreQuestion question = typical_question();
    question.threads = threads;
    for (const bool tso : {false, true}) {
      if (tso && threads.size() != 2) continue;
      question.memory = tso ? "tso" : "sc";
      question.cpus = tso ? "many" : "one";
      window.session.explore(question, true);
      finish();
      ASSERT_EQ(state().error, "");
      for (const char* tab : {"tab order", "tab states"}) {
        window.click(tab);
        compat::mouse_position(-1000, -1000);
        window.frame();
        window.frame();
        check(threads[0] + " " + std::to_string(threads.size()) + (tso ? " tso " : " ") + tab);
      }
    }
  }
}

TEST_P(ExploreLegible, WithEveryLesson) {
  for (const std::string& name : core::scenario_names()) {
    if (!core::is_explored(name)) continue;
    const auto target = core::explored_target(name);
    ASSERT_TRUE(target.ok()) << target.error().message;
    window.session.explore(with_defaults(target->question), false, target->lesson);
    finish();
    ASSERT_EQ(state().error, "") << name;
    for (const char* tab : {"tab order", "tab states", "tab questions"}) {
      window.click(tab);
      compat::mouse_position(-1000, -1000);
      window.frame();
      window.frame();
      check(name + " " + tab);
    }
    for (std::size_t i = 0; i < target->lesson->questions.size(); ++i) {
      window.session.apply(command::ShowAnswer{i});
      window.frame();
      window.frame();
      check(name + ", answer " + std::to_string(i + 1));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, ExploreLegible, testing::Values(Size{1280, 720}, Size{1600, 900}, Size{1920, 1080}),
                         [](const auto& size) { return std::to_string(static_cast<int>(size.param.width)); });

TEST(LatticePlot, FindsThePointUnderAPlace) {
  const LatticePlot plot = lay_out_lattice({0, 0, 800, 400}, {3, 1});
  EXPECT_FLOAT_EQ(plot.cell, 200);
  EXPECT_EQ(plot.at({0, 0}), (Point{100, 300}));
  for (std::uint32_t i = 0; i <= 3; ++i)
    for (std::uint32_t j = 0; j <= 1; ++j) {
      const Point at = plot.at({i, j});
      EXPECT_EQ(plot.nearest({at.x + 90, at.y - 90}), (core::explore::LatticePoint{i, j}));
    }
  EXPECT_EQ(plot.nearest({-50, 5000}), (core::explore::LatticePoint{0, 0}));
  EXPECT_EQ(plot.nearest({5000, -50}), (core::explore::LatticePoint{3, 1}));
}

}  // namespace
}  // namespace fiberscope::app
