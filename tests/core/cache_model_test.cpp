// The cache model against look-ups counted by hand, and the mechanism of both models against a second implementation.
#include "core/cache_model.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <stdexcept>

namespace fiberscope::core {
namespace {

StepAccess read_at(std::uint64_t address, std::uint32_t size = 8) {
  return {AccessKind::read, emu::Address{address}, size, false};
}

TEST(CacheModel, ALineIsMissedOnce) {
  CacheModel cache;
  cache.access(read_at(0x1000));
  cache.access(read_at(0x103f, 1));
  cache.access({AccessKind::write, emu::Address{0x1040}, 8, true});
  cache.access({AccessKind::fetch, emu::Address{0x5000}, 4, false});
  EXPECT_EQ(cache.counts(), (CacheCounts{1, 2}));
}

TEST(CacheModel, AnAccessAcrossALinesEndLooksUpBoth) {
  CacheModel cache;
  cache.access(read_at(0x103c));
  EXPECT_EQ(cache.counts(), (CacheCounts{0, 2}));
  cache.access(read_at(0x2000, 512));  // fxsave: eight lines
  EXPECT_EQ(cache.counts(), (CacheCounts{0, 10}));
}

TEST(CacheModel, AWarmedLineIsAHit) {
  CacheModel cache;
  EXPECT_TRUE(cache.prefetch(emu::Address{0x1010}));
  EXPECT_FALSE(cache.prefetch(emu::Address{0x1038}));
  cache.access({AccessKind::prefetch, emu::Address{0x2000}, 1, false});
  EXPECT_EQ(cache.counts(), CacheCounts());
  cache.access(read_at(0x1000));
  cache.access(read_at(0x2000));
  cache.access(read_at(0x1040));  // the line behind is not there
  EXPECT_EQ(cache.counts(), (CacheCounts{2, 1}));
}

// 64 sets: lines 4 KiB apart share one, which holds eight.
TEST(CacheModel, TheNinthLineOfASetReplacesTheOldest) {
  CacheModel cache;
  for (std::uint64_t i = 0; i < 8; ++i) cache.access(read_at(i * 4096));
  cache.access(read_at(0));
  EXPECT_EQ(cache.counts(), (CacheCounts{1, 8}));
  cache.access(read_at(8 * 4096));  // replaces line 1, because line 0 was used since
  cache.access(read_at(0));
  cache.access(read_at(4096));
  EXPECT_EQ(cache.counts(), (CacheCounts{2, 10}));
}

TEST(CacheModel, EmptiedItMissesAgain) {
  CacheModel cache;
  cache.access(read_at(0x1000));
  cache.clear();
  cache.access(read_at(0x1000));
  EXPECT_EQ(cache.counts(), (CacheCounts{0, 2}));
}

TEST(CacheModel, ImpossibleShapesAreRefused) {
  EXPECT_THROW(CacheModel({1000, 8, 64}), std::invalid_argument);
  EXPECT_THROW(LruSets(64, 0), std::invalid_argument);
  EXPECT_THROW(LruSets(10, 4), std::invalid_argument);
}

/// LRU told a second time: a time stamp for each entry of each set, the smallest makes room.
class StampedSets {
 public:
  StampedSets(std::uint64_t sets, std::size_t ways) : sets_(sets), ways_(ways) {}

  bool touch(LruSets::Key key) {
    auto& set = entries_[key.number % sets_];
    const auto found = set.find({key.number, key.space});
    const bool hit = found != set.end();
    if (!hit && set.size() == ways_) {
      auto oldest = set.begin();
      for (auto entry = set.begin(); entry != set.end(); ++entry)
        if (entry->second < oldest->second) oldest = entry;
      set.erase(oldest);
    }
    set[{key.number, key.space}] = ++now_;
    return hit;
  }
  std::uint32_t size_of(std::uint32_t space) const {
    std::uint32_t count = 0;
    for (const auto& [index, set] : entries_)
      for (const auto& [key, stamp] : set) count += key.second == space ? 1 : 0;
    return count;
  }
  std::uint32_t clear() {
    std::uint32_t lost = 0;
    for (const auto& [index, set] : entries_) lost += static_cast<std::uint32_t>(set.size());
    entries_.clear();
    return lost;
  }

 private:
  std::uint64_t sets_;
  std::size_t ways_;
  std::uint64_t now_ = 0;
  std::map<std::uint64_t, std::map<std::pair<std::uint64_t, std::uint32_t>, std::uint64_t>> entries_;
};

TEST(LruSets, EqualsASecondImplementation) {
  const bool held = rc::check([] {
    const auto ways = *rc::gen::inRange<std::uint32_t>(1, 9);
    const auto sets = *rc::gen::inRange<std::uint32_t>(1, 6);
    const auto numbers = *rc::gen::inRange<std::uint64_t>(1, 60);
    const auto count = *rc::gen::inRange<std::size_t>(0, 400);
    LruSets tested(sets * ways, ways);
    StampedSets other(sets, ways);
    for (std::size_t i = 0; i < count; ++i) {
      if (*rc::gen::inRange(0, 100) == 0) RC_ASSERT(tested.clear() == other.clear());
      const LruSets::Key key{*rc::gen::inRange<std::uint64_t>(0, numbers), *rc::gen::inRange<std::uint32_t>(0, 3)};
      RC_ASSERT(tested.contains(key) == other.touch(key));
      tested.touch(key);
      for (std::uint32_t space = 0; space < 3; ++space) RC_ASSERT(tested.size_of(space) == other.size_of(space));
      RC_ASSERT(tested.size() == tested.size_of(0) + tested.size_of(1) + tested.size_of(2));
    }
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace fiberscope::core
