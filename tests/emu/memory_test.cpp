#include "emu/memory.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace fiberscope::emu {
namespace {

LoadedRegion region(const std::string& name, std::uint64_t low, std::uint64_t high,
                    std::vector<std::uint8_t> contents = {}) {
  return {{name, RegionKind::data, {Address{low}, Address{high}}, true, true, false}, std::move(contents)};
}

TEST(MemoryTest, RefusesWhatCannotBeMapped) {
  Memory memory;
  ASSERT_TRUE(memory.add(region("a", 0x2000, 0x4000)).ok());
  EXPECT_FALSE(memory.add(region("empty", 0x8000, 0x8000)).ok());
  EXPECT_FALSE(memory.add(region("odd", 0x8010, 0x9000)).ok());
  EXPECT_FALSE(memory.add(region("odd end", 0x8000, 0x9001)).ok());
  EXPECT_FALSE(memory.add(region("upper half", 0x7ffffffff000, 0x800000001000)).ok());
  for (const auto& [low, high] : {std::pair{0x1000, 0x3000}, {0x3000, 0x5000}, {0x2000, 0x4000}, {0x1000, 0x9000}}) {
    const auto added = memory.add(region("b", static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high)));
    ASSERT_FALSE(added.ok());
    EXPECT_NE(added.error().message.find("overlap"), std::string::npos);
  }
  EXPECT_TRUE(memory.add(region("before", 0x1000, 0x2000)).ok());
  EXPECT_TRUE(memory.add(region("behind", 0x4000, 0x5000)).ok());
  EXPECT_EQ(memory.regions().size(), 3U);
  EXPECT_EQ(memory.regions()[0].name, "before");
}

TEST(MemoryTest, ReadsAndWritesOverARegionsEdge) {
  Memory memory;
  ASSERT_TRUE(memory.add(region("a", 0x2000, 0x3000)).ok());
  ASSERT_TRUE(memory.add(region("b", 0x3000, 0x4000)).ok());
  EXPECT_TRUE(memory.write(Address{0x2ffd}, 0x1122334455667788, 8));
  EXPECT_EQ(memory.read(Address{0x2ffd}, 8), 0x1122334455667788U);
  EXPECT_EQ(memory.read(Address{0x3000}, 2), 0x4455U);
  EXPECT_FALSE(memory.write(Address{0x3ffc}, 0, 8)) << "half of it would lie outside";
  EXPECT_FALSE(memory.read(Address{0x3ffc}, 8));
  EXPECT_FALSE(memory.read(Address{0x1fff}, 1));
  EXPECT_FALSE(memory.read(Address{0x4000}, 1));
  EXPECT_EQ(memory.copy(Address{0x3ffe}, 8).size(), 2U);
  EXPECT_TRUE(memory.copy(Address{0x4000}, 8).empty());
}

TEST(MemoryTest, AFailedWriteChangesNothing) {
  Memory memory;
  ASSERT_TRUE(memory.add(region("a", 0x2000, 0x3000, std::vector<std::uint8_t>(0x1000, 0x5a))).ok());
  const Memory before = memory;
  EXPECT_FALSE(memory.write_bytes(Address{0x2ffe}, std::vector<std::uint8_t>{1, 2, 3}));
  EXPECT_TRUE(memory == before);
}

TEST(MemoryTest, CopiesAreDeepAndBytesStayWhereTheyAre) {
  Memory memory;
  ASSERT_TRUE(memory.add(region("a", 0x2000, 0x3000, {1, 2, 3})).ok());
  const auto bytes = memory.bytes_at(Address{0x2000});
  EXPECT_EQ(bytes.size(), 0x1000U);
  EXPECT_EQ(bytes[3], 0) << "what an image does not say is zero";
  ASSERT_TRUE(memory.add(region("c", 0x1000, 0x2000)).ok());
  EXPECT_EQ(memory.bytes_at(Address{0x2000}).data(), bytes.data());
  Memory copy = memory;
  EXPECT_TRUE(copy == memory);
  copy.write(Address{0x2000}, 9, 1);
  EXPECT_FALSE(copy == memory);
  EXPECT_EQ(memory.read(Address{0x2000}, 1), 1U);
}

TEST(MemoryTest, PagesHaveRightsOfTheirOwn) {
  Memory memory;
  LoadedRegion loaded = region("a", 0x2000, 0x8000);
  loaded.region.writable = true;
  ASSERT_TRUE(memory.add(loaded).ok());
  ASSERT_TRUE(memory.add(region("b", 0x8000, 0x9000)).ok());
  const PageRights data{true, true, false};
  EXPECT_EQ(memory.rights_at(Address{0x7fff}), data);
  memory.protect({Address{0x3000}, Address{0x5000}}, {});
  memory.protect({Address{0x7000}, Address{0xa000}}, {true, false, true});  // beyond what is mapped
  EXPECT_EQ(memory.rights_at(Address{0x2fff}), data);
  EXPECT_EQ(memory.rights_at(Address{0x3000}), PageRights{});
  EXPECT_EQ(memory.rights_at(Address{0x4fff}), PageRights{});
  EXPECT_EQ(memory.rights_at(Address{0x5000}), data);
  EXPECT_EQ(memory.rights_at(Address{0x9000}), PageRights{}) << "unmapped";
  const Memory copy = memory;
  const auto runs = copy.rights_in({Address{0}, Address{0xffff000}});
  ASSERT_EQ(runs.size(), 5U) << "a region's end ends a run";
  EXPECT_EQ(runs[1].range, (AddressRange{Address{0x3000}, Address{0x5000}}));
  EXPECT_EQ(runs[3].range, (AddressRange{Address{0x7000}, Address{0x8000}}));
  EXPECT_EQ(runs[3].rights, (PageRights{true, false, true}));
  EXPECT_EQ(runs[4].range, (AddressRange{Address{0x8000}, Address{0x9000}}));
  EXPECT_EQ(memory.rights_in({Address{0x4000}, Address{0x6000}}).size(), 2U);
}

TEST(MemoryTest, KnowsHowFarItsContentsReach) {
  Memory memory;
  ASSERT_TRUE(memory.add(region("a", 0x2000, 0x5000)).ok());
  const Region& whole = memory.regions().front();
  EXPECT_EQ(memory.contents_size(whole), 0U);
  memory.write(Address{0x3004}, 7, 1);
  EXPECT_EQ(memory.contents_size(whole), 0x1005U);
  memory.write(Address{0x4fff}, 7, 1);
  EXPECT_EQ(memory.contents_size(whole), 0x3000U);
  const Memory copy = memory;
  EXPECT_TRUE(copy == memory);
  EXPECT_EQ(copy.read(Address{0x3004}, 1), 7U);
}

TEST(MemoryTest, FindsTheRegionOfAnAddress) {
  Memory memory;
  ASSERT_TRUE(memory.add(region("a", 0x2000, 0x3000)).ok());
  ASSERT_TRUE(memory.add(region("b", 0x5000, 0x6000)).ok());
  EXPECT_EQ(memory.region_at(Address{0x1fff}), nullptr);
  EXPECT_EQ(memory.region_at(Address{0x2000})->name, "a");
  EXPECT_EQ(memory.region_at(Address{0x2fff})->name, "a");
  EXPECT_EQ(memory.region_at(Address{0x3000}), nullptr);
  EXPECT_EQ(memory.region_at(Address{0x5800})->name, "b");
  EXPECT_EQ(memory.region_at(Address{~std::uint64_t{0}}), nullptr);
}

}  // namespace
}  // namespace fiberscope::emu
