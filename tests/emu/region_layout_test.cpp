#include "emu/region_layout.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace fiberscope::emu {
namespace {

AllocatedSection section(const std::string& name, std::uint64_t low, std::uint64_t size, bool writable = false,
                         bool executable = false) {
  return {name, {Address{low}, Address{low + size}}, writable, executable, {}};
}

TEST(RegionLayout, SectionsThatShareAPageMakeOneRegionWithTheStrongerRights) {
  const auto regions = lay_out_regions({section(".rodata", 0x1000, 0x100), section(".text", 0x1100, 0xf00, false, true),
                                        section(".data", 0x2000, 0x10, true), section(".bss", 0x2010, 0x2000, true)},
                                       {}, "guest");
  ASSERT_TRUE(regions.ok());
  ASSERT_EQ(regions->size(), 2U);
  const Region& code = (*regions)[0].region;
  EXPECT_EQ(code.name, ".text");
  EXPECT_EQ(code.kind, RegionKind::code);
  EXPECT_TRUE(code.executable);
  EXPECT_FALSE(code.writable);
  EXPECT_EQ(code.range, (AddressRange{Address{0x1000}, Address{0x2000}}));
  const Region& data = (*regions)[1].region;
  EXPECT_EQ(data.name, ".bss");
  EXPECT_EQ(data.range, (AddressRange{Address{0x2000}, Address{0x5000}}));
}

TEST(RegionLayout, RefusesWhatWouldLoseAStack) {
  const auto regions =
      lay_out_regions({section(".bss", 0x1000, 0x10, true), section(".stack.a", 0x1010, 0x1000, true)}, {}, "guest");
  ASSERT_FALSE(regions.ok());
  EXPECT_EQ(regions.error().message.find("guest: sections .bss and .stack.a share the page at 0x1000"), 0U);
}

RC_GTEST_PROP(RegionLayout, EveryByteOfEverySectionIsInExactlyOneRegion, ()) {
  std::vector<std::uint8_t> bytes(4096 * 8);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(1 + i % 251);
  std::vector<AllocatedSection> sections;
  std::uint64_t at = *rc::gen::inRange(0, 5000);
  for (const auto& [gap, size, has_bytes] : *rc::gen::container<std::vector<std::tuple<int, int, bool>>>(
           rc::gen::tuple(rc::gen::inRange(0, 9000), rc::gen::inRange(1, 9000), rc::gen::arbitrary<bool>()))) {
    at += static_cast<std::uint64_t>(gap);
    auto made = section(fmt::format(".s{}", sections.size()), at, static_cast<std::uint64_t>(size));
    if (has_bytes) made.bytes = std::span(bytes).first(static_cast<std::size_t>(size));
    sections.push_back(made);
    at += static_cast<std::uint64_t>(size);
  }
  const auto regions = lay_out_regions(sections, {}, "guest");
  RC_ASSERT(regions.ok());
  for (const AllocatedSection& made : sections)
    for (std::uint64_t i = 0; i < made.range.size(); i += 7) {
      const Address address = made.range.low + i;
      int holders = 0;
      for (const auto& [region, contents] : *regions) {
        if (!region.range.contains(address)) continue;
        ++holders;
        const std::uint64_t offset = address - region.range.low;
        RC_ASSERT((offset < contents.size() ? contents[offset] : 0) == (made.bytes.empty() ? 0 : made.bytes[i]));
      }
      RC_ASSERT(holders == 1);
    }
}

}  // namespace
}  // namespace fiberscope::emu
