#include "emu/debug_info.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/emu/debug_guest.h"

namespace fiberscope::emu {
namespace {

bool ends_with_file(const std::string& path, const std::string& name) {
  return path.front() == '/' && path.ends_with("/tests/guests/" + name);
}

TEST(DebugInfo, LinesOfAssemblyAreThoseOfItsInstructions) {
  const Image image = load_debug_guest("debug_frames");
  const DebugInfo info(image);
  const int load = line_with("debug_frames.S", "movq %rsi, %rsp");
  const Address point = address_of(image, "debug_switch_point");
  for (const std::uint64_t byte : {0, 1, 2}) {
    const auto line = info.line_at(point + byte);
    ASSERT_TRUE(line.has_value());
    EXPECT_EQ(line->line, load);
    EXPECT_TRUE(ends_with_file(line->file, "debug_frames.S")) << line->file;
  }
  EXPECT_EQ(info.line_at(point + 3)->line, load + 1);
  EXPECT_FALSE(info.line_at(Address{0}).has_value());
  EXPECT_FALSE(info.line_at(address_of(image, "debug_words")).has_value());

  const auto function = image.symbol("debug_switch");
  const auto starts = info.lines_in({function->address, function->address + function->size});
  ASSERT_EQ(starts.size(), 10U) << "one an instruction";
  const std::uint64_t offsets[] = {0, 1, 4, 5, 7, 10, 13, 15, 16, 17};
  for (std::size_t i = 0; i < starts.size(); ++i) EXPECT_EQ(starts[i].address, function->address + offsets[i]);
  EXPECT_EQ(starts[0].line.line, line_with("debug_frames.S", "pushq %rbp"));
  EXPECT_EQ(starts[5].line.line, load);
  EXPECT_TRUE(info.lines_in({function->address + 2, function->address + 4}).empty());
}

TEST(DebugInfo, LinesOfCAreThoseOfItsSource) {
  for (const char* name : {"debug_locals", "debug_locals_optimized", "debug_locals_dwarf2", "debug_locals_dwarf4"}) {
    SCOPED_TRACE(name);
    const Image image = load_debug_guest(name);
    const DebugInfo info(image);
    const auto line = info.line_at(address_of(image, "debug_marker"));
    ASSERT_TRUE(line.has_value());
    EXPECT_EQ(line->line, line_with("debug_locals.c", "/* MARK marker */"));
    for (const char* function : {"debug_scalars", "debug_aggregates", "debug_blocks", "debug_main"}) {
      const Address first = address_of(image, function);
      ASSERT_TRUE(info.line_at(first).has_value()) << function << " where the sequence before it may end";
      EXPECT_EQ(info.line_at(first)->line, line_with("debug_locals.c", std::string(function) + "(", "__attribute__"));
    }
    const auto files = info.source_files();
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0], line->file);
    EXPECT_TRUE(ends_with_file(files[0], "debug_locals.c")) << files[0];
  }
}

TEST(DebugInfo, LineStartsAscendAndAgreeWithLineAt) {
  for (const char* name : {"debug_locals", "debug_locals_optimized", "debug_names", "debug_frames"}) {
    const Image image = load_debug_guest(name);
    const DebugInfo info(image);
    for (const LoadedRegion& loaded : image.regions()) {
      Address before{};
      for (const auto& start : info.lines_in(loaded.region.range)) {
        EXPECT_LT(before, start.address);
        EXPECT_GT(start.line.line, 0);
        EXPECT_EQ(info.line_at(start.address), start.line);
        before = start.address;
      }
    }
  }
}

TEST(DebugInfo, CppFunctionsHaveTheirSourceNamesAndBaseClassesAreFlattened) {
  const Image image = load_debug_guest("debug_names");
  const DebugInfo info(image);
  const FunctionInfo* function = info.function_at(address_of(image, "_ZN4shop4Till3addERKi"));
  ASSERT_NE(function, nullptr);
  EXPECT_EQ(function->name, "add");
  std::map<std::string, LocalCell> cells;
  for (const LocalCell& cell : function->cells) cells.emplace(cell.name, cell);
  ASSERT_EQ(cells.size(), 4U);
  EXPECT_TRUE(cells.at("this").is_parameter);
  EXPECT_EQ(cells.at("amount").size, 8U) << "a reference is a pointer";
  EXPECT_EQ(cells.at("copy.drawer").cfa_offset - cells.at("copy.count").cfa_offset, 8);
  EXPECT_EQ(info.function_at(image.entry())->name, "_start");
}

TEST(DebugInfo, AStrippedFileSaysNothingButHowToUnwind) {
  const Image image = load_debug_guest("debug_locals_stripped");
  const DebugInfo info(image);
  EXPECT_TRUE(image.symbols().empty());
  EXPECT_EQ(info.function_at(image.entry()), nullptr);
  EXPECT_FALSE(info.line_at(image.entry()).has_value());
  EXPECT_TRUE(info.source_files().empty());
  const Image whole = load_debug_guest("debug_locals");
  const DebugInfo whole_info(whole);
  const Address inside = address_of(whole, "debug_scalars") + 4;
  ASSERT_NE(info.unwind_row(inside), nullptr);
  EXPECT_EQ(info.unwind_row(inside)->cfa_register, Register::rbp);
  EXPECT_EQ(info.unwind_row(inside)->cfa_offset, whole_info.unwind_row(inside)->cfa_offset);
}

TEST(DebugInfo, FunctionsWithoutDwarfComeFromTheSymbolTable) {
  const Image image = load_debug_guest("debug_frames_without_dwarf");
  const DebugInfo info(image);
  const Address function = address_of(image, "debug_switch");
  const FunctionInfo* found = info.function_at(function + 12);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->name, "debug_switch");
  EXPECT_EQ(found->range, (AddressRange{function, function + 18}));
  EXPECT_TRUE(found->cells.empty());
  EXPECT_EQ(info.function_at(function), found);
  const Address label = address_of(image, "debug_bare_label");
  EXPECT_EQ(info.function_at(label + 1)->range, (AddressRange{label, label + 2}));
  EXPECT_EQ(info.function_at(address_of(image, "debug_words")), nullptr);
  EXPECT_EQ(info.function_at(Address{0}), nullptr);
}

TEST(DebugInfo, AnImageMayBeMovedUnderIt) {
  Image image = load_debug_guest("debug_locals");
  const DebugInfo info(image);
  const Image moved = std::move(image);
  EXPECT_EQ(info.function_at(address_of(moved, "debug_main"))->name, "debug_main");
  EXPECT_NE(info.function_at(address_of(moved, "debug_snapshot")), nullptr);
}

TEST(DebugInfo, BitFlipsNeverCrash) {
  std::mt19937_64 random(3);
  int opened = 0;
  std::size_t rows = 0, lines = 0, starts = 0, files = 0;
  for (const char* name :
       {"debug_locals_optimized", "debug_locals_dwarf2", "debug_frames_debug_frame", "debug_names"}) {
    const auto good = file_bytes(debug_guest(name));
    for (int i = 0; i < 150; ++i) {
      auto file = good;
      for (std::uint64_t flips = 1 + random() % 8; flips > 0; --flips)
        file[0x1000 + random() % (file.size() - 0x1000)] ^= static_cast<std::uint8_t>(1U << (random() % 8));
      const auto image = Image::parse(file, name);
      if (!image.ok()) continue;
      ++opened;
      const DebugInfo info(*image);
      for (const LoadedRegion& loaded : image->regions()) {
        if (!loaded.region.executable) continue;
        for (Address at = loaded.region.range.low; at < loaded.region.range.low + loaded.contents.size(); at = at + 1) {
          rows += info.unwind_row(at) != nullptr;
          lines += info.line_at(at).has_value();
          const FunctionInfo* function = info.function_at(at);
          EXPECT_TRUE(function == nullptr || function->range.contains(at));
        }
        starts += info.lines_in(loaded.region.range).size();
      }
      files += info.source_files().size();
    }
  }
  EXPECT_GT(opened, 300);
  EXPECT_TRUE(rows > 0 && lines > 0 && starts > 0 && files > 0) << "most flips leave most of it readable";
}

}  // namespace
}  // namespace fiberscope::emu
