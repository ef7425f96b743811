// Address spaces against a brute-force model: every space has bytes of its own, whoever shares which frame.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <memory>
#include <set>
#include <vector>

#include "emu/linux_frames.h"
#include "emu/linux_memory.h"
#include "emu/linux_page_tables.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kPages = 4;
constexpr Address kData{0x400000};
constexpr std::uint64_t kPoolFrames = 64;

struct NoPorts final : PortBus {
  std::uint32_t in(std::uint16_t, unsigned) override { return 0; }
  void out(std::uint16_t, unsigned, std::uint32_t) override {}
  std::uint64_t time_stamp() override { return 0; }
};

/// A machine's memory with four pages of data, and what spaces live on.
struct Spaces {
  Memory memory;
  Memory pristine;
  NoPorts ports;
  LinuxProgram program;
  std::unique_ptr<Cpu> cpu;
  std::unique_ptr<LinuxFrames> frames;
  std::unique_ptr<LinuxTableRoom> tables;

  Spaces() {
    const auto add = [this](const char* name, std::uint64_t low, std::uint64_t size, bool usable) {
      LoadedRegion region;
      region.region = {name, RegionKind::data, {Address{low}, Address{low + size}}, usable, usable, false};
      if (usable) region.contents.assign(size, 7);
      if (!memory.add(region)) throw std::runtime_error(name);
      return region.region.range;
    };
    add(".data", kData.value, kPages * kPageSize, true);
    program.heap = add("heap", 0x500000, kPageSize, true);
    program.mappings = add("mappings", 0x600000, kPageSize, true);
    program.frames = add("frames", 0x700000, kPoolFrames * kPageSize, false);
    program.kernel = add("kernel", 0x800000, 1 << 20, false);
    pristine = memory;
    auto made = Cpu::create(memory, ports, Privilege::user);
    if (!made) throw std::runtime_error(made.error().message);
    cpu = std::make_unique<Cpu>(std::move(made).value());
    frames = std::make_unique<LinuxFrames>(memory, *cpu, program.frames, program.kernel);
    tables = std::make_unique<LinuxTableRoom>(*frames);
  }
  [[nodiscard]] LinuxPhysicalMemory physical() const { return {*frames, *tables, pristine}; }
};

using Contents = std::array<std::uint8_t, kPages>;  ///< the first byte of each page; all the others stay 7

struct Space {
  std::unique_ptr<LinuxMemory> memory;
  Contents contents{7, 7, 7, 7};
};

RC_GTEST_PROP(LinuxSpaces, HoldTheirOwnBytes, ()) {
  Spaces machine;
  std::vector<Space> spaces;
  spaces.push_back({std::make_unique<LinuxMemory>(machine.physical(), machine.program, 0U), {7, 7, 7, 7}});
  spaces.front().memory->load();
  std::size_t loaded = 0;
  std::uint32_t number = 0;
  const int moves = *rc::gen::inRange(1, 40);
  for (int i = 0; i < moves; ++i) {
    const std::size_t who = *rc::gen::inRange<std::size_t>(0, spaces.size());
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        if (spaces.size() >= 8) break;
        spaces.push_back({spaces[who].memory->fork(++number), spaces[who].contents});
        break;
      case 1:
        if (spaces.size() < 2 || who == loaded) break;
        spaces.erase(spaces.begin() + static_cast<std::ptrdiff_t>(who));
        if (loaded > who) --loaded;
        break;
      case 2:
        spaces[loaded].memory->unload();
        loaded = who;
        machine.frames->lay_out(spaces[who].memory->moved());
        spaces[who].memory->load();
        break;
      default: {
        const auto page = *rc::gen::inRange<std::uint64_t>(0, kPages);
        const auto byte = *rc::gen::arbitrary<std::uint8_t>();
        RC_ASSERT(spaces[who].memory->write(kData + page * kPageSize, {&byte, 1}));
        spaces[who].contents[page] = byte;
      }
    }
    // What the engine sees is the loaded space, as soon as it is laid out.
    machine.frames->lay_out(spaces[loaded].memory->moved());
    std::set<std::uint64_t> frames;
    std::uint32_t users = 0;
    for (const Space& space : spaces) {
      for (std::uint64_t page = 0; page < kPages; ++page) {
        const Address at = kData + page * kPageSize;
        const auto bytes = space.memory->read(at, kPageSize);
        RC_ASSERT(bytes.has_value());
        RC_ASSERT((*bytes)[0] == space.contents[page]);
        RC_ASSERT((*bytes)[1] == 7);
        const LinuxMemory::Page& entry = space.memory->pages().at(at.value);
        if (frames.insert(entry.frame.value).second) users += machine.frames->users(entry.frame);
        // Nobody can write to what another one has too.
        RC_ASSERT(machine.frames->users(entry.frame) == 1 || entry.copy_on_write);
      }
    }
    RC_ASSERT(users == spaces.size() * kPages);
    for (std::uint64_t page = 0; page < kPages; ++page)
      RC_ASSERT(machine.memory.read(kData + page * kPageSize, 1) == spaces[loaded].contents[page]);
  }
  spaces.clear();
  RC_ASSERT(machine.frames->free_in_pool() == kPoolFrames);
}

TEST(LinuxSpaces, WithoutRoomNothingIsDone) {
  Spaces machine;
  LinuxMemory first(machine.physical(), machine.program, 0);
  std::vector<std::unique_ptr<LinuxMemory>> others;
  while (auto copy = first.fork(1)) others.push_back(std::move(copy));
  EXPECT_GT(others.size(), 3U) << "one page of tables a level";
  EXPECT_LT(machine.tables->left(), first.tables().pages());
  const std::size_t left = machine.tables->left();
  others.pop_back();
  EXPECT_EQ(machine.tables->left(), left + first.tables().pages());
  EXPECT_NE(first.fork(1), nullptr);
}

}  // namespace
}  // namespace fiberscope::emu
