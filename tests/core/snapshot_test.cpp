// What the screen says: the snapshot at and around every switch, against the note's own claims and against the raw
// state.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "core/snapshot_builder.h"
#include "core/thread_table.h"
#include "tests/core/event_run.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

class SnapshotTest : public ::testing::Test {
 protected:
  static const StackView& stack(const Snapshot& snapshot, ThreadId id) {
    for (const StackView& view : snapshot.stacks)
      if (view.thread == id) return view;
    throw std::runtime_error("no such stack");
  }

  emu::Image image_ = scenario_image("switch_to_context.elf");
  std::unique_ptr<Trace> trace_ = record(image_);
  Scenario scenario_ = std::move(find_scenario("switch-to-context")).value();
  SnapshotBuilder builder_{*trace_, &scenario_};
};

TEST_F(SnapshotTest, AtEachSwitchRspIsOnTheNewStackAndRbpStillOnTheOldOne) {
  ASSERT_GE(trace_->switches().size(), 12U);
  for (const Switch& entry : trace_->switches()) {
    const Snapshot snapshot = builder_.build(entry.step);
    ASSERT_EQ(snapshot.rsp_thread, entry.to) << "step " << entry.step.value;
    ASSERT_EQ(snapshot.rbp_thread, entry.from) << "step " << entry.step.value;
    ASSERT_EQ(snapshot.thread, entry.from);
    ASSERT_EQ(snapshot.on_cpu, entry.to);
    ASSERT_EQ(snapshot.instruction->att, "movq %rsi, %rsp");
    ASSERT_EQ(snapshot.instruction->address, image_.symbol("switch_point")->address);
    // rbp points at the cell that holds the leaving thread's saved rbp, in its frame of switch_to_context.
    const StackView& left = stack(snapshot, *entry.from);
    ASSERT_EQ(left.frames.back().function, "switch_to_context");
    ASSERT_EQ(left.frames.back().saved_rbp_at->value, snapshot.registers[emu::Register::rbp]);
    for (const StackView& view : snapshot.stacks) {
      ASSERT_TRUE(view.chain_complete) << "step " << entry.step.value;
      const std::string outermost = view.thread.value == 0 ? "_start" : "thread_entry";
      ASSERT_EQ(view.frames.front().function, outermost);
    }
    ASSERT_NE(snapshot.caption.sentence.find("rsp moved to"), std::string::npos) << snapshot.caption.sentence;
    ASSERT_EQ(snapshot.caption.sentence.find('{'), std::string::npos) << snapshot.caption.sentence;
  }
}

TEST_F(SnapshotTest, CellsTileTheStackAndSayWhatMemoryHolds) {
  for (std::uint64_t cursor = 0; cursor <= trace_->steps().value; cursor += 7) {
    const Snapshot snapshot = builder_.build(StepIndex{cursor});
    const MachineState& state = trace_->state_at(StepIndex{cursor});
    ASSERT_EQ(snapshot.registers, state.registers);
    for (const StackView& view : snapshot.stacks) {
      emu::Address expected = view.range.high;
      for (const Cell& cell : view.cells) {
        ASSERT_EQ(cell.address + cell.size, expected) << "step " << cursor;
        expected = cell.address;
        ASSERT_EQ(cell.value, *state.memory.read(cell.address, cell.size));
        ASSERT_EQ(cell.live, cell.address >= view.rsp);
        ASSERT_FALSE(cell.role == CellRole::never_written && cell.written_at.has_value());
      }
      ASSERT_EQ(view.range.low + view.omitted * 8, expected) << "step " << cursor << ": omitted cells";
    }
  }
}

TEST_F(SnapshotTest, SavedRegistersSayWhoseValueTheyHold) {
  // The producer keeps its count in rbx, the consumer its sum: a fact of the program's source.
  std::set<std::string> owners;
  for (const Switch& entry : trace_->switches())
    for (const StackView& view : builder_.build(entry.step).stacks)
      for (const Cell& cell : view.cells)
        if (cell.symbol == "saved rbx") owners.insert(cell.owner);
  EXPECT_TRUE(owners.contains("producer's made"));
  EXPECT_TRUE(owners.contains("consumer's sum"));
}

TEST_F(SnapshotTest, AnOwnerIsALocalThatLivesInTheRegisterAndNothingElse) {
  for (const Switch& entry : trace_->switches()) {
    for (const StackView& view : builder_.build(entry.step).stacks) {
      for (const Cell& cell : view.cells) {
        // No compiler keeps anything there at -O0: a caller's name would say that somebody does.
        const bool nobodys = cell.symbol == "saved r12" || cell.symbol == "saved r15";
        EXPECT_TRUE(!nobodys || cell.owner.empty()) << entry.step.value << ": " << cell.owner;
        EXPECT_TRUE(cell.owner.empty() || cell.owner.find("'s ") != std::string::npos) << cell.owner;
      }
    }
  }
}

TEST_F(SnapshotTest, TheCellThatTheNextStepWritesIsListedWithWhatMemoryHolds) {
  std::size_t below = 0;
  for (std::uint64_t cursor = 0; cursor < trace_->steps().value; ++cursor) {
    const Snapshot snapshot = builder_.build(StepIndex{cursor});
    for (const MemoryAccess& access : snapshot.next_accesses) {
      for (const StackView& view : snapshot.stacks) {
        if (!access.is_write || !view.range.contains(access.address)) continue;
        const auto cell = std::find_if(view.cells.begin(), view.cells.end(), [&](const Cell& c) {
          return c.address <= access.address && access.address < c.address + c.size;
        });
        ASSERT_NE(cell, view.cells.end()) << "step " << cursor;
        ASSERT_EQ(cell->value, *trace_->state_at(StepIndex{cursor}).memory.read(cell->address, cell->size));
        ASSERT_EQ(cell->written_at, trace_->last_write(cell->address, cell->size, StepIndex{cursor}));
        if (cell->role == CellRole::never_written && cell->address < view.rsp) ++below;
      }
    }
  }
  EXPECT_GT(below, 10U) << "no step writes where nothing was";
}

TEST_F(SnapshotTest, AMoveIsWhatTheInstructionSaysAndWhatTheStatesShow) {
  std::set<std::string> kinds;
  for (std::uint64_t cursor = 1; cursor <= trace_->steps().value; ++cursor) {
    const emu::RegisterFile before = trace_->state_at(StepIndex{cursor - 1}).registers;
    const Snapshot now = builder_.build(StepIndex{cursor});
    const std::string mnemonic = now.instruction->intel.substr(0, now.instruction->intel.find(' '));
    const bool must =
        mnemonic == "push" || mnemonic == "pop" || mnemonic == "call" || mnemonic == "ret" || mnemonic == "leave";
    const bool may = must || mnemonic == "mov" || mnemonic == "movabs" || mnemonic == "movzx";
    ASSERT_TRUE(may || !now.moved) << now.instruction->intel;
    if (!now.moved) {
      // An immediate comes from no place.
      ASSERT_TRUE(!must || now.instruction->intel.rfind("push 0x", 0) == 0) << now.instruction->intel;
      continue;
    }
    const Move& move = *now.moved;
    ASSERT_NE(move.from_register.has_value(), move.from_memory.has_value());
    ASSERT_NE(move.to_register.has_value(), move.to_memory.has_value());
    kinds.insert(mnemonic);
    const std::uint64_t mask = move.size >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * move.size)) - 1;
    std::uint64_t source = 0;
    if (move.from_memory) source = *trace_->state_at(StepIndex{cursor - 1}).memory.read(*move.from_memory, move.size);
    // What a call pushes is rip behind the instruction.
    else if (move.from_register == emu::Register::rip)
      source = now.instruction->address.value + now.instruction->bytes.size();
    else
      source = before[*move.from_register] & mask;
    ASSERT_EQ(move.value, source) << "step " << cursor << ": " << now.instruction->intel;
    const std::uint64_t target = move.to_register
                                     ? now.registers[*move.to_register]
                                     : *trace_->state_at(StepIndex{cursor}).memory.read(*move.to_memory, move.size);
    ASSERT_EQ(target, move.value) << "step " << cursor << ": " << now.instruction->intel;
  }
  for (const char* kind : {"push", "pop", "call", "ret", "leave", "mov"}) EXPECT_TRUE(kinds.contains(kind)) << kind;
}

TEST_F(SnapshotTest, EveryInstructionOfTheRoutineHasItsOwnCaption) {
  const auto routine = *image_.symbol("switch_to_context");
  std::set<std::uint64_t> seen;
  for (std::uint64_t cursor = 1; cursor <= trace_->steps().value; ++cursor) {
    const std::uint64_t rip = trace_->effects_of(StepIndex{cursor}).rip_before;
    if (rip < routine.address.value || rip >= routine.address.value + routine.size) continue;
    seen.insert(rip);
    const Snapshot snapshot = builder_.build(StepIndex{cursor});
    ASSERT_NE(scenario_.caption_for("switch_to_context", snapshot.instruction->att), nullptr)
        << snapshot.instruction->att;
    ASSERT_EQ(snapshot.caption.sentence.find('?'), std::string::npos) << snapshot.caption.sentence;
  }
  EXPECT_EQ(seen.size(), 16U);  // the note's listing
}

TEST_F(SnapshotTest, LastWritesAgreeWithAWalkOverTheWholeTrace) {
  std::map<std::uint64_t, std::uint64_t> writer;  // of each byte
  std::map<emu::Register, std::uint64_t> register_changed;
  for (std::uint64_t cursor = 1; cursor <= trace_->steps().value; ++cursor) {
    for (const MemoryChange& change : trace_->effects_of(StepIndex{cursor}).memory)
      for (std::uint64_t byte = 0; byte < change.size; ++byte) writer[change.address.value + byte] = cursor;
    for (const RegisterChange& change : trace_->effects_of(StepIndex{cursor}).registers)
      register_changed[change.reg] = cursor;
    if (cursor % 97 != 0) continue;
    for (const auto& [byte, step] : writer)
      ASSERT_EQ(trace_->last_write(emu::Address{byte}, 1, StepIndex{cursor}), StepIndex{step})
          << "step " << cursor << ", byte " << byte;
    for (const auto& [reg, step] : register_changed) {
      const auto last = trace_->last_write(reg, StepIndex{cursor});
      // A write of the value that was there counts too: never earlier than the last change.
      ASSERT_TRUE(last.has_value());
      ASSERT_GE(last->value, step);
      ASSERT_LE(last->value, cursor);
    }
  }
}

TEST_F(SnapshotTest, NextAndPreviousAccessMeetEachOther) {
  const emu::Address cell = image_.symbol("thread_table")->address + 12;  // main's state byte
  std::vector<StepIndex> accesses;
  for (auto step = trace_->next_access(cell, 1, StepIndex{0}); step; step = trace_->next_access(cell, 1, *step))
    accesses.push_back(*step);
  ASSERT_GT(accesses.size(), 4U);
  std::vector<StepIndex> back;
  for (auto step = trace_->previous_access(cell, 1, trace_->steps() + 1); step;
       step = trace_->previous_access(cell, 1, *step))
    back.push_back(*step);
  std::reverse(back.begin(), back.end());
  EXPECT_EQ(back, accesses);
}

TEST(SnapshotOfEvents, CaptionTellsTheStepAndThenItsInterrupts) {
  EventRun run = record_events();
  SnapshotBuilder builder(*run.trace, nullptr);
  // xor ebp, ebp set the zero flag; the interrupt behind it cleared it again and went to main.
  const Snapshot snapshot = builder.build(StepIndex{1});
  EXPECT_EQ(snapshot.registers[emu::Register::rflags], 2U);
  EXPECT_EQ(snapshot.caption.sentence.rfind("Only the flags changed: zero 1", 0), 0U) << snapshot.caption.sentence;
  EXPECT_NE(snapshot.caption.sentence.find("Then: interrupt 32 delivered"), std::string::npos)
      << snapshot.caption.sentence;
  ASSERT_EQ(snapshot.events.size(), 2U);
  // The instruction at rip is the one that really runs next, not the interrupted one.
  EXPECT_EQ(snapshot.next->symbol, "main");
  // rsp moved to the other thread's stack by the interrupt, not by the instruction.
  ASSERT_TRUE(snapshot.switched.has_value());
  EXPECT_EQ(snapshot.switched->reason, SwitchReason::timer);
  EXPECT_EQ(snapshot.on_cpu, ThreadId{1});
}

TEST(StackOwner, AtATopThatIsAnothersBottomTheLastOwnerKeepsIt) {
  Thread low;
  low.id = ThreadId{1};
  low.stack = {emu::Address{0x1000}, emu::Address{0x2000}};
  Thread high;
  high.id = ThreadId{2};
  high.stack = {emu::Address{0x2000}, emu::Address{0x3000}};
  const std::vector<Thread> threads{low, high};
  EXPECT_EQ(stack_owner(threads, emu::Address{0x2000}), ThreadId{2});
  EXPECT_EQ(stack_owner(threads, emu::Address{0x2000}, ThreadId{1}), ThreadId{1});
  EXPECT_EQ(stack_owner(threads, emu::Address{0x2000}, ThreadId{2}), ThreadId{2});
  EXPECT_EQ(stack_owner(threads, emu::Address{0x3000}), ThreadId{2});
  EXPECT_EQ(stack_owner(threads, emu::Address{0x3008}), std::nullopt);
  EXPECT_EQ(stack_owner(threads, emu::Address{0x1ff8}, ThreadId{2}), ThreadId{1});
}

}  // namespace
}  // namespace fiberscope::core
