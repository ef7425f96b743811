// Processes of note 002: what the kernel's books say at each moment, against what was worked out by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/space_data.h"
#include "emu/debug_info.h"
#include "tests/scenarios/scenario_run.h"

namespace fiberscope::tests {
namespace {

using core::SpaceData;
using core::StepIndex;

constexpr std::uint64_t kClone = 56;
constexpr std::uint64_t kExecve = 59;

/// The steps behind which this system call was answered, or began to wait.
std::vector<StepIndex> calls(const core::Trace& trace, std::uint64_t number) {
  std::vector<StepIndex> steps;
  for (const core::EventRecord& record : trace.events())
    if (record.event.kind == emu::EventKind::system_call && record.event.vector == number)
      steps.push_back(record.event.step);
  return steps;
}

class Fork : public testing::Test {
 protected:
  core::Trace& trace = *scenario_run("process-fork-cow").trace;
  emu::Address pages = trace.image().symbol("pages")->address;

  SpaceData at(StepIndex cursor) { return *core::make_space_data(trace, cursor); }
  const SpaceData::Page& page(const SpaceData::Space& space, std::uint64_t number) const {
    const auto found = std::find_if(space.pages.begin(), space.pages.end(), [&](const SpaceData::Page& candidate) {
      return candidate.page == (pages + number * 4096).value;
    });
    return *found;
  }
  /// Different frames behind the five pages of all spaces.
  std::size_t frames(const SpaceData& data) const {
    std::set<std::uint64_t> different;
    for (const SpaceData::Space& space : data.spaces)
      for (std::uint64_t number = 0; number < 5; ++number) different.insert(page(space, number).frame);
    return different.size();
  }
};

TEST_F(Fork, CopiesTablesAndNoPage) {
  const StepIndex fork = calls(trace, kClone).front();
  const SpaceData before = at(fork - 1);
  const SpaceData after = at(fork);
  ASSERT_EQ(before.spaces.size(), 1U);
  ASSERT_EQ(after.spaces.size(), 2U);
  EXPECT_EQ(after.frames, before.frames);
  EXPECT_EQ(after.shared_frames, before.frames);
  EXPECT_EQ(after.copies, 0U);
  // Addresses around 0x400000 and a stack below 0x7fffffffe000: two entries of level 4, a table of each level for
  // both.
  const std::array<std::uint32_t, 4> tables{1, 2, 2, 2};
  for (const SpaceData::Space& space : after.spaces) EXPECT_EQ(space.tables, tables) << space.number;
  EXPECT_EQ(after.spaces[1].parent, 0U);
  for (std::uint64_t number = 0; number < 5; ++number) {
    EXPECT_TRUE(page(before.spaces[0], number).is_writable());
    EXPECT_EQ(page(before.spaces[0], number).users, 1U);
    for (const SpaceData::Space& space : after.spaces) {
      EXPECT_FALSE(page(space, number).is_writable()) << "writable=0 on both sides";
      EXPECT_TRUE(page(space, number).awaits_copy());
      EXPECT_EQ(page(space, number).users, 2U);
      EXPECT_EQ(page(space, number).frame, page(before.spaces[0], number).frame);
    }
  }
  // What nobody may write needs no mark.
  for (const SpaceData::Page& other : after.spaces[1].pages) {
    if (other.region != ".text") continue;
    EXPECT_FALSE(other.awaits_copy());
  }
}

/// First writes, as the program makes them: child 0 and 1, parent 1 and 2, child 2 and 3, parent 4 when the child has
/// ended.
TEST_F(Fork, SevenFirstWritesAreFourCopies) {
  struct Write {
    std::uint32_t space;
    std::uint64_t page;
    bool copies;
    std::size_t frames;  ///< behind it
  };
  constexpr Write kByHand[] = {{1, 0, true, 6},  {1, 1, true, 7}, {0, 1, false, 7}, {0, 2, true, 8},
                               {1, 2, false, 8}, {1, 3, true, 9}, {0, 4, false, 5}};
  std::vector<SpaceData::Copy> copies;
  for (const core::EventRecord& record : trace.events()) {
    if (record.event.kind != emu::EventKind::page_copy) continue;
    const SpaceData data = at(record.event.step);
    ASSERT_TRUE(data.last_copy.has_value());
    const std::uint64_t number = (data.last_copy->page - pages.value) / 4096;
    if (data.last_copy->page < pages.value || number >= 5) continue;  // a stack
    const std::size_t index = copies.size();
    ASSERT_LT(index, std::size(kByHand));
    EXPECT_EQ(data.last_copy->space, kByHand[index].space) << index;
    EXPECT_EQ(number, kByHand[index].page) << index;
    EXPECT_EQ(data.last_copy->was_copied, kByHand[index].copies) << index;
    EXPECT_EQ(frames(data), kByHand[index].frames) << index;
    for (const SpaceData::Space& space : data.spaces)
      if (space.number == kByHand[index].space) {
        EXPECT_TRUE(page(space, number).is_writable());
        EXPECT_EQ(page(space, number).users, 1U);
      }
    copies.push_back(*data.last_copy);
  }
  EXPECT_EQ(copies.size(), std::size(kByHand));
  const SpaceData end = at(trace.steps());
  EXPECT_EQ(end.copies, 5U) << "four of data, and the parent's page of the stack";
}

/// Each side finds its own letters at the same address.
TEST_F(Fork, TheContentsAreApart) {
  const StepIndex exit = calls(trace, 60).front();
  const auto letters = [&](std::uint32_t space) {
    const core::MachineState& state = trace.state_at(exit - 1);
    const core::Trace::Look look(trace, space);
    std::string text;
    for (std::uint64_t number = 0; number < 5; ++number)
      text += static_cast<char>(state.memory.read(pages + number * 4096, 1).value_or('?'));
    return text;
  };
  EXPECT_EQ(letters(1), "ccccp");
  EXPECT_EQ(letters(0), "pqqpp");
  EXPECT_EQ(letters(1), "ccccp") << "looking changes nothing";
}

TEST(Vfork, CopiesNothingAndExecMakesASpace) {
  core::Trace& trace = *scenario_run("process-vfork-exec").trace;
  for (const core::EventRecord& record : trace.events()) EXPECT_NE(record.event.kind, emu::EventKind::page_copy);
  const StepIndex vfork = calls(trace, kClone).front();
  const SpaceData before = *core::make_space_data(trace, vfork - 1);
  const SpaceData lent = *core::make_space_data(trace, vfork);
  ASSERT_EQ(lent.spaces.size(), 1U);
  EXPECT_EQ(lent.spaces[0].users, 2U);
  EXPECT_EQ(lent.frames, before.frames);
  EXPECT_EQ(lent.shared_frames, 0U);
  EXPECT_EQ(lent.tasks[0].state, emu::LinuxBookTask::waiting);
  EXPECT_EQ(lent.made_by[1], "CLONE_VFORK | CLONE_VM | SIGCHLD");
  const StepIndex execve = calls(trace, kExecve).front();
  const SpaceData anew = *core::make_space_data(trace, execve);
  ASSERT_EQ(anew.spaces.size(), 2U);
  EXPECT_EQ(anew.spaces[0].users, 1U);
  EXPECT_FALSE(anew.spaces[1].parent.has_value());
  EXPECT_EQ(anew.tasks[0].state, emu::LinuxBookTask::ready) << "the parent goes on";
  // The child wrote in its parent's memory; the program begun anew has what the file says.
  const emu::Address balance = trace.image().symbol("balance")->address;
  const core::MachineState& state = trace.state_at(execve);
  EXPECT_EQ(state.memory.read(balance, 8), 100U);
  const core::Trace::Look look(trace, 0);
  EXPECT_EQ(state.memory.read(balance, 8), 175U);
}

TEST(CloneFlags, TheBooksSayWhatIsShared) {
  core::Trace& trace = *scenario_run("process-clone-flags").trace;
  const SpaceData data = *core::make_space_data(trace, trace.steps());
  ASSERT_EQ(data.tasks.size(), 5U);
  const emu::LinuxBookTask& parent = data.tasks[0];
  struct Shared {
    bool memory, files, filesystem, handlers, process;
  };
  // LinuxThreads, fork, vfork, CLONE_THREAD: by their flags (clone(2)).
  constexpr Shared kByFlags[] = {{true, true, true, true, false},
                                 {false, false, false, false, false},
                                 {true, false, false, false, false},
                                 {true, true, true, true, true}};
  for (std::size_t i = 0; i < std::size(kByFlags); ++i) {
    const emu::LinuxBookTask& task = data.tasks[i + 1];
    EXPECT_EQ(task.space == parent.space, kByFlags[i].memory) << i;
    EXPECT_EQ(task.files == parent.files, kByFlags[i].files) << i;
    EXPECT_EQ(task.filesystem == parent.filesystem, kByFlags[i].filesystem) << i;
    EXPECT_EQ(task.handlers == parent.handlers, kByFlags[i].handlers) << i;
    EXPECT_EQ(task.process == parent.process, kByFlags[i].process) << i;
    EXPECT_EQ(task.id, parent.id + i + 1) << i;
    EXPECT_EQ(task.state, emu::LinuxBookTask::finished) << i;
  }
  EXPECT_EQ(data.made_by[1], "CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND");
  EXPECT_EQ(data.made_by[2], "SIGCHLD");
}

/// Whatever was asked before, a cursor's state is the same: pages of another space are put back.
TEST(ProcessSeeks, GiveTheSameStateInAnyOrder) {
  core::Trace& trace = *scenario_run("process-fork-cow").trace;
  std::vector<core::MachineState> states;
  for (StepIndex at; at <= trace.steps(); at = at + 1) states.push_back(trace.state_at(at));
  std::uint64_t random = 1;
  const auto next = [&] {
    random = random * 6364136223846793005U + 1442695040888963407U;
    return StepIndex{(random >> 33) % (trace.steps().value + 1)};
  };
  for (int i = 0; i < 400 && !testing::Test::HasFailure(); ++i) {
    const StepIndex at = next();
    const std::uint64_t what = (random >> 20) % 4;
    if (what == 0) trace.last_write(emu::Address{0x7fffffffdd00 + (random >> 40) % 512}, 8, at, (random >> 18) % 2);
    if (what == 1 && at.value > 0) trace.effects_of(at);
    if (what == 2) trace.last_write(emu::Address{0x7fffffffdd00 + (random >> 40) % 512}, 8, at);
    const StepIndex then = next();
    ASSERT_TRUE(trace.state_at(then) == states[then.value])
        << "cursor " << then.value << " behind " << what << " of " << at.value;
  }
}

/// A row of clone_call's call frame information is the same whatever was looked up before; some of it is remembered and
/// restored (.cfi_restore_state).
TEST(ProcessChains, RowsDoNotDependOnTheOrderOfQuestions) {
  const emu::Image& image = scenario_run("process-fork-cow").trace->image();
  const emu::Symbol routine = *image.symbol("clone_call");
  const auto rule_at = [](const emu::DebugInfo& debug, emu::Address at) {
    return debug.unwind_row(at)->rules[emu::slot(emu::Register::rip)].kind;
  };
  std::set<emu::RegisterRule::Kind> kinds;
  for (std::uint64_t first = 0; first < routine.size; ++first) {
    const emu::DebugInfo debug(image);
    rule_at(debug, routine.address + first);
    for (std::uint64_t offset = 0; offset < routine.size; ++offset) {
      const emu::DebugInfo fresh(image);
      const auto expected = rule_at(fresh, routine.address + offset);
      ASSERT_EQ(rule_at(debug, routine.address + offset), expected) << first << ", then " << offset;
      kinds.insert(expected);
    }
  }
  EXPECT_EQ(kinds.size(), 2U);
}

}  // namespace
}  // namespace fiberscope::tests
