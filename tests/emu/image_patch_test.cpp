#include "emu/image_patch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "emu/thread_bodies.h"
#include "tests/emu/debug_guest.h"

namespace fiberscope::emu {
namespace {

using Bytes = std::vector<std::uint8_t>;

class ImagePatchTest : public testing::Test {
 protected:
  const Image image = load_debug_guest("debug_locals_dwarf4");
  const Symbol function = *std::find_if(image.symbols().begin(), image.symbols().end(),
                                        [](const Symbol& symbol) { return symbol.is_function && symbol.size > 16; });
  ImagePatch patch{image};

  Image finished() { return std::move(patch.finish("patched")).value(); }
};

TEST_F(ImagePatchTest, WritesWhereItIsToldAndNowhereElse) {
  const Bytes bytes = {0xde, 0xad, 0xbe, 0xef};
  ASSERT_TRUE(patch.write(function.address + 3, bytes).ok());
  const Image changed = finished();
  ASSERT_EQ(changed.regions().size(), image.regions().size());
  for (std::size_t i = 0; i < image.regions().size(); ++i) {
    Bytes expected = image.regions()[i].contents;
    const AddressRange range = image.regions()[i].region.range;
    if (range.contains(function.address))
      std::copy(bytes.begin(), bytes.end(),
                expected.begin() + static_cast<std::ptrdiff_t>(function.address + 3 - range.low));
    EXPECT_EQ(changed.regions()[i].contents, expected) << i;
  }
}

TEST_F(ImagePatchTest, RefusesWhatIsNotThere) {
  EXPECT_FALSE(patch.write(Address{0x10}, Bytes{1}).ok());
  EXPECT_FALSE(patch.write(function.address, Bytes(1 << 20)).ok());
  EXPECT_FALSE(patch.add_symbol({"nowhere", Address{0x10}, 4, false}).ok());
  EXPECT_FALSE(patch.append(".no_such_section", Bytes{1}).ok());
}

TEST_F(ImagePatchTest, SymbolsComeToThoseThatAreThere) {
  const std::size_t before = image.symbols().size();
  ASSERT_TRUE(patch.add_symbol({"x = x + 1", function.address + 4, 2, true}).ok());
  ASSERT_TRUE(patch.add_symbol({"y", function.address + 6, 4, false}).ok());
  const Image changed = finished();
  EXPECT_EQ(changed.symbols().size(), before + 2);
  EXPECT_EQ(symbolized(changed, function.address + 5), "x = x + 1+1");
  EXPECT_EQ(symbolized(changed, function.address + 7), "y+1");
  EXPECT_EQ(changed.symbol(function.name)->address, function.address);
}

TEST_F(ImagePatchTest, ASymbolEndsWhereItIsTold) {
  ASSERT_TRUE(patch.resize_symbol(function.name, 5).ok());
  EXPECT_FALSE(patch.resize_symbol("no such symbol", 5).ok());
  EXPECT_EQ(finished().symbol(function.name)->size, 5U);
}

TEST_F(ImagePatchTest, SectionsComeBehindThoseThatAreThere) {
  const Bytes bytes = {1, 2, 3};
  ASSERT_TRUE(patch.add_section(".one", bytes).ok());
  ASSERT_TRUE(patch.add_section(".two", {}).ok());
  EXPECT_FALSE(patch.add_section(".text", bytes).ok());
  const Image changed = finished();
  const auto one = section_bytes(changed, ".one");
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(Bytes(one->begin(), one->end()), bytes);
  EXPECT_EQ(section_bytes(changed, ".two")->size(), 0U);
  EXPECT_FALSE(section_bytes(changed, ".three"));
  // What was there is where it was.
  EXPECT_EQ(changed.symbols().size(), image.symbols().size());
  EXPECT_TRUE(std::ranges::equal(*section_bytes(changed, ".text"), *section_bytes(image, ".text")));
  const ImagePatch again(changed);
  EXPECT_TRUE(again.finish("again").ok());
}

TEST_F(ImagePatchTest, BodiesAreReadAsTheyWereWritten) {
  const std::vector<ThreadBody> bodies = {
      {1, {Address{0x401000}, Address{0x401010}}, {}},
      {0, {Address{0x402000}, Address{0x402040}}, {Address{0x402000}, Address{0x402007}}}};
  ASSERT_TRUE(add_thread_bodies(patch, bodies).ok());
  const auto read = thread_bodies(finished());
  ASSERT_EQ(read.size(), bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    EXPECT_EQ(read[i].thread, bodies[i].thread);
    EXPECT_EQ(read[i].code, bodies[i].code);
    EXPECT_EQ(read[i].step_starts, bodies[i].step_starts);
  }
  EXPECT_TRUE(thread_bodies(image).empty());
}

}  // namespace
}  // namespace fiberscope::emu
