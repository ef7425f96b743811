// The TLB model against look-ups counted by hand.
#include "core/tlb_model.h"

#include <gtest/gtest.h>

namespace fiberscope::core {
namespace {

constexpr std::uint64_t kPage = 4096;

StepAccess read_at(std::uint64_t address, std::uint32_t size = 8) {
  return {AccessKind::read, emu::Address{address}, size, false};
}
StepAccess fetch_at(std::uint64_t address, std::uint32_t size = 1) {
  return {AccessKind::fetch, emu::Address{address}, size, false};
}

TEST(TlbModel, FirstTouchMissesThenHits) {
  TlbModel tlb(TlbPolicy::same_space);
  for (const std::uint64_t address : {0x1000, 0x1008, 0x1ff8, 0x2000, 0x1000}) tlb.access(read_at(address));
  EXPECT_EQ(tlb.counts(), (TlbCounts{3, 2, 0, 0}));
}

TEST(TlbModel, InstructionsAndDataAreApart) {
  TlbModel tlb(TlbPolicy::same_space);
  tlb.access(fetch_at(0x1000));
  tlb.access(read_at(0x1000));
  tlb.access(fetch_at(0x1004));
  EXPECT_EQ(tlb.counts(), (TlbCounts{0, 1, 1, 1}));
}

TEST(TlbModel, AnAccessAcrossAPagesEndLooksUpBoth) {
  TlbModel tlb(TlbPolicy::same_space);
  tlb.access(read_at(0x1ffc));
  EXPECT_EQ(tlb.counts(), (TlbCounts{0, 2, 0, 0}));
  tlb.access(read_at(0x1ff8));  // the last word of the first page
  EXPECT_EQ(tlb.counts(), (TlbCounts{1, 2, 0, 0}));
  tlb.access(fetch_at(0x2ffe, 7));
  EXPECT_EQ(tlb.counts(), (TlbCounts{1, 2, 0, 2}));
}

TEST(TlbModel, APrefetchFillsAndIsNotCounted) {
  TlbModel tlb(TlbPolicy::same_space);
  tlb.access({AccessKind::prefetch, emu::Address{0x5000}, 1, false});
  EXPECT_EQ(tlb.counts(), TlbCounts());
  tlb.access(read_at(0x5000));
  EXPECT_EQ(tlb.counts(), (TlbCounts{1, 0, 0, 0}));
}

// 4 entries in 2 ways make 2 sets: even pages and odd ones.
TEST(TlbModel, TheLeastRecentlyUsedOfItsSetMakesRoom) {
  TlbModel tlb(TlbPolicy::same_space, {4, 2, 4, 2});
  const auto page = [&](std::uint64_t number) { tlb.access(read_at(number * kPage)); };
  page(0);
  page(2);
  page(1);  // the other set
  page(0);  // hit: 2 is now the oldest of the even ones
  page(4);  // replaces 2
  page(0);  // hit
  page(1);  // hit
  page(2);  // miss again, replaces 4
  page(4);  // miss
  EXPECT_EQ(tlb.counts(), (TlbCounts{3, 6, 0, 0}));
}

TEST(TlbModel, DefaultsHoldSixtyFourPagesOfData) {
  TlbModel tlb(TlbPolicy::same_space);
  for (std::uint64_t page = 0; page < 64; ++page) tlb.access(read_at(page * kPage));
  for (std::uint64_t page = 0; page < 64; ++page) tlb.access(read_at(page * kPage));
  EXPECT_EQ(tlb.counts(), (TlbCounts{64, 64, 0, 0}));
  tlb.access(read_at(64 * kPage));  // set 0, whose oldest entry is page 0
  tlb.access(read_at(16 * kPage));
  tlb.access(read_at(0));
  EXPECT_EQ(tlb.counts(), (TlbCounts{65, 66, 0, 0}));
}

/// Three pages, another space, the same pages, and back.
TlbCounts there_and_back(TlbPolicy policy, TlbSwitch& there, TlbSwitch& back) {
  TlbModel tlb(policy);
  const auto three_pages = [&] {
    for (const std::uint64_t address : {0x1000, 0x2000}) tlb.access(read_at(address));
    tlb.access(fetch_at(0x9000));
  };
  three_pages();
  there = tlb.enter_space(1);
  three_pages();
  back = tlb.enter_space(0);
  three_pages();
  return tlb.counts();
}

TEST(TlbModel, OneSpaceIsNeverLeft) {
  TlbSwitch there, back;
  EXPECT_EQ(there_and_back(TlbPolicy::same_space, there, back), (TlbCounts{4, 2, 2, 1}));
  EXPECT_FALSE(there.changes_space);
  EXPECT_EQ(there.flushed, 0U);
  EXPECT_EQ(there.kept, 3U);
  EXPECT_EQ(there.usable, 3U);
}

TEST(TlbModel, AFullFlushLosesEverything) {
  TlbSwitch there, back;
  EXPECT_EQ(there_and_back(TlbPolicy::full_flush, there, back), (TlbCounts{0, 6, 0, 3}));
  EXPECT_TRUE(there.changes_space);
  EXPECT_EQ(there.flushed, 3U);
  EXPECT_EQ(there.kept, 0U);
  EXPECT_EQ(back.flushed, 3U);
}

TEST(TlbModel, WithPcidsTheOwnEntriesAreThereAgain) {
  TlbSwitch there, back;
  EXPECT_EQ(there_and_back(TlbPolicy::pcid, there, back), (TlbCounts{2, 4, 1, 2}));
  EXPECT_EQ(there.flushed, 0U);
  EXPECT_EQ(there.kept, 3U);
  EXPECT_EQ(there.usable, 0U);
  EXPECT_EQ(back.kept, 6U);
  EXPECT_EQ(back.usable, 3U);
}

TEST(TlbModel, EnteringTheSameSpaceFlushesNothing) {
  TlbModel tlb(TlbPolicy::full_flush);
  tlb.access(read_at(0x1000));
  const TlbSwitch same = tlb.enter_space(0);
  EXPECT_FALSE(same.changes_space);
  EXPECT_EQ(same.flushed, 0U);
  tlb.access(read_at(0x1000));
  EXPECT_EQ(tlb.counts(), (TlbCounts{1, 1, 0, 0}));
}

}  // namespace
}  // namespace fiberscope::core
