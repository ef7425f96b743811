// The window by mouse and keyboard: state first, then what stands where.
#include <gtest/gtest.h>
#include <imgui.h>

#include "app/format.h"
#include "tests/app/headless_window.h"

namespace fiberscope::app {
namespace {

std::uint64_t first_yield(const FakeDocument& document) {
  for (const core::Switch& change : document.timeline().switches) {
    if (change.reason == core::SwitchReason::yield) return change.step.value;
  }
  return 0;
}

class WindowTest : public testing::Test {
 protected:
  void go(std::uint64_t cursor) {
    window.session.apply(command::GoTo{{cursor}});
    window.frame();
  }

  FakeDocument document;
  HeadlessWindow window{document};
};

TEST_F(WindowTest, PlayButtonStartsAndStops) {
  EXPECT_FALSE(window.session.player().playing());
  ASSERT_TRUE(window.click("##play"));
  EXPECT_TRUE(window.session.player().playing());
  ASSERT_TRUE(window.click("##play"));
  EXPECT_FALSE(window.session.player().playing());
  EXPECT_FALSE(window.click("##nothing of that name"));
}

TEST_F(WindowTest, StepButtonsMoveTheCursorByOne) {
  go(100);
  window.click("##step");
  EXPECT_EQ(window.cursor(), 101u);
  window.click("##back");
  window.click("##back");
  EXPECT_EQ(window.cursor(), 99u);
  window.click("##restart");
  EXPECT_EQ(window.cursor(), 0u);
}

TEST_F(WindowTest, KeysDoWhatTheHelpSays) {
  window.press(Key::right);
  EXPECT_EQ(window.cursor(), 1u);
  window.press(Key::left);
  EXPECT_EQ(window.cursor(), 0u);
  window.press(U'n');
  EXPECT_EQ(window.cursor(), document.timeline().switches.front().step.value);
  window.press(U'n');
  window.press(U'p');
  EXPECT_EQ(window.cursor(), document.timeline().switches.front().step.value);
  window.press(Key::end);
  EXPECT_EQ(window.cursor(), 640u);
  window.press(Key::home);
  EXPECT_EQ(window.cursor(), 0u);
  window.press(Key::space);
  EXPECT_TRUE(window.session.player().playing());
  window.press(Key::space);
  EXPECT_FALSE(window.session.player().playing());
  window.press(U't');
  EXPECT_EQ(window.session.state().theme, ThemeKind::light);
  window.press(U'f');
  EXPECT_TRUE(window.session.state().focus);
  EXPECT_FALSE(window.has("reg rax"));
  window.press(Key::escape);
  EXPECT_FALSE(window.session.state().focus);
  window.press(U'+', true);
  EXPECT_DOUBLE_EQ(window.session.state().user_scale, 1.1);
  window.press(U'0', true);
  EXPECT_DOUBLE_EQ(window.session.state().user_scale, 1);
  window.press(U's', true);
  EXPECT_TRUE(window.session.take_picture_wish());
  EXPECT_FALSE(window.session.take_picture_wish());
}

TEST_F(WindowTest, HelpOpensAndClosesWithTheSameKey) {
  window.press(U'?');
  window.frame();
  EXPECT_EQ(window.session.state().dialog, command::Dialog::help);
  EXPECT_TRUE(window.has("##help"));
  window.press(U'n');  // no shortcut works behind it
  EXPECT_EQ(window.cursor(), 0u);
  window.press(U'?');
  EXPECT_EQ(window.session.state().dialog, command::Dialog::none);
}

TEST_F(WindowTest, GoToStepTakesANumberAndKeepsShortcutsAway) {
  window.press(U'g');
  window.frame();
  window.frame();
  ASSERT_TRUE(ImGui::GetIO().WantTextInput);
  window.type("118");
  window.press(U't');
  EXPECT_EQ(window.session.state().theme, ThemeKind::dark);
  window.enter();
  EXPECT_EQ(window.cursor(), 118u);
  EXPECT_EQ(window.session.state().dialog, command::Dialog::none);
}

TEST_F(WindowTest, GoToStepRefusesWhatIsNoStep) {
  for (const char* wrong : {"641", "-1", "12x", "", "99999999999999999999999"}) {
    window.session.apply(command::Open{command::Dialog::go_to});
    window.session.apply(command::SubmitStep{wrong});
    EXPECT_EQ(window.cursor(), 0u) << wrong;
    EXPECT_FALSE(window.session.state().notice.empty()) << wrong;
    window.session.apply(command::Close{});
  }
}

TEST_F(WindowTest, FindStopsAtTheNextEntryOfAFunction) {
  window.press(U'/');
  window.frame();
  window.frame();
  window.type("switch_to");
  window.enter();
  for (int i = 0; i < 20; ++i) window.frame();
  const core::Snapshot& found = document.snapshot({window.cursor()});
  ASSERT_TRUE(found.instruction);
  EXPECT_NE(found.instruction->intel.find("switch_to_context"), std::string::npos);
  const int snapshots = document.snapshots_made;
  window.session.apply(command::SubmitFind{"no such thing"});
  for (int i = 0; i < 20; ++i) window.frame();
  EXPECT_EQ(document.snapshots_made, snapshots) << "a search looks at states";
  EXPECT_NE(window.session.state().notice.find("no such thing"), std::string::npos);
}

TEST_F(WindowTest, AClickOnARegisterGoesToTheStepThatWroteIt) {
  go(118);
  ASSERT_TRUE(window.click("reg r12"));
  const auto origin = document.last_write(emu::Register::r12, {118});
  ASSERT_TRUE(origin);
  EXPECT_EQ(window.cursor(), origin->value);
  EXPECT_EQ(window.session.selection().reg, emu::Register::r12);
}

TEST_F(WindowTest, AClickOnACellGoesToTheStepThatWroteIt) {
  go(118);
  const core::Snapshot now = document.snapshot({118});
  const core::Cell* cell = nullptr;
  for (const core::Cell& c : now.stacks[1].cells) {
    if (c.role == core::CellRole::saved_register && c.written_at) cell = &c;
  }
  ASSERT_NE(cell, nullptr);
  ASSERT_TRUE(window.click(label("cell", cell->address)));
  EXPECT_EQ(window.cursor(), cell->written_at->value);
  EXPECT_EQ(window.session.selection().address, cell->address);
}

TEST_F(WindowTest, AClickOnAReturnAddressShowsItsCodeAndEscapeComesBack) {
  go(118);
  const core::Snapshot now = document.snapshot({118});
  const core::Cell* cell = nullptr;
  for (const core::Cell& c : now.stacks[1].cells) {
    if (c.symbol.starts_with("thread_yield")) cell = &c;
  }
  ASSERT_NE(cell, nullptr);
  ASSERT_TRUE(window.click(label("cell", cell->address)));
  EXPECT_EQ(window.cursor(), 118u);
  EXPECT_EQ(window.session.view().code->function, "thread_yield");
  window.press(Key::escape);
  EXPECT_EQ(window.session.view().code->function, "switch_to_context");
}

TEST_F(WindowTest, AClickOnASwitchMarkGoesThere) {
  const std::uint64_t step = document.timeline().switches[4].step.value;
  ASSERT_TRUE(window.click(label("switch", step)));
  EXPECT_EQ(window.cursor(), step);
}

TEST_F(WindowTest, DraggingTheTimelineScrubs) {
  window.drag("##scrub", 0.25f, 0.5f);
  EXPECT_NEAR(static_cast<double>(window.cursor()), 320, 4);
}

TEST_F(WindowTest, TheWheelZoomsTheTimelineAroundTheMouse) {
  const Rect before = window.item("lane 1");
  go(320);
  const float middle = window.item("cursor").center().x;
  window.wheel("##scrub", 5);
  EXPECT_NEAR(window.item("cursor").center().x, middle, 8);
  EXPECT_FALSE(window.has(label("switch", document.timeline().switches.front().step.value)));
  EXPECT_EQ(window.item("lane 1"), before);
}

TEST_F(WindowTest, AClickOnAThreadShowsItsControlBlockWhoseFieldsLeadToTheirOrigin) {
  go(118);
  ASSERT_TRUE(window.click("thread 1"));
  EXPECT_EQ(window.session.selection().control_block, core::ThreadId{1});
  window.frame();
  ASSERT_TRUE(window.click("field saved_rsp"));
  const core::Snapshot& now = document.snapshot({window.cursor()});
  ASSERT_TRUE(now.instruction);
  EXPECT_EQ(now.instruction->intel, "mov qword ptr [rdi], rsp");
}

TEST_F(WindowTest, APinnedStripBecomesAColumn) {
  go(118);
  ASSERT_TRUE(window.has("column 1"));
  ASSERT_TRUE(window.has("strip 0"));
  ASSERT_TRUE(window.click("strip 0"));
  EXPECT_EQ(window.session.selection().thread, core::ThreadId{0});
  EXPECT_TRUE(window.has("column 0"));
  EXPECT_TRUE(window.has("column 2"));  // the running one stays
  EXPECT_TRUE(window.has("strip 1"));
  window.press(U'3');  // main is the third in the order of display
  window.frame();
  EXPECT_FALSE(window.session.selection().thread);
  EXPECT_TRUE(window.has("column 1"));
}

TEST_F(WindowTest, TagsFollowTheRegistersNotTheThread) {
  const std::uint64_t step = first_yield(document);
  ASSERT_GT(step, 0u);
  go(step);
  const core::Snapshot now = document.snapshot({step});
  ASSERT_NE(now.rsp_thread, now.rbp_thread);
  const Rect rsp = window.item("tag rsp");
  const Rect rbp = window.item("tag rbp");
  const auto column = [&](core::ThreadId thread) { return window.item(label("column", thread.value)); };
  EXPECT_NEAR(rsp.x0, column(*now.rsp_thread).x0, 12);
  EXPECT_NEAR(rbp.x0, column(*now.rbp_thread).x0, 12);
  const Rect cell = window.item(label("cell", emu::Address{now.registers[emu::Register::rsp]}));
  EXPECT_NEAR(rsp.center().y, cell.center().y, 2);
  EXPECT_TRUE(window.has(label("tag tcb", now.rbp_thread->value)));
  EXPECT_FALSE(window.has(label("tag tcb", now.rsp_thread->value)));
}

TEST_F(WindowTest, TheNextAccessIsOutlinedAndTheWrittenCellMarked) {
  std::uint64_t push = 0;
  for (std::uint64_t step = 1; step < 200 && push == 0; ++step) {
    if (document.snapshot({step}).instruction->intel == "push rbx") push = step;
  }
  ASSERT_GT(push, 0u);
  go(push);
  const core::Snapshot now = document.snapshot({push});
  EXPECT_TRUE(window.has(label("written", now.written.front().address)));
  EXPECT_TRUE(window.has(label("next", now.next_accesses.front().address)));
}

TEST_F(WindowTest, AStepForwardIsAFilmThatEndsAtTheCell) {
  std::uint64_t push = 0;
  for (std::uint64_t step = 1; step < 300 && push == 0; ++step) {
    const core::Snapshot& s = document.snapshot({step});
    if (s.instruction->intel == "push r12" && !s.written.empty() && s.written.front().new_value != 0) push = step;
  }
  ASSERT_GT(push, 0u);
  go(push - 1);
  window.press(Key::right);
  EXPECT_TRUE(window.session.player().moving());
  const std::string value = "flight " + hex(document.snapshot({push}).written.front().new_value);
  window.wait(0.1);
  EXPECT_TRUE(window.has(value));
  window.wait(0.3);
  EXPECT_FALSE(window.session.player().moving());
  EXPECT_FALSE(window.has(value));
}

TEST_F(WindowTest, UndoingAStepRunsItsFilmBackwards) {
  go(100);
  window.press(Key::left);
  EXPECT_EQ(window.cursor(), 99u);
  EXPECT_EQ(window.session.player().film_step().value, 100u);
  window.wait(0.3);
  EXPECT_EQ(window.session.player().film_step().value, 99u);
  EXPECT_EQ(window.session.view().now->step.value, 99u);
}

TEST(RecordingWindow, ThePastOfAGrowingTraceIsToldAndEndFollows) {
  FakeDocument document(200, true);
  HeadlessWindow window(document);
  window.frame();
  EXPECT_TRUE(window.has("##recording"));
  EXPECT_TRUE(window.has("##past"));
  window.press(Key::end);
  window.frame();
  EXPECT_EQ(window.cursor(), 200u);
  EXPECT_FALSE(window.has("##past"));
  document.grow(150);
  window.wait(0.1);
  EXPECT_EQ(window.cursor(), 350u);
  window.press(Key::left);
  window.wait(0.3);
  EXPECT_TRUE(window.has("##past"));
  document.grow(0);
  window.wait(0.1);
  EXPECT_FALSE(window.has("##recording"));
  EXPECT_FALSE(window.has("##past"));
}

TEST(RecordingWindow, BeginsAtAStepThatIsNotYetRecorded) {
  FakeDocument document(20, true);
  HeadlessWindow window(document);
  window.session.start_at({118});
  window.frame();
  EXPECT_EQ(window.cursor(), 20u);
  document.grow(50);
  window.wait(0.1);
  EXPECT_EQ(window.cursor(), 20u);
  document.grow(60);
  window.wait(0.1);
  EXPECT_EQ(window.cursor(), 118u);
  document.grow(100);
  window.wait(0.1);
  EXPECT_EQ(window.cursor(), 118u);
}

TEST(RecordingWindow, WhereTheReaderWentCountsMoreThanWhereToBegin) {
  FakeDocument document(20, true);
  HeadlessWindow window(document);
  window.session.start_at({118});
  window.press(Key::home);
  document.grow(200);
  window.wait(0.1);
  EXPECT_EQ(window.cursor(), 0u);
}

TEST(RecordingWindow, OfATraceThatEndsBeforeItTheEndIsShown) {
  FakeDocument document(20, true);
  HeadlessWindow window(document);
  window.session.start_at({118});
  document.grow(50);
  window.wait(0.1);
  document.grow(0);
  window.wait(0.1);
  EXPECT_EQ(window.cursor(), 70u);
}

TEST(RecordingWindow, PlaybackWaitsAtTheEndForMore) {
  FakeDocument document(20, true);
  HeadlessWindow window(document);
  window.session.apply(command::SetSpeed{60});
  window.session.apply(command::GoTo{{15}});
  window.press(Key::space);
  window.wait(0.5);
  EXPECT_EQ(window.cursor(), 20u);
  EXPECT_TRUE(window.session.player().playing());
  document.grow(10);
  window.wait(1);
  EXPECT_EQ(window.cursor(), 30u);
}

}  // namespace
}  // namespace fiberscope::app
