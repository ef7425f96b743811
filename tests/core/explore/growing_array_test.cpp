// Arrays that grow page by page, against std::vector and against what the kernel says of this process.
#include "core/explore/growing_array.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <vector>

namespace fiberscope::core::explore {
namespace {

using Words = GrowingArray<std::uint32_t>;

/// Bytes of this process's memory that hold something.
std::size_t resident() {
  std::size_t whole = 0;
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> whole >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

RC_GTEST_PROP(GrowingArray, HoldsWhatAVectorHolds, ()) {
  Words array;
  std::vector<std::uint32_t> expected;
  const auto actions = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4));
  std::uint32_t next = 1;
  for (const int action : actions) {
    const auto count = *rc::gen::weightedOneOf<std::size_t>(
        {{9, rc::gen::inRange<std::size_t>(0, 3000)}, {1, rc::gen::inRange<std::size_t>(0, 900'000)}});
    if (action == 0) {
      for (std::size_t i = 0; i < count; ++i, ++next) {
        array.push_back(next);
        expected.push_back(next);
      }
    } else if (action == 1) {
      std::vector<std::uint32_t> more(count);
      for (std::uint32_t& value : more) value = next++;
      array.append(more);
      expected.insert(expected.end(), more.begin(), more.end());
    } else if (action == 2) {
      array.extend(count);
      if (count > expected.size()) expected.resize(count, 0);
    } else {
      Words other(std::move(array));
      // NOLINTBEGIN(bugprone-use-after-move): empty, and good for new use
      RC_ASSERT(array.size() == 0U);
      array.push_back(7);
      RC_ASSERT(array[0] == 7U);
      // NOLINTEND(bugprone-use-after-move)
      array = std::move(other);
    }
    RC_ASSERT(array.size() == expected.size());
    RC_ASSERT(std::equal(array.begin(), array.end(), expected.begin(), expected.end()));
    RC_ASSERT(array.footprint() >= array.size() * sizeof(std::uint32_t));
  }
}

TEST(GrowingArray, TakesWhatItSaysAndGivesItBack) {
  constexpr std::size_t kSlack = 1U << 20;  // of everything else in this process
  constexpr std::size_t kHuge = 2U << 20;
  const std::size_t before = resident();
  {
    Words array;
    for (std::uint32_t i = 0; i < 9'000'000; ++i) array.push_back(i);
    const std::size_t used = array.size() * sizeof(std::uint32_t);
    const std::size_t taken = resident() - before;
    EXPECT_LE(used, taken + kSlack);
    EXPECT_LE(taken, array.footprint() + kSlack) << "capacity that nothing was written to takes no memory";
    EXPECT_LE(array.footprint(), used + kHuge);
    EXPECT_EQ(array[8'999'999], 8'999'999U);
  }
  EXPECT_LE(resident(), before + kSlack);
}

TEST(GrowingArray, NoMemoryIsToldAsEverywhere) {
  PageBlock block;
  block.grow(100);
  static_cast<char*>(block.data())[99] = 'x';
  EXPECT_THROW(block.grow(std::size_t{1} << 60), std::bad_alloc);
  EXPECT_EQ(static_cast<char*>(block.data())[99], 'x') << "what was there stays";
}

}  // namespace
}  // namespace fiberscope::core::explore
