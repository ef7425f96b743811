#include "emu/image.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <random>

#include "tests/emu/debug_guest.h"

namespace fiberscope::emu {
namespace {

using Bytes = std::vector<std::uint8_t>;

template <typename Header>
Header read_at(const Bytes& file, std::size_t offset) {
  Header header;
  std::memcpy(&header, file.data() + offset, sizeof header);
  return header;
}

/// Changes the ELF header.
Bytes with_header(Bytes file, const std::function<void(Elf64_Ehdr&)>& change) {
  auto header = read_at<Elf64_Ehdr>(file, 0);
  change(header);
  std::memcpy(file.data(), &header, sizeof header);
  return file;
}

/// Changes the header of the section called `name`.
Bytes with_section(Bytes file, const std::string& name, const std::function<void(Elf64_Shdr&)>& change) {
  const auto header = read_at<Elf64_Ehdr>(file, 0);
  const auto at = [&](std::size_t index) { return header.e_shoff + index * sizeof(Elf64_Shdr); };
  const auto names = read_at<Elf64_Shdr>(file, at(header.e_shstrndx));
  bool found = false;
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    auto section = read_at<Elf64_Shdr>(file, at(i));
    if (name != reinterpret_cast<const char*>(file.data() + names.sh_offset + section.sh_name)) continue;
    change(section);
    std::memcpy(file.data() + at(i), &section, sizeof section);
    found = true;
  }
  EXPECT_TRUE(found) << name;
  return file;
}

void expect_error(const Bytes& file, const std::string& expected) {
  const auto image = Image::parse(file, "some/guest");
  ASSERT_FALSE(image.ok()) << expected;
  const std::string& message = image.error().message;
  EXPECT_EQ(message.find("some/guest: "), 0U) << message;
  EXPECT_NE(message.find(expected), std::string::npos) << message;
  EXPECT_NE(message.find("; "), std::string::npos) << "does not say what to do: " << message;
}

std::map<std::string, LoadedRegion> regions_by_name(const Image& image) {
  std::map<std::string, LoadedRegion> regions;
  for (const LoadedRegion& loaded : image.regions())
    EXPECT_TRUE(regions.emplace(loaded.region.name, loaded).second) << loaded.region.name;
  return regions;
}

TEST(Image, MakesARegionOfEverySectionThatHasPagesOfItsOwn) {
  const Image image = load_debug_guest("debug_frames");
  const auto regions = regions_by_name(image);
  struct Expected {
    std::string name;
    RegionKind kind;
    std::uint64_t size;
    bool writable;
    bool executable;
  };
  for (const auto& [name, kind, size, writable, executable] : {Expected{".text", RegionKind::code, 4096, false, true},
                                                               {".data", RegionKind::data, 4096, true, false},
                                                               {".bss", RegionKind::data, 4096, true, false},
                                                               {".tcb", RegionKind::tcb, 4096, true, false},
                                                               {"alice", RegionKind::stack, 8192, true, false},
                                                               {"bob", RegionKind::stack, 12288, true, false}}) {
    ASSERT_TRUE(regions.contains(name)) << name;
    const Region& region = regions.at(name).region;
    EXPECT_EQ(region.kind, kind) << name;
    EXPECT_EQ(region.range.size(), size) << name;
    EXPECT_TRUE(region.readable) << name;
    EXPECT_EQ(region.writable, writable) << name;
    EXPECT_EQ(region.executable, executable) << name;
  }
  EXPECT_TRUE(regions.at(".text").region.range.contains(image.entry()));
  EXPECT_EQ(image.entry(), address_of(image, "_start"));
  EXPECT_EQ(regions.at(".tcb").region.range.low, address_of(image, "debug_tcb"));
  for (const char* zero : {".bss", ".tcb", "alice", "bob"}) EXPECT_TRUE(regions.at(zero).contents.empty()) << zero;
}

TEST(Image, RegionsArePagesThatNeverOverlap) {
  for (const char* name : {"debug_frames", "debug_locals", "debug_locals_optimized", "debug_names"}) {
    const Image image = load_debug_guest(name);
    Address end{};
    for (const LoadedRegion& loaded : image.regions()) {
      const AddressRange& range = loaded.region.range;
      EXPECT_EQ(range.low.value % 4096, 0U);
      EXPECT_EQ(range.high.value % 4096, 0U);
      EXPECT_LE(end, range.low);
      EXPECT_FALSE(range.empty());
      EXPECT_LE(loaded.contents.size(), range.size());
      end = range.high;
    }
  }
}

TEST(Image, RegionsHoldTheBytesOfTheFile) {
  const Image image = load_debug_guest("debug_frames");
  const auto regions = regions_by_name(image);
  const LoadedRegion& data = regions.at(".data");
  const std::size_t at = address_of(image, "debug_words") - data.region.range.low;
  ASSERT_GE(data.contents.size(), at + 16);
  const std::uint64_t words[] = {0x1122334455667788, 0x99aabbccddeeff00};
  EXPECT_EQ(std::memcmp(data.contents.data() + at, words, sizeof words), 0);
  const LoadedRegion& code = regions.at(".text");
  const Bytes first_instructions = {0x55, 0x48, 0x89, 0xe5, 0x53, 0x41, 0x54};
  const std::size_t function = address_of(image, "debug_switch") - code.region.range.low;
  EXPECT_TRUE(std::equal(first_instructions.begin(), first_instructions.end(),
                         code.contents.begin() + static_cast<std::ptrdiff_t>(function)));
}

TEST(Image, TheFirstPageHoldsTheProgramHeadersThatACLibraryReads) {
  const Image image = load_debug_guest("debug_frames");
  const auto header = read_at<Elf64_Ehdr>({image.file().begin(), image.file().end()}, 0);
  const LoadedRegion& first = image.regions().front();
  const std::size_t size = header.e_phoff + std::size_t{header.e_phnum} * sizeof(Elf64_Phdr);
  ASSERT_GE(first.contents.size(), size);
  EXPECT_EQ(std::memcmp(first.contents.data(), image.file().data(), size), 0);
}

TEST(Image, AThreadLocalTemplateTakesNoAddresses) {
  const Image image = load_debug_guest("debug_frames");  // has 64 KiB of .tbss
  std::uint64_t total = 0;
  for (const LoadedRegion& loaded : image.regions()) {
    total += loaded.region.range.size();
    EXPECT_NE(loaded.region.name, ".tbss");
  }
  EXPECT_LT(total, 65536U);
  EXPECT_FALSE(image.symbol("debug_thread_local").has_value());
}

TEST(Image, KnowsFunctionsObjectsAndLabelsInCode) {
  const Image image = load_debug_guest("debug_frames");
  const auto function = image.symbol("debug_switch");
  ASSERT_TRUE(function.has_value());
  EXPECT_TRUE(function->is_function);
  EXPECT_EQ(function->size, 18U);
  const auto label = image.symbol("debug_switch_point");
  ASSERT_TRUE(label.has_value());
  EXPECT_FALSE(label->is_function);
  EXPECT_EQ(label->address, function->address + 10);
  EXPECT_EQ(image.symbol("debug_words")->size, 16U);
  EXPECT_FALSE(image.symbol("debug_untyped_data").has_value());
  EXPECT_FALSE(image.symbol("debug_frames.S").has_value());
  EXPECT_FALSE(image.symbol("nobody").has_value());
  EXPECT_TRUE(std::is_sorted(image.symbols().begin(), image.symbols().end(),
                             [](const Symbol& a, const Symbol& b) { return a.address < b.address; }));
}

TEST(Image, NamesAnAddressAfterTheSymbolThatCoversIt) {
  const Image image = load_debug_guest("debug_frames");
  const Address function = address_of(image, "debug_switch");
  EXPECT_EQ(symbolized(image, function), "debug_switch");
  EXPECT_EQ(symbolized(image, function + 9), "debug_switch+9");
  EXPECT_EQ(symbolized(image, function + 17), "debug_switch+17") << "the label inside must not win";
  EXPECT_EQ(symbolized(image, function + 18), "debug_interrupt");
  EXPECT_EQ(symbolized(image, address_of(image, "debug_bare_label") + 1), "debug_bare_label+1");
  EXPECT_EQ(symbolized(image, address_of(image, "debug_bare_label") + 2), "debug_second_label");
  EXPECT_EQ(symbolized(image, address_of(image, "debug_words") + 15), "debug_words+15");
  EXPECT_EQ(symbolized(image, address_of(image, "debug_words") + 16), "");
  EXPECT_EQ(symbolized(image, Address{8}), "");
}

TEST(Image, CanBeMoved) {
  Image image = load_debug_guest("debug_frames");
  const Bytes file(image.file().begin(), image.file().end());
  EXPECT_EQ(file, file_bytes(debug_guest("debug_frames")));
  Image other = load_debug_guest("debug_locals");
  other = std::move(image);
  EXPECT_EQ(other.name(), debug_guest("debug_frames"));
  EXPECT_EQ(symbolized(other, address_of(other, "debug_switch") + 1), "debug_switch+1");
}

TEST(Image, SaysWhatIsWrongWithAFile) {
  const Bytes good = file_bytes(debug_guest("debug_frames"));
  expect_error({}, "it is empty");
  expect_error({'#', '!', '/', 'b', 'i', 'n'}, "not an ELF file");
  expect_error(with_header(good, [](Elf64_Ehdr& h) { h.e_ident[EI_CLASS] = ELFCLASS32; }), "not of 64 bits");
  expect_error(with_header(good, [](Elf64_Ehdr& h) { h.e_ident[EI_DATA] = ELFDATA2MSB; }), "expected x86-64");
  expect_error(with_header(good, [](Elf64_Ehdr& h) { h.e_machine = EM_AARCH64; }), "for machine 183");
  expect_error(with_header(good, [](Elf64_Ehdr& h) { h.e_type = ET_REL; }), "object file");
  expect_error(with_header(good, [](Elf64_Ehdr& h) { h.e_type = ET_DYN; }), "position-independent");
  expect_error(with_header(good, [](Elf64_Ehdr& h) { h.e_type = ET_CORE; }), "ELF type 4");
  expect_error(with_header(good, [](Elf64_Ehdr& h) { h.e_shentsize = 1; }), "damaged ELF header");
  expect_error(with_header(good, [](Elf64_Ehdr& h) { h.e_shoff = h.e_shnum = h.e_shstrndx = 0; }),
               "no section headers");
}

TEST(Image, SaysWhichSectionIsWrong) {
  const Bytes good = file_bytes(debug_guest("debug_frames"));
  const auto text = regions_by_name(load_debug_guest("debug_frames")).at(".text").region.range;
  expect_error(with_section(good, ".data", [&](Elf64_Shdr& s) { s.sh_addr = text.low.value + 4; }), "overlap");
  expect_error(with_section(good, ".data", [](Elf64_Shdr& s) { s.sh_size = 1 << 20; }), ".data ends beyond");
  expect_error(with_section(good, ".bss", [](Elf64_Shdr& s) { s.sh_addr = ~std::uint64_t{0} - 5; }), "wraps around");
  expect_error(with_section(good, ".stack.bob", [](Elf64_Shdr& s) { s.sh_size = std::uint64_t{1} << 40; }),
               ".stack.bob");
  expect_error(with_section(good, ".stack.bob", [](Elf64_Shdr& s) { s.sh_addr -= 2048; }), "overlap");
  expect_error(with_section(with_section(good, ".stack.alice", [](Elf64_Shdr& s) { s.sh_size -= 3000; }), ".stack.bob",
                            [](Elf64_Shdr& s) { s.sh_addr -= 2048; }),
               "share the page");
}

TEST(Image, RefusesFilesThatCannotBeRead) {
  for (const auto& [path, expected] : std::map<std::string, std::string>{{"/no/such/guest", "no such file"},
                                                                         {"/proc", "not a regular file"},
                                                                         {"/proc/self/exe", "dynamically linked"}}) {
    const auto image = Image::load(path);
    ASSERT_FALSE(image.ok()) << path;
    EXPECT_EQ(image.error().message.find(path + ": "), 0U) << image.error().message;
    EXPECT_NE(image.error().message.find(expected), std::string::npos) << image.error().message;
  }
}

TEST(Image, EveryTruncationIsAnError) {
  const Bytes good = file_bytes(debug_guest("debug_frames"));
  std::mt19937_64 random(1);
  for (int i = 0; i < 400; ++i) {
    const std::size_t size = i < 100 ? static_cast<std::size_t>(i) : random() % good.size();
    expect_error({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}, "");
  }
}

TEST(Image, BitFlipsNeverCrash) {
  std::mt19937_64 random(2);
  int errors = 0;
  for (const char* name : {"debug_frames", "debug_locals"}) {
    const Bytes good = file_bytes(debug_guest(name));
    const auto header = read_at<Elf64_Ehdr>(good, 0);
    for (int i = 0; i < 600; ++i) {
      Bytes file = good;
      for (std::uint64_t flips = 1 + random() % 4; flips > 0; --flips) {
        // Half of them into the headers, where they hurt most.
        const std::size_t at =
            i % 2 == 0
                ? random() % file.size()
                : (i % 4 == 1 ? random() % 0x200 : header.e_shoff + random() % (header.e_shnum * sizeof(Elf64_Shdr)));
        file[at] ^= static_cast<std::uint8_t>(1U << (random() % 8));
      }
      const auto image = Image::parse(file, "some/guest");
      if (!image.ok()) {
        ++errors;
        EXPECT_EQ(image.error().message.find("some/guest: "), 0U) << image.error().message;
        continue;
      }
      for (const Symbol& symbol : image->symbols()) EXPECT_NE(symbolized(*image, symbol.address), "");
    }
  }
  EXPECT_GT(errors, 100);
  EXPECT_LT(errors, 1100);
}

}  // namespace
}  // namespace fiberscope::emu
