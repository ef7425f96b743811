// All 924 schedules of two threads of `x=x+1; y=y+x`, each through the guest's own scheduler, timer interrupts and
// switch_to_context, against a model of twelve lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "asm/replay_runtime/replay_runtime.h"
#include "core/builtin_files.h"
#include "emu/added_lines.h"
#include "emu/debug_info.h"
#include "emu/image_patch.h"
#include "emu/machine.h"

namespace fiberscope::core {
namespace {

using emu::Address;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kBodySteps = 6;

struct Program {
  emu::Image image;
  std::vector<emu::ThreadBody> bodies;
  Address variables;
};

emu::Image built_in() {
  const auto file = builtin_file("images/replay_runtime.elf");
  return std::move(emu::Image::parse({file->begin(), file->end()}, "replay_runtime")).value();
}

void put_word(Bytes& code, std::initializer_list<std::uint8_t> opcode, Address operand) {
  code.insert(code.end(), opcode);
  for (int i = 0; i < 4; ++i) code.push_back(static_cast<std::uint8_t>(operand.value >> (8 * i)));
}

/// x=x+1; y=y+x in the textbook's six instructions (Intel SDM vol. 2: MOV, ADD), then ret.
Bytes body_code(Address x, Address y) {
  Bytes code;
  put_word(code, {0x8b, 0x04, 0x25}, x);        // mov eax, [x]
  code.insert(code.end(), {0x83, 0xc0, 0x01});  // add eax, 1
  put_word(code, {0x89, 0x04, 0x25}, x);        // mov [x], eax
  put_word(code, {0x8b, 0x04, 0x25}, y);        // mov eax, [y]
  put_word(code, {0x03, 0x04, 0x25}, x);        // add eax, [x]
  put_word(code, {0x89, 0x04, 0x25}, y);        // mov [y], eax
  return code;
}

Program two_threads() {
  const emu::Image image = built_in();
  emu::ImagePatch patch(image);
  const Address variables = image.symbol("shared_words")->address;
  const Bytes code = body_code(variables, variables + 4);
  Program program{built_in(), {}, variables};
  for (std::uint32_t thread = 1; thread <= 2; ++thread) {
    const Address at = image.symbol("thread_" + std::to_string(thread))->address;
    Bytes with_return = code;
    with_return.push_back(0xc3);
    EXPECT_TRUE(patch.write(at, with_return).ok());
    EXPECT_TRUE(patch.write_word(image.symbol("replay_bodies")->address + 8 * (thread - 1), at.value).ok());
    program.bodies.push_back({thread, {at, at + code.size()}, {}});
  }
  for (std::uint64_t i = 0; i < 2; ++i) {
    const Address entry = image.symbol("replay_variables")->address + sizeof(replay_variable) * i;
    EXPECT_TRUE(patch.write_word(entry, variables.value + 4 * i).ok());
    EXPECT_TRUE(patch.write_word(entry + 8, 4).ok());
    EXPECT_TRUE(patch.write_word(entry + 16, i == 0 ? 'x' : 'y').ok());
  }
  EXPECT_TRUE(patch.add_symbol({"x", variables, 4, false}).ok());
  program.image = std::move(patch.finish("two threads")).value();
  return program;
}

std::vector<emu::ScheduleItem> items_of(const std::vector<std::uint32_t>& threads) {
  std::vector<emu::ScheduleItem> items;
  for (const std::uint32_t thread : threads) {
    if (items.empty() || items.back().thread != thread) items.push_back({thread, 0});
    ++items.back().steps;
  }
  return items;
}

std::array<int, 2> model(const std::vector<std::uint32_t>& threads) {
  int x = 0, y = 0;
  std::array<int, 3> eax{};
  std::array<std::size_t, 3> done{};
  for (const std::uint32_t thread : threads) {
    int& a = eax.at(thread);
    switch (done.at(thread)++) {
      case 0:
        a = x;
        break;
      case 1:
        a += 1;
        break;
      case 2:
        x = a;
        break;
      case 3:
        a = y;
        break;
      case 4:
        a += x;
        break;
      default:
        y = a;
    }
  }
  return {x, y};
}

TEST(Interleaving, EveryScheduleIsFollowedStepByStep) {
  const Program program = two_threads();
  std::vector<std::uint32_t> threads(2 * kBodySteps, 2);
  std::fill_n(threads.begin(), kBodySteps, 1);
  std::map<std::array<int, 2>, int> outcomes;
  do {
    emu::MachineOptions options;
    options.bodies = program.bodies;
    options.schedule = items_of(threads);
    const auto machine = std::move(emu::Machine::boot(program.image, options)).value();
    const emu::Stop stop = machine->run(100'000);
    ASSERT_EQ(stop.reason, emu::Stop::Reason::exited) << stop.message;
    const auto expected = model(threads);
    ASSERT_EQ(machine->console(), "x=" + std::to_string(expected[0]) + " y=" + std::to_string(expected[1]) + "\n");
    ++outcomes[expected];
  } while (std::next_permutation(threads.begin(), threads.end()));
  const std::map<std::array<int, 2>, int> known = {{{1, 1}, 630}, {{1, 2}, 126}, {{2, 1}, 12},
                                                   {{2, 2}, 114}, {{2, 3}, 32},  {{2, 4}, 10}};
  EXPECT_EQ(outcomes, known);
}

TEST(Interleaving, AddedLinesStandBesideTheCompilersOwn) {
  const emu::Image image = built_in();
  emu::ImagePatch patch(image);
  const Address first = image.symbol("thread_1")->address;
  const Address second = image.symbol("thread_2")->address;
  // Lines back and forth, and numbers that take two bytes of LEB128.
  ASSERT_TRUE(
      emu::add_lines(patch,
                     {{"one", "x = 1\ny = 2", {first, first + 300}, {{first, 7}, {first + 3, 1}, {first + 200, 200}}},
                      {"two", "", {second, second + 9}, {{second, 1}, {second + 4, 2}}}})
          .ok());
  const emu::Image changed = std::move(patch.finish("changed")).value();
  const emu::DebugInfo debug(changed);
  const auto line = [&debug](Address at) {
    const auto found = debug.line_at(at);
    return found ? found->file + ":" + std::to_string(found->line) : "";
  };
  EXPECT_EQ(line(first), "one:7");
  EXPECT_EQ(line(first + 2), "one:7");
  EXPECT_EQ(line(first + 3), "one:1");
  EXPECT_EQ(line(first + 299), "one:200");
  EXPECT_EQ(line(first + 300), "");
  EXPECT_EQ(line(second + 8), "two:2");
  EXPECT_EQ(emu::added_sources(changed), (std::map<std::string, std::string>{{"one", "x = 1\ny = 2"}, {"two", ""}}));
  EXPECT_TRUE(emu::added_sources(image).empty());
  const emu::DebugInfo old(image);
  for (const char* name : {"main", "schedule", "switch_to_context", "timer_interrupt"}) {
    const Address at = image.symbol(name)->address;
    ASSERT_TRUE(old.line_at(at)) << name;
    EXPECT_EQ(line(at), old.line_at(at)->file + ":" + std::to_string(old.line_at(at)->line));
  }
}

/// The message of a run that cannot follow its schedule.
std::string refused(const Program& program, std::vector<emu::ScheduleItem> items) {
  emu::MachineOptions options;
  options.bodies = program.bodies;
  options.schedule = std::move(items);
  const auto machine = std::move(emu::Machine::boot(program.image, options)).value();
  const emu::Stop stop = machine->run(100'000);
  return stop.reason == emu::Stop::Reason::schedule ? stop.message : "";
}

TEST(Interleaving, AScheduleThatCannotBeFollowedNamesTheItem) {
  const Program program = two_threads();
  EXPECT_EQ(refused(program, {{1, 6}, {1, 2}}),
            "item 2 of 2, T1x2, cannot be followed: thread 1 is not ready, and another one runs");
  EXPECT_EQ(refused(program, {{3, 1}}),
            "item 1 of 1, T3x1, cannot be followed: thread 3 is not ready, and another one "
            "runs");
  EXPECT_EQ(refused(program, {{1, 6}, {2, 6}, {1, 1}}),
            "item 3 of 3, T1x1, cannot be followed: the threads have come to their end");
  EXPECT_EQ(refused(program, {{1, 9}, {2, 6}}), "item 1 of 2, T1x9, cannot be followed: thread 1 has only 6 steps");
}

TEST(Interleaving, BehindTheLastItemTheGuestGoesOnByItself) {
  const Program program = two_threads();
  emu::MachineOptions options;
  options.bodies = program.bodies;
  options.schedule = {{1, 2}, {2, 4}};
  const auto machine = std::move(emu::Machine::boot(program.image, options)).value();
  ASSERT_EQ(machine->run(100'000).reason, emu::Stop::Reason::exited);
  // The last item ends with a strike like any other; then each thread runs to its end.
  EXPECT_EQ(machine->console(), "x=1 y=" + std::to_string(model({1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 2, 2})[1]) + "\n");
}

}  // namespace
}  // namespace fiberscope::core
