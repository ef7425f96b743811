#include "app/stack_layout.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "app/stacks_panel.h"
#include "tests/app/fake_document.h"

namespace fiberscope::app {
namespace {

/// A stack with frames of the given numbers of cells, outermost first, and `dead` cells below rsp.
core::StackView make_stack(const std::vector<std::size_t>& frames, std::size_t dead,
                           core::CellRole role = core::CellRole::saved_register) {
  core::StackView stack;
  stack.range = {{0x1000}, {0x9000}};
  std::uint64_t address = 0x9000;
  const auto add = [&](std::optional<std::uint32_t> frame, bool live) {
    address -= 8;
    core::Cell cell;
    cell.address = {address};
    cell.role = role;
    cell.frame = frame;
    cell.live = live;
    stack.cells.push_back(cell);
  };
  for (std::size_t i = 0; i < frames.size(); ++i) {
    for (std::size_t c = 0; c < frames[i]; ++c) add(static_cast<std::uint32_t>(i), true);
    stack.frames.emplace_back();
  }
  stack.rsp = {address};
  for (std::size_t c = 0; c < dead; ++c) add(std::nullopt, false);
  return stack;
}

std::size_t count(const StackLayout& layout, StackRow::Kind kind) {
  std::size_t n = 0;
  for (const StackRow& row : layout.rows) n += row.kind == kind ? 1 : 0;
  return n;
}

TEST(StackLayout, EverythingIsShownWhereItFits) {
  const StackLayout layout = lay_out_stack(make_stack({4, 4, 4, 6}, 0), {});
  EXPECT_EQ(count(layout, StackRow::Kind::cell), 18u);
  EXPECT_EQ(count(layout, StackRow::Kind::frame_head), 4u);
  EXPECT_EQ(layout.boxes.size(), 4u);
  EXPECT_FALSE(layout.folded);
  EXPECT_LE(layout.height, 580);
}

TEST(StackLayout, OnlyAFewCellsBelowRspAreShown) {
  const StackLayout layout = lay_out_stack(make_stack({6}, 40), {});
  EXPECT_EQ(count(layout, StackRow::Kind::cell), 6u + 5u);
}

TEST(StackLayout, RowsGoDownWithoutGapsOrOverlaps) {
  const StackLayout layout = lay_out_stack(make_stack({5, 3, 8}, 9), {});
  for (std::size_t i = 1; i < layout.rows.size(); ++i) {
    const float gap = layout.rows[i].y - (layout.rows[i - 1].y + layout.rows[i - 1].height);
    EXPECT_GE(gap, -0.01f);
    EXPECT_LE(gap, 3.01f);
  }
}

TEST(StackLayout, OuterFramesFoldToOneLineWithTheirCount) {
  const StackLayout layout = lay_out_stack(make_stack({10, 10, 10, 10, 8}, 5), {});
  ASSERT_EQ(layout.rows.front().kind, StackRow::Kind::folded_frames);
  EXPECT_EQ(layout.rows.front().count, 3u);
  EXPECT_TRUE(layout.folded);
  EXPECT_LE(layout.height, 580);
  // An address in a folded frame is found at the folded line.
  EXPECT_EQ(layout.row_at({0x9000 - 16}), &layout.rows.front());
  EXPECT_EQ(layout.row_at({0x1000}), nullptr);
}

TEST(StackLayout, AFrameOfASignalStaysOpenWhileOthersFold) {
  core::StackView stack = make_stack({10, 12, 10, 10, 8}, 5);
  stack.frames[1].is_signal = true;
  const StackLayout layout = lay_out_stack(stack, {});
  EXPECT_LE(layout.height, 580);
  std::vector<std::uint32_t> open;
  for (const FrameBox& box : layout.boxes) open.push_back(box.frame);
  EXPECT_EQ(std::count(open.begin(), open.end(), 1U), 1);
  EXPECT_EQ(std::count(open.begin(), open.end(), 0U), 0) << "another one folds first";
  for (std::size_t cell = 10; cell < 22; ++cell)
    EXPECT_EQ(layout.row_at(stack.cells[cell].address)->kind, StackRow::Kind::cell) << cell;
}

TEST(StackLayout, ALongFrameOfASignalKeepsWhatItSaved) {
  core::StackView stack = make_stack({10, 140, 10, 8}, 5);
  stack.frames[1].is_signal = true;
  for (std::size_t cell = 10; cell < 150; ++cell)
    if (cell < 120) stack.cells[cell].role = core::CellRole::padding;
  stack.cells[121].role = core::CellRole::return_address;
  const StackLayout layout = lay_out_stack(stack, {});
  EXPECT_LE(layout.height, 580);
  EXPECT_EQ(layout.row_at(stack.cells[121].address)->kind, StackRow::Kind::cell) << "the interrupted rip";
  EXPECT_EQ(layout.row_at(stack.cells[40].address)->kind, StackRow::Kind::folded_cells);
  EXPECT_EQ(layout.row_at(stack.rsp)->kind, StackRow::Kind::cell);
}

TEST(StackLayout, ARewrittenReturnAddressHasItsArrowInView) {
  core::StackView stack = make_stack({6, 6, 10, 10, 8}, 5);
  stack.cells[7].role = core::CellRole::return_address;
  stack.cells[7].rewritten = core::RewrittenReturn{{100}, 0x401000, "chainhead+20"};
  const StackLayout layout = lay_out_stack(stack, {});
  EXPECT_LE(layout.height, 580);
  ASSERT_EQ(count(layout, StackRow::Kind::redirect), 1U);
  for (std::size_t i = 0; i + 1 < layout.rows.size(); ++i) {
    if (layout.rows[i + 1].kind == StackRow::Kind::redirect) {
      EXPECT_EQ(layout.rows[i].cell, 7U) << "right under the cell";
      EXPECT_FLOAT_EQ(layout.rows[i + 1].height, 2 * layout.row_height);
    }
  }
  EXPECT_EQ(layout.row_at(stack.cells[7].address)->kind, StackRow::Kind::cell);
}

TEST(StackLayout, UnfoldedShowsAll) {
  StackLayoutOptions options;
  options.unfolded = true;
  const StackLayout layout = lay_out_stack(make_stack({10, 10, 10, 10, 8}, 5), options);
  EXPECT_EQ(count(layout, StackRow::Kind::cell), 53u);
  EXPECT_GT(layout.height, 580);
}

TEST(StackLayout, ALongInnermostFrameFoldsItsDullCellsButNotTheLast) {
  const core::StackView stack = make_stack({4, 200}, 5, core::CellRole::local);
  const StackLayout layout = lay_out_stack(stack, {});
  EXPECT_EQ(count(layout, StackRow::Kind::folded_cells), 1u);
  EXPECT_LE(layout.height, 580);
  const StackRow* at_rsp = layout.row_at(stack.rsp);
  ASSERT_NE(at_rsp, nullptr);
  EXPECT_EQ(at_rsp->kind, StackRow::Kind::cell);
}

TEST(StackLayout, RspStaysInViewHoweverLittleRoomThereIs) {
  StackLayoutOptions options;
  options.height = 150;
  const core::StackView stack = make_stack({6, 12}, 5);
  const StackLayout layout = lay_out_stack(stack, options);
  const StackRow* at_rsp = layout.row_at(stack.rsp);
  ASSERT_NE(at_rsp, nullptr);
  EXPECT_EQ(at_rsp->kind, StackRow::Kind::cell);
  EXPECT_LE(at_rsp->y + at_rsp->height, options.height);
}

TEST(StackLayout, AnEmptyStackIsEmpty) {
  const StackLayout layout = lay_out_stack(core::StackView{}, {});
  EXPECT_TRUE(layout.rows.empty());
  EXPECT_EQ(layout.row_at({0}), nullptr);
}

TEST(Columns, ThreadsKeepTheirSideWhileTheyAreInView) {
  FakeDocument document;
  const ThreadStyles styles(document.timeline().threads);
  std::map<std::uint32_t, int> side;
  for (std::uint64_t step = 0; step <= 640; ++step) {
    const core::Snapshot& now = document.snapshot({step});
    const ColumnChoice choice = choose_columns(now, document.timeline(), styles.order(), std::nullopt);
    ASSERT_TRUE(choice.left && choice.right) << step;
    ASSERT_TRUE(choice.left == now.on_cpu || choice.right == now.on_cpu) << step;
    EXPECT_EQ(choice.strips.size(), 1u);
    const std::map<std::uint32_t, int> shown = {{choice.left->value, 0}, {choice.right->value, 1}};
    for (const auto& [thread, place] : shown) {
      const auto was = side.find(thread);
      if (was == side.end()) continue;
      EXPECT_EQ(was->second, place) << "thread " << thread << " jumped at step " << step;
    }
    side = shown;
  }
}

TEST(Columns, ThePreviousThreadIsTheOtherColumn) {
  FakeDocument document;
  const ThreadStyles styles(document.timeline().threads);
  for (const core::Switch& change : document.timeline().switches) {
    const ColumnChoice choice =
        choose_columns(document.snapshot(change.step), document.timeline(), styles.order(), std::nullopt);
    EXPECT_TRUE(choice.left == change.from || choice.right == change.from) << change.step.value;
    EXPECT_TRUE(choice.left == change.to || choice.right == change.to) << change.step.value;
  }
}

TEST(StackTags, TagsAreSpreadAndRspKeepsItsLine) {
  std::vector<StackTag> tags = {
      {StackTag::Kind::rsp, {0, 100}, 0}, {StackTag::Kind::rbp, {0, 100}, 0}, {StackTag::Kind::saved_rsp, {0, 110}, 0}};
  spread_tags(tags, 22, 0, 600);
  ASSERT_EQ(tags.size(), 3u);
  for (std::size_t i = 1; i < tags.size(); ++i) EXPECT_GE(tags[i].y - tags[i - 1].y, 22);
  for (const StackTag& tag : tags) {
    if (tag.kind != StackTag::Kind::rsp) continue;
    EXPECT_EQ(tag.y, 100);
  }
}

TEST(StackTags, TagsStayInTheirColumn) {
  std::vector<StackTag> tags = {{StackTag::Kind::rsp, {0, 598}, 0}, {StackTag::Kind::rbp, {0, 599}, 0}};
  spread_tags(tags, 22, 0, 600);
  EXPECT_LE(tags.back().y, 589);
  EXPECT_GE(tags.back().y - tags.front().y, 22);
}

}  // namespace
}  // namespace fiberscope::app
