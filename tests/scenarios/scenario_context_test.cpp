// The objects that a switch saves into, against the guests' headers, their registers and what they say themselves; and
// the handoffs, against the windows from user code to user code.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

#include "asm/runtime/tcb.h"
#include "core/context_object.h"
#include "core/handoff.h"
#include "core/snapshot_builder.h"
#include "core/switch_window.h"
#include "tests/scenarios/scenario_run.h"

namespace fiberscope::tests {
namespace {

using core::ContextField;
using core::ContextObject;
using core::StepIndex;
using emu::Register;

std::vector<ContextObject> objects_at(ScenarioRun& run, StepIndex step) {
  core::SnapshotBuilder builder(*run.trace, &run.scenario(), "en");
  return core::context_objects(*run.trace, builder.build(step), &run.scenario());
}

const ContextObject* named(const std::vector<ContextObject>& objects, const std::string& name) {
  const auto found =
      std::find_if(objects.begin(), objects.end(), [&](const ContextObject& object) { return object.name == name; });
  return found == objects.end() ? nullptr : &*found;
}

const ContextField& field(const ContextObject& object, const std::string& name) {
  const auto found = std::find_if(object.fields.begin(), object.fields.end(),
                                  [&](const ContextField& entry) { return entry.name == name; });
  if (found == object.fields.end()) throw std::runtime_error(object.name + " has no " + name);
  return *found;
}

/// The step that ran the last instruction of the function with this text (AT&T) at or before the cursor.
StepIndex last_of(ScenarioRun& run, const std::string& function, const std::string& text) {
  core::SnapshotBuilder builder(*run.trace, &run.scenario(), "en");
  for (StepIndex step = run.trace->steps(); step.value > 0; step = step - 1) {
    const core::StepTemplate& ran = run.trace->templates()[run.trace->effects_of(step).instruction];
    const auto symbol = run.trace->image().symbol_at(emu::Address{ran.address});
    if (!symbol || symbol->name != function) continue;
    const core::Snapshot snapshot = builder.build(step);
    if (snapshot.instruction && snapshot.instruction->att == text) return step;
  }
  throw std::runtime_error(function + " never ran " + text);
}

TEST(Contexts, AControlBlockIsLaidOutAsItsHeaderSays) {
  ScenarioRun& run = scenario_run("switch-to-context");
  const StepIndex at = run.trace->switches().at(5).step;
  const auto objects = objects_at(run, at);
  const ContextObject* block = named(objects, "thread_table[1]");
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(block->size, sizeof(tcb));
  EXPECT_EQ(block->alignment, alignof(tcb));
  EXPECT_EQ(block->thread, core::ThreadId{1});
  EXPECT_EQ(field(*block, "saved_rsp").offset, offsetof(tcb, saved_rsp));
  EXPECT_EQ(field(*block, "state").offset, offsetof(tcb, state));
  EXPECT_EQ(field(*block, "priority").offset, offsetof(tcb, priority));
  EXPECT_EQ(field(*block, "name").text, "\"producer\"");
  EXPECT_EQ(field(*block, "stack_size").offset, offsetof(tcb, stack_size));
  EXPECT_EQ(field(*block, "resume").offset, offsetof(tcb, resume));
  const emu::Memory& memory = run.trace->state_at(at).memory;
  for (const ContextField& entry : block->fields) {
    if (entry.size <= 8) {
      EXPECT_EQ(entry.value, memory.read(entry.address, entry.size)) << entry.name;
    }
  }
  EXPECT_EQ(named(objects, "thread_table[9]"), nullptr) << "nobody ever used it";
}

TEST(Contexts, AParkedStackKeepsWhatTheRoutinePushed) {
  ScenarioRun& run = scenario_run("switch-to-context");
  // pushq %rbp, %rbx, %r12 … %r15 lie from high to low below the return address: at r15 the saved rsp points.
  const core::Switch& entry = run.trace->switches().at(5);
  const auto objects = objects_at(run, entry.step);
  const auto frame = std::find_if(objects.begin(), objects.end(), [&](const ContextObject& object) {
    return object.kind == ContextObject::Kind::stack_frame && object.thread == entry.from;
  });
  ASSERT_NE(frame, objects.end());
  std::vector<std::string> names;
  for (const ContextField& entry_field : frame->fields) names.push_back(entry_field.name);
  EXPECT_EQ(names, (std::vector<std::string>{"r15", "r14", "r13", "r12", "rbx", "rbp", "rip"}));
  const core::MachineState& before = run.trace->state_at(entry.step - 1);
  EXPECT_EQ(frame->address.value, before.registers[Register::rsp]);
  for (const Register reg : {Register::r12, Register::r13, Register::r14, Register::r15, Register::rbx})
    EXPECT_EQ(field(*frame, std::string(emu::register_name(reg))).value, before.registers[reg]);
  EXPECT_FALSE(frame->never_ran);
  const auto first = objects_at(run, run.trace->switches().front().step - 1);
  EXPECT_TRUE(std::any_of(first.begin(), first.end(), [](const ContextObject& object) { return object.never_ran; }))
      << "before the first switch some frame is built by hand";
}

TEST(Contexts, AJumpBufferIsDemangledToWhatTheGuestSawItself) {
  ScenarioRun& run = scenario_run("userthread-jmp-buf");
  const emu::Address note = run.trace->image().symbol("note")->address;
  const emu::Memory memory = run.trace->state_at(run.trace->steps()).memory;
  const auto objects = objects_at(run, run.trace->steps());
  const ContextObject* own = named(objects, "own_context");
  ASSERT_NE(own, nullptr);
  EXPECT_EQ(own->kind, ContextObject::Kind::jump_buffer);
  EXPECT_EQ(field(*own, "rbp").plain, memory.read(note, 8));
  EXPECT_EQ(field(*own, "rsp").plain, memory.read(note + 8, 8));
  EXPECT_EQ(field(*own, "rip").plain, memory.read(note + 16, 8));
  for (const char* mangled : {"rbp", "rsp", "rip"}) EXPECT_NE(field(*own, mangled).plain, field(*own, mangled).value);
  for (const char* plain : {"rbx", "r12", "r13", "r14", "r15"}) EXPECT_FALSE(field(*own, plain).plain) << plain;
  EXPECT_EQ(field(*own, "rsp").meaning, "stack of sleeper");
  EXPECT_EQ(field(*own, "rip").meaning.find("take_own_context+"), 0U) << field(*own, "rip").meaning;
  const ContextObject* descriptor = named(objects, "user_threads[0]");
  ASSERT_NE(descriptor, nullptr) << "the note's struct thread";
  EXPECT_EQ(field(*descriptor, "jmp_buf.rsp").offset, 48U + 6 * 8);
  EXPECT_EQ(field(*descriptor, "next").offset, 248U);
}

TEST(Contexts, TheNotesContextsHaveItsOffsets) {
  ScenarioRun& run = scenario_run("windowed-switch");
  const core::Switch& entry = run.trace->switches().at(3);
  const auto objects = objects_at(run, entry.step);
  const auto left = std::find_if(objects.begin(), objects.end(), [&](const ContextObject& object) {
    return object.type == "ThreadContext" && object.thread == entry.from;
  });
  ASSERT_NE(left, objects.end());
  EXPECT_EQ(left->size, 72U);
  constexpr std::pair<const char*, std::uint64_t> kOffsets[] = {{"rbx", 0},  {"rbp", 8},  {"r12", 16},
                                                                {"r13", 24}, {"r14", 32}, {"r15", 40},
                                                                {"rsp", 48}, {"rip", 56}, {"rflags", 64}};
  for (const auto& [name, offset] : kOffsets) EXPECT_EQ(field(*left, name).offset, offset) << name;
  EXPECT_EQ(field(*left, "rsp").value, run.trace->state_at(entry.step - 1).registers[Register::rsp]);
}

TEST(Contexts, FxsaveNeedsWhatFullContextDoesNotPromise) {
  ScenarioRun& fault = scenario_run("windowed-fxsave-fault");
  const auto printed = objects_at(fault, fault.trace->steps());
  const ContextObject* unaligned = named(printed, "threads[1].full");
  ASSERT_NE(unaligned, nullptr);
  EXPECT_EQ(unaligned->alignment, 8U);
  EXPECT_EQ(unaligned->size, 672U);
  EXPECT_EQ(field(*unaligned, "fxsave").offset, 160U);
  // 760 bytes a thread: every other one lies at a multiple of 16 by luck.
  EXPECT_TRUE(std::any_of(printed.begin(), printed.end(), [](const ContextObject& object) {
    return object.type == "FullContext" && field(object, "fxsave").meaning.find("fxsave faults") != std::string::npos;
  }));
  ScenarioRun& right = scenario_run("windowed-preemption");
  const auto aligned = objects_at(right, right.trace->steps());
  ASSERT_NE(named(aligned, "threads[1].full"), nullptr);
  EXPECT_EQ(named(aligned, "threads[1].full")->alignment, 16U);
  EXPECT_NE(field(*named(aligned, "threads[1].full"), "fxsave").meaning.find("as fxsave needs"), std::string::npos);
}

TEST(Contexts, TheSchedulersAllocationHas248Bytes) {
  ScenarioRun& run = scenario_run("fiber-swtch");
  const StepIndex at = run.trace->switches().at(7).step;
  const auto objects = objects_at(run, at);
  const ContextObject* allocation = named(objects, "*scheduler_allocation");
  ASSERT_NE(allocation, nullptr);
  EXPECT_EQ(allocation->size, 248U);
  EXPECT_EQ(field(*allocation, "second.r8").offset, 0U);
  EXPECT_EQ(field(*allocation, "first.rip").meaning, "fiber_scheduler");
  for (const ContextObject& object : objects) {
    if (object.type != "saved_context") continue;
    EXPECT_EQ(object.size, 15U * 8) << "the note's 120 bytes";
    EXPECT_EQ(field(object, "rip").offset, 14U * 8) << "the return address lies highest";
  }
}

TEST(Contexts, RegistersOfAUcontextHaveTheirNames) {
  ScenarioRun& run = scenario_run("makecontext-swapcontext");
  const core::Switch& entry = run.trace->switches().at(6);
  const auto objects = objects_at(run, entry.step);
  const auto left = std::find_if(objects.begin(), objects.end(), [&](const ContextObject& object) {
    return object.type == "ucontext_t" && object.thread == entry.from;
  });
  ASSERT_NE(left, objects.end());
  EXPECT_EQ(field(*left, "REG_RSP").offset, 160U) << "0xa0(%rdi), as __swapcontext has it";
  EXPECT_EQ(field(*left, "REG_RBX").value, run.trace->state_at(entry.step - 1).registers[Register::rbx]);
}

class ScenarioContexts : public testing::TestWithParam<std::string> {};

TEST_P(ScenarioContexts, NameObjectsThatExist) {
  ScenarioRun& run = scenario_run(GetParam());
  std::vector<StepIndex> cursors{run.trace->steps()};
  for (const core::Switch& entry : run.trace->switches()) cursors.push_back(entry.step);
  core::Scenario one = run.scenario();
  for (const std::string& entry : run.scenario().watch.contexts) {
    one.watch.contexts = {entry};
    core::SnapshotBuilder builder(*run.trace, &one, "en");
    const bool found = std::any_of(cursors.begin(), cursors.end(), [&](StepIndex step) {
      return !core::context_objects(*run.trace, builder.build(step), &one).empty();
    });
    EXPECT_TRUE(found) << entry;
  }
}

TEST_P(ScenarioContexts, SayTheTruthAboutMemory) {
  ScenarioRun& run = scenario_run(GetParam());
  const auto& switches = run.trace->switches();
  for (std::size_t i = 0; i < switches.size(); i += 1 + switches.size() / 4) {
    const StepIndex at = switches[i].step;
    const auto objects = objects_at(run, at);
    const bool own_table = run.trace->image().symbol("thread_table").has_value();
    // Tasks of the kernel leave their registers to the kernel, not to their stacks.
    if (own_table) {
      EXPECT_FALSE(objects.empty());
    }
    const auto threads = core::SnapshotBuilder(*run.trace, nullptr).build(at).threads;
    const emu::Memory& memory = run.trace->state_at(at).memory;
    for (const ContextObject& object : objects) {
      std::optional<std::uint32_t> space;
      for (const core::ThreadView& view : threads)
        if (!own_table && view.thread.id == object.thread) space = view.thread.space;
      const core::Trace::Look look(*run.trace, space);
      for (const ContextField& entry : object.fields) {
        EXPECT_EQ(entry.address, object.address + entry.offset) << object.name << " " << entry.name;
        EXPECT_LE(entry.offset + entry.size, object.size) << object.name << " " << entry.name;
        if (entry.size <= 8) {
          EXPECT_EQ(entry.value, memory.read(entry.address, entry.size)) << object.name;
        }
      }
    }
  }
}

/// A handoff is what a window from user code to user code is, seen from the threads alone: where each window ends with
/// somebody else, the CPU was passed at its last switch.
TEST_P(ScenarioContexts, HandoffsAreTheWindowsOfTheCosts) {
  static const std::vector<std::string> kThroughOthers = {"kernel-ping-pong", "fiber-swtch", "fiber-task-graph",
                                                          "userthread-library", "userthread-selfish"};
  if (std::find(kThroughOthers.begin(), kThroughOthers.end(), GetParam()) == kThroughOthers.end()) GTEST_SKIP();
  ScenarioRun& run = scenario_run(GetParam());
  const auto& switches = run.trace->switches();
  std::vector<std::string> expected;
  for (const core::SwitchWindow& window : core::switch_windows(*run.trace))
    if (window.from != window.to && window.complete)
      expected.push_back(std::to_string(switches[window.switches.back()].step.value) + ": " +
                         std::to_string(window.from->value) + " to " + std::to_string(window.to->value));
  std::vector<std::string> found;
  for (const core::Handoff& handoff : core::join_handoffs(*run.trace)) {
    ASSERT_TRUE(handoff.from && handoff.to);
    found.push_back(std::to_string(handoff.step.value) + ": " + std::to_string(handoff.from->value) + " to " +
                    std::to_string(handoff.to->value));
  }
  EXPECT_EQ(found, expected);
  EXPECT_GT(found.size(), 6U);
}

TEST(Handoffs, ThroughAKernelHaveTheReasonOfTheDecision) {
  ScenarioRun& run = scenario_run("kernel-ping-pong");
  const auto handoffs = core::join_handoffs(*run.trace);
  EXPECT_EQ(handoffs.front().reason, core::SwitchReason::dispatch) << "main lets the first task run";
  std::size_t yields = 0;
  for (const core::Handoff& handoff : handoffs) yields += handoff.reason == core::SwitchReason::yield ? 1 : 0;
  const auto passes =
      run.trace->state_at(run.trace->steps()).memory.read(run.trace->image().symbol("switches")->address, 8);
  EXPECT_EQ(yields, passes) << "as often as the guest says that it passed its turn";
}

TEST(RewrittenReturn, IsFoundWhereTheGuestRewritesOne) {
  ScenarioRun& run = scenario_run("fiber-rewritten-return");
  const StepIndex write = last_of(run, "chain_redirect", "movq %rsi, 8(%rdi)");
  core::SnapshotBuilder builder(*run.trace, &run.scenario(), "en");
  std::size_t found = 0;
  for (const core::StackView& stack : builder.build(write + 1).stacks) {
    for (const core::Cell& cell : stack.cells) {
      if (!cell.rewritten) continue;
      ++found;
      EXPECT_EQ(cell.rewritten->step, write);
      EXPECT_EQ(cell.symbol, "frame_dealloc");
      EXPECT_EQ(cell.rewritten->was_symbol.find("run_chain+"), 0U) << cell.rewritten->was_symbol;
      EXPECT_EQ(cell.rewritten->was, run.trace->state_at(write - 1).memory.read(cell.address, 8));
    }
  }
  EXPECT_EQ(found, 1U);
  for (const core::StackView& stack : builder.build(write - 1).stacks)
    for (const core::Cell& cell : stack.cells) EXPECT_FALSE(cell.rewritten);
}

TEST_P(ScenarioContexts, NobodyElseRewritesAReturnAddress) {
  if (GetParam() == "fiber-rewritten-return" || GetParam() == "fiber-call-and-return") GTEST_SKIP() << "it does";
  ScenarioRun& run = scenario_run(GetParam());
  core::SnapshotBuilder builder(*run.trace, &run.scenario(), "en");
  const auto& switches = run.trace->switches();
  for (std::size_t i = 0; i < switches.size(); i += 1 + switches.size() / 12)
    for (const core::StackView& stack : builder.build(switches[i].step).stacks)
      for (const core::Cell& cell : stack.cells)
        EXPECT_FALSE(cell.rewritten) << "step " << switches[i].step.value << ", " << cell.symbol;
}

INSTANTIATE_TEST_SUITE_P(All, ScenarioContexts, testing::ValuesIn(run_names()), ScenarioRun::test_name);

}  // namespace
}  // namespace fiberscope::tests
