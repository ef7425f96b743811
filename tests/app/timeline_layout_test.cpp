#include "app/timeline_layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "app/figures/processor_rows.h"

namespace fiberscope::app {
namespace {

core::Timeline make_timeline(std::uint64_t slice, std::uint64_t count) {
  core::Timeline timeline;
  for (std::uint64_t i = 0; i < count; ++i) {
    timeline.slices.push_back({{static_cast<std::uint32_t>(i % 2)}, {i * slice + 1}, {(i + 1) * slice}});
    if (i > 0) {
      core::Switch change;
      change.step = {i * slice};
      timeline.switches.push_back(change);
    }
  }
  timeline.steps = {slice * count};
  return timeline;
}

TEST(TimelineLayout, WideSlicesStayApart) {
  const core::Timeline timeline = make_timeline(100, 6);
  const TimeScale scale{{0, 600}, 1200};
  const auto bars = make_bars(timeline, scale);
  ASSERT_EQ(bars.size(), 6u);
  for (const TimeBar& bar : bars) {
    EXPECT_FALSE(bar.merged);
    EXPECT_NEAR(bar.x1 - bar.x0, 200, 0.01);
  }
}

TEST(TimelineLayout, SlicesUnderAPixelBecomeOneBar) {
  const core::Timeline timeline = make_timeline(1, 1000000);
  const TimeScale scale{{0, 1000000}, 1000};
  const auto bars = make_bars(timeline, scale);
  ASSERT_EQ(bars.size(), 2u);
  for (const TimeBar& bar : bars) {
    EXPECT_TRUE(bar.merged);
    EXPECT_NEAR(bar.x1 - bar.x0, 1000, 1);
  }
}

TEST(TimelineLayout, NeverMoreBarsThanPixels) {
  const TimeScale scale{{0, 100000}, 500};
  std::map<std::uint32_t, std::size_t> bars;
  for (const TimeBar& bar : make_bars(make_timeline(7, 14286), scale)) ++bars[bar.thread.value];
  for (const auto& [thread, count] : bars) EXPECT_LE(count, 501u) << thread;
}

TEST(TimelineLayout, AShortSliceAloneIsStillSeen) {
  core::Timeline timeline;
  timeline.steps = {1000000};
  timeline.slices = {{{0}, {1}, {500000}}, {{1}, {500001}, {500001}}, {{0}, {500002}, {1000000}}};
  const auto bars = make_bars(timeline, {{0, 1000000}, 800});
  ASSERT_EQ(bars.size(), 3u);
  EXPECT_GE(bars[2].x1 - bars[2].x0, 1);
}

TEST(TimelineLayout, BarsAreClippedToTheView) {
  const auto bars = make_bars(make_timeline(100, 10), {{250, 450}, 400});
  for (const TimeBar& bar : bars) {
    EXPECT_GE(bar.x0, 0);
    EXPECT_LE(bar.x1, 401);
  }
  EXPECT_EQ(bars.size(), 3u);
}

TEST(TimelineLayout, MarksOfOnePixelAreOne) {
  const auto marks = make_marks(make_timeline(1, 10000), {{0, 10000}, 100});
  EXPECT_LE(marks.size(), 101u);
  std::size_t total = 0;
  for (const SwitchMark& mark : marks) total += mark.count;
  EXPECT_EQ(total, 9999u);
}

TEST(TimelineLayout, TicksAreRoundAndFarEnoughApart) {
  for (const double span : {8.0, 640.0, 5000000.0}) {
    const TimeScale scale{{0, span}, 1200};
    const auto ticks = make_ticks(scale, 90, {static_cast<std::uint64_t>(span)});
    ASSERT_GE(ticks.size(), 3u) << span;
    for (std::size_t i = 1; i < ticks.size(); ++i) {
      EXPECT_GE(scale.x_of(static_cast<double>(ticks[i].value)) - scale.x_of(static_cast<double>(ticks[i - 1].value)),
                89);
    }
  }
}

TEST(TimelineLayout, ZoomKeepsThePlaceUnderTheMouseAndTheEnds) {
  const core::StepIndex steps{640};
  TimeScale scale{{0, 640}, 1000};
  const core::StepIndex under = scale.cursor_at(300, steps);
  scale.range = zoom(scale, 300, 0.5, steps);
  EXPECT_NEAR(scale.range.span(), 320, 1e-9);
  EXPECT_EQ(scale.cursor_at(300, steps), under);
  EXPECT_EQ(zoom(scale, 900, 100, steps), (TimeRange{0, 640}));
  EXPECT_GE(zoom(scale, 0, 1e-9, steps).span(), 8);
  EXPECT_EQ(shift({0, 100}, -50, steps), (TimeRange{0, 100}));
  EXPECT_EQ(shift({0, 100}, 5000, steps), (TimeRange{540, 640}));
}

TEST(TimelineLayout, AnEmptyTraceIsDrawnToo) {
  const core::Timeline timeline;
  const TimeScale scale{{0, 1}, 100};
  EXPECT_TRUE(make_bars(timeline, scale).empty());
  EXPECT_EQ(make_ticks(scale, 50, {0}).size(), 1u);
  EXPECT_EQ(scale.cursor_at(70, {0}).value, 0u);
}

/// Thread 1 on processor 0 waits from step 41 to 60, thread 2 on processor 1 from 81 to the end.
core::Timeline make_idle_timeline() {
  core::Timeline timeline;
  timeline.steps = {100};
  timeline.processors = 2;
  timeline.stays = {{{1}, {0}, {1}, {100}, 1, 60}, {{2}, {1}, {21}, {100}, 1, 40}};
  timeline.idles = {{{0}, core::ThreadId{1}, {41}, {60}}, {{1}, core::ThreadId{2}, {81}, {100}}};
  return timeline;
}

TEST(TimelineLayout, WhatAProcessorWaitsIsABarOfItsOwn) {
  const auto bars = make_bars(make_idle_timeline(), {{0, 100}, 1000});
  ASSERT_EQ(bars.size(), 5u);
  const std::vector<TimeBar> by_hand{{{1}, 0, 400, false, core::CpuId{0}, false},
                                     {{1}, 400, 600, false, core::CpuId{0}, true},
                                     {{1}, 600, 1000, false, core::CpuId{0}, false},
                                     {{2}, 200, 800, false, core::CpuId{1}, false},
                                     {{2}, 800, 1000, false, core::CpuId{1}, true}};
  for (std::size_t i = 0; i < bars.size(); ++i) EXPECT_EQ(bars[i], by_hand[i]) << i;
}

TEST(ProcessorRows, AProcessorIsIdleBetweenItsHaltAndItsInterrupt) {
  const core::Timeline timeline = make_idle_timeline();
  EXPECT_FALSE(is_idle(timeline, {0}, {39}));
  EXPECT_TRUE(is_idle(timeline, {0}, {40})) << "the step was hlt";
  EXPECT_TRUE(is_idle(timeline, {0}, {59}));
  EXPECT_FALSE(is_idle(timeline, {0}, {60})) << "the interrupt has come";
  EXPECT_FALSE(is_idle(timeline, {1}, {60}));
  EXPECT_TRUE(is_idle(timeline, {1}, {100})) << "none ever comes";
}

TEST(ProcessorRows, StandOverTheRoundsOfTheClock) {
  core::Timeline timeline = make_idle_timeline();
  // Alone for 20 steps, then two at a time.
  for (std::uint64_t cursor = 0; cursor <= 100; ++cursor)
    timeline.clock.push_back(core::kPartsOfRound * std::min<std::uint64_t>(cursor, 20) +
                             core::kPartsOfRound / 2 * (cursor - std::min<std::uint64_t>(cursor, 20)));
  EXPECT_DOUBLE_EQ(timeline.rounds(), 60);
  const std::vector<ProcessorBar> by_hand{{{0}, {1}, false, 0, 30},
                                          {{0}, {1}, true, 30, 40},
                                          {{0}, {1}, false, 40, 60},
                                          {{1}, {2}, false, 20, 50},
                                          {{1}, {2}, true, 50, 60}};
  EXPECT_EQ(processor_bars(timeline), by_hand);
  EXPECT_EQ(cursor_at_rounds(timeline, 20), core::StepIndex{20});
  EXPECT_EQ(cursor_at_rounds(timeline, 20.6), core::StepIndex{21});
  EXPECT_EQ(cursor_at_rounds(timeline, -1), core::StepIndex{0});
}

}  // namespace
}  // namespace fiberscope::app
