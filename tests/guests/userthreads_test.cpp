// What note 004 says of its threads, and what its scenarios say of glibc, Boost.Context and the kernel's signal frames,
// read off the recorded runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <string>
#include <vector>

#include "asm/runtime/tcb.h"
#include "core/snapshot_builder.h"
#include "core/thread_table.h"
#include "emu/disassembler.h"
#include "tests/scenarios/scenario_run.h"

namespace fiberscope::tests {
namespace {

using core::StepIndex;
using core::Switch;
using core::SwitchReason;
using emu::Address;
using emu::Register;

/// A recorded scenario and the questions that the tests ask.
class Recorded {
 public:
  explicit Recorded(const std::string& name) : run_(scenario_run(name)), trace_(*run_.trace) {}

  core::Trace& trace() { return trace_; }
  emu::RegisterFile registers(StepIndex step) { return trace_.state_at(step).registers; }
  std::uint64_t word(StepIndex step, Address address) {
    return trace_.state_at(step).memory.read(address, 8).value_or(~0ull);
  }
  std::uint64_t end_word(Address address) { return word(trace_.steps(), address); }
  Address symbol(const std::string& name) { return trace_.image().symbol(name).value().address; }
  std::string function_at(Address address) {
    const auto symbol = trace_.image().symbol_at(address);
    return symbol ? symbol->name : std::string();
  }

  Address address_of(StepIndex step) {
    return Address{trace_.templates()[trace_.effects_of(step).instruction].address};
  }
  std::string instruction(StepIndex step) {
    const core::StepTemplate& ran = trace_.templates()[trace_.effects_of(step).instruction];
    const auto decoded = disassembler_.decode(Address{ran.address}, {ran.bytes.data(), ran.size});
    return decoded ? core::instruction_text(decoded->att_mnemonic, decoded->att_operands) : std::string();
  }
  /// The steps of a function, in order; with `text`, those of that instruction.
  std::vector<StepIndex> steps_of(const std::string& function, const std::string& text = {}) {
    std::vector<StepIndex> steps;
    for (std::uint64_t at = 1; at <= trace_.steps().value; ++at) {
      if (function_at(address_of(StepIndex{at})) != function) continue;
      if (text.empty() || instruction(StepIndex{at}) == text) steps.emplace_back(at);
    }
    return steps;
  }
  std::string thread_name(std::optional<core::ThreadId> id) {
    for (const core::ThreadRecord& record : trace_.threads())
      if (record.thread.id == id) return record.thread.name;
    return "nobody";
  }
  core::Thread thread(std::uint32_t id, StepIndex step) {
    const auto threads = core::ThreadTable::find(trace_.image())->read(trace_.state_at(step).memory);
    return *core::find_thread(threads, core::ThreadId{id});
  }
  core::Snapshot snapshot(StepIndex step) { return core::SnapshotBuilder(trace_, nullptr).build(step); }

 private:
  ScenarioRun& run_;
  core::Trace& trace_;
  emu::Disassembler disassembler_;
};

constexpr std::uint64_t kDescriptorSize = 256;

TEST(UserThreads, DescriptorHasTheFieldsOfTheNote) {
  Recorded run("userthread-library");
  const Address threads = run.symbol("user_threads");
  for (std::uint32_t i = 0; i < 3; ++i) {
    const Address at = threads + i * kDescriptorSize;
    const core::Thread known = run.thread(i + 1, run.trace().steps());
    EXPECT_EQ(run.end_word(at), i + 1) << "id";
    EXPECT_EQ(run.end_word(at + 8) & 0xFF, THREAD_FINISHED) << "state";
    EXPECT_EQ(run.function_at(Address{run.end_word(at + 16)}), "run") << "fun";
    EXPECT_EQ(run.function_at(Address{run.end_word(at + 24)}), "runners") << "arg";
    EXPECT_EQ(run.end_word(at + 32), known.stack.low.value) << "sp_base";
    EXPECT_EQ(run.end_word(at + 40) & 0xFFFFFFFF, known.stack.size()) << "s_size";
  }
}

TEST(UserThreads, FirstDispatchBeginsAtTheTopOfAnAlignedStack) {
  Recorded run("userthread-library");
  const auto loads = run.steps_of("start_thread", "movq %rax, %rsp");
  ASSERT_EQ(loads.size(), 3U);
  for (std::uint32_t i = 0; i < 3; ++i) {
    const emu::RegisterFile before = run.registers(loads[i] - 1);
    const emu::RegisterFile after = run.registers(loads[i]);
    const emu::AddressRange stack = run.thread(i + 1, loads[i]).stack;
    EXPECT_EQ(before[Register::rbp], stack.high.value) << "rbp goes first";
    EXPECT_FALSE(stack.contains(Address{before[Register::rsp]}));
    EXPECT_EQ(after[Register::rsp], stack.high.value);
    EXPECT_EQ(after[Register::rsp] % 16, 0U);
    const emu::RegisterFile entered = run.registers(loads[i] + 1);
    EXPECT_EQ(run.function_at(Address{entered[Register::rip]}), "run");
    EXPECT_EQ((entered[Register::rsp] + 8) % 16, 0U);
  }
}

TEST(UserThreads, EveryThreadIsTheSameKernelTask) {
  Recorded run("userthread-library");
  std::map<std::string, int> asked;
  for (const core::EventRecord& record : run.trace().events()) {
    const bool asks = record.text.starts_with("getpid") || record.text.starts_with("gettid");
    if (asks) asked[run.thread_name(run.trace().thread_of_step(record.event.step))] += 1;
  }
  EXPECT_EQ(asked["ada"], 6);
  EXPECT_EQ(asked["bob"], 4);
  EXPECT_EQ(asked["eve"], 8);
  EXPECT_EQ(run.end_word(run.symbol("foreign_tasks")), 0U);
}

TEST(UserThreads, SelfishThreadStarvesTheOthersUntilItsEnd) {
  Recorded run("userthread-selfish");
  const auto& switches = run.trace().switches();
  std::vector<Switch> greedy;
  for (const Switch& entry : switches)
    if (run.thread_name(entry.to) == "greedy" || run.thread_name(entry.from) == "greedy") greedy.push_back(entry);
  ASSERT_EQ(greedy.size(), 2U);
  EXPECT_EQ(greedy[0].reason, SwitchReason::dispatch);
  EXPECT_EQ(greedy[1].reason, SwitchReason::exit);
  EXPECT_GT(greedy[1].step.value - greedy[0].step.value, 3000U);
  const StepIndex amid{(greedy[0].step.value + greedy[1].step.value) / 2};
  EXPECT_EQ(run.thread(1, amid).state, core::ThreadState::ready);
  EXPECT_EQ(run.thread(3, amid).state, core::ThreadState::ready);
  std::uint64_t longest = 0;
  for (std::size_t i = 2; i < switches.size(); ++i)
    if (run.thread_name(switches[i].from) != "greedy")
      longest = std::max(longest, switches[i].step.value - switches[i - 1].step.value);
  EXPECT_GT(greedy[1].step.value - greedy[0].step.value, 10 * longest);
}

TEST(JmpBuf, HoldsEightRegistersOfWhichThreeAreMangled) {
  Recorded run("userthread-jmp-buf");
  const std::pair<Register, std::uint64_t> plain[] = {
      {Register::rbx, 0}, {Register::r12, 16}, {Register::r13, 24}, {Register::r14, 32}, {Register::r15, 40}};
  const std::pair<Register, std::uint64_t> mangled[] = {{Register::rbp, 8}, {Register::rsp, 48}, {Register::rip, 56}};
  const auto jumps = run.steps_of("__longjmp", "jmpq *%rdx");
  ASSERT_GE(jumps.size(), 12U);
  for (const StepIndex step : jumps) {
    const emu::RegisterFile after = run.registers(step);
    const Address buffer{after[Register::rdi]};
    const std::uint64_t guard = run.word(step, Address{after[Register::fs_base] + 0x30});
    ASSERT_NE(guard, 0U);
    for (const auto& [reg, offset] : plain) EXPECT_EQ(run.word(step, buffer + offset), after[reg]) << offset;
    for (const auto& [reg, offset] : mangled) {
      const std::uint64_t kept = run.word(step, buffer + offset);
      EXPECT_NE(kept, after[reg]) << offset;
      EXPECT_EQ(std::rotr(kept, 17) ^ guard, after[reg]) << offset;
    }
  }
}

TEST(Swapcontext, EntersTheKernelOnceEachTime) {
  Recorded run("makecontext-swapcontext");
  const auto calls = run.steps_of("__swapcontext", "syscall");
  EXPECT_EQ(calls.size(), run.steps_of("__swapcontext", "retq").size());
  EXPECT_EQ(calls.size(), 16U);
  for (const StepIndex step : calls) {
    const auto events = run.trace().events_behind(step);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_TRUE(events[0].text.starts_with("rt_sigprocmask")) << events[0].text;
  }
}

TEST(Swapcontext, FirstFrameReturnsToStartContext) {
  Recorded run("makecontext-swapcontext");
  const StepIndex entry = run.steps_of("run_lexer").front();
  const emu::RegisterFile at = run.registers(entry - 1);
  EXPECT_EQ((at[Register::rsp] + 8) % 16, 0U);
  EXPECT_EQ(run.function_at(Address{run.word(entry - 1, Address{at[Register::rsp]})}), "__start_context");
  const auto ends = run.steps_of("__start_context", "movq (%rsp), %rdi");
  ASSERT_EQ(ends.size(), 2U) << "uc_link, once a context";
}

/// Of x86-64's signal frame, from its lowest address: return address, ucontext_t (flags, link, stack, gregs).
struct SavedRegister {
  Register reg;
  std::uint64_t offset;
};
constexpr std::uint64_t kRegistersAt = 8 + 8 + 8 + 24;
constexpr SavedRegister kSignalFrame[] = {
    {Register::r8, kRegistersAt},        {Register::r9, kRegistersAt + 8},    {Register::r10, kRegistersAt + 16},
    {Register::r11, kRegistersAt + 24},  {Register::r12, kRegistersAt + 32},  {Register::r13, kRegistersAt + 40},
    {Register::r14, kRegistersAt + 48},  {Register::r15, kRegistersAt + 56},  {Register::rdi, kRegistersAt + 64},
    {Register::rsi, kRegistersAt + 72},  {Register::rbp, kRegistersAt + 80},  {Register::rbx, kRegistersAt + 88},
    {Register::rdx, kRegistersAt + 96},  {Register::rax, kRegistersAt + 104}, {Register::rcx, kRegistersAt + 112},
    {Register::rsp, kRegistersAt + 120}, {Register::rip, kRegistersAt + 128}, {Register::rflags, kRegistersAt + 136}};

TEST(SignalPreemption, FrameOnTheWorkersStackHoldsEveryRegister) {
  Recorded run("signal-preemption");
  int alarms = 0;
  for (const StepIndex entry : run.steps_of("timer_interrupt", "pushq %rbp")) {
    const emu::RegisterFile handler = run.registers(entry - 1);
    const Address frame{handler[Register::rsp]};
    EXPECT_EQ(run.function_at(Address{run.word(entry - 1, frame)}), "__restore_rt");
    EXPECT_EQ((frame.value + 8) % 16, 0U);
    EXPECT_EQ(handler[Register::rdi], 14U);
    const std::uint64_t interrupted = run.word(entry - 1, frame + kRegistersAt + 120);
    EXPECT_EQ(run.trace().thread_at(entry - 1), run.trace().thread_at(entry - 2)) << "on the same stack";
    EXPECT_LE(frame.value + 128, interrupted) << "the red zone is spared";
    // What a step left behind is what the kernel saved, wherever the alarm came.
    const emu::RegisterFile before = run.registers(entry - 2);
    const core::StepEffects& effects = run.trace().effects_of(entry - 1);
    emu::RegisterFile stopped = before;
    const std::size_t own =
        effects.event_starts.empty() ? effects.registers.size() : effects.event_starts.back().registers;
    for (std::size_t i = 0; i < own; ++i) stopped[effects.registers[i].reg] = effects.registers[i].new_value;
    stopped[Register::rip] = effects.events.back().rip_before.value;
    for (const auto& [reg, offset] : kSignalFrame)
      EXPECT_EQ(run.word(entry - 1, frame + offset), stopped[reg])
          << emu::register_name(reg) << " at step " << entry.value;
    ++alarms;
  }
  EXPECT_EQ(alarms, 6);
}

TEST(SignalPreemption, SigreturnGivesEveryRegisterBack) {
  Recorded run("signal-preemption");
  const auto returns = run.steps_of("__restore_rt", "syscall");
  ASSERT_EQ(returns.size(), 6U);
  for (const StepIndex step : returns) {
    const Address frame{run.registers(step - 1)[Register::rsp] - 8};
    const emu::RegisterFile after = run.registers(step);
    for (const auto& [reg, offset] : kSignalFrame)
      EXPECT_EQ(run.word(step, frame + offset), after[reg]) << emu::register_name(reg) << " at step " << step.value;
  }
}

TEST(SignalPreemption, EveryAlarmIsATimersSwitch) {
  Recorded run("signal-preemption");
  std::vector<std::string> turns;
  for (const Switch& entry : run.trace().switches())
    if (entry.reason == SwitchReason::timer) turns.push_back(run.thread_name(entry.from));
  EXPECT_EQ(turns, (std::vector<std::string>{"anna", "bert", "carl", "anna", "bert", "carl"}));
}

TEST(SignalStackTrick, HandlerRunsOnTheNewStackAndReturnsToMains) {
  Recorded run("signal-stack-trick");
  const auto& switches = run.trace().switches();
  const auto count = [&](const std::string& at, SwitchReason reason) {
    return std::count_if(switches.begin(), switches.end(),
                         [&](const Switch& entry) { return entry.at == at && entry.reason == reason; });
  };
  EXPECT_EQ(count("syscall", SwitchReason::signal), 2);
  EXPECT_EQ(count("__restore_rt", SwitchReason::signal), 2);
  // Gone by sigreturn, the stack still shows the frame that the kernel took.
  const StepIndex gone = switches.at(1).step;
  EXPECT_EQ(switches.at(1).at, "__restore_rt");
  const core::Snapshot snapshot = run.snapshot(gone);
  const auto left = std::find_if(snapshot.stacks.begin(), snapshot.stacks.end(),
                                 [&](const core::StackView& stack) { return stack.thread == switches.at(1).from; });
  ASSERT_NE(left, snapshot.stacks.end());
  EXPECT_TRUE(left->chain_complete);
  ASSERT_EQ(left->frames.size(), 1U);
  EXPECT_EQ(left->frames.front().function, "__restore_rt");
  for (const StepIndex entry : run.steps_of("mctx_create_trampoline", "pushq %rbp"))
    EXPECT_NE(run.thread_name(run.trace().thread_at(entry)), "main");
}

TEST(BoostContext, ContextIsTheStackPointerAndTheRegistersLieAboveIt) {
  Recorded run("boost-context");
  const auto loads = run.steps_of("jump_fcontext", "movq %rdi, %rsp");
  ASSERT_GE(loads.size(), 18U);
  // Newer Boost keeps a word of the stack protector below them.
  const bool guarded = run.steps_of("jump_fcontext", "leaq -0x38(%rsp), %rsp").empty();
  const std::uint64_t first = guarded ? 16 : 8;
  const std::pair<Register, std::uint64_t> saved[] = {{Register::r12, first},      {Register::r13, first + 8},
                                                      {Register::r14, first + 16}, {Register::r15, first + 24},
                                                      {Register::rbx, first + 32}, {Register::rbp, first + 40}};
  for (const StepIndex step : loads) {
    const emu::RegisterFile leaving = run.registers(step - 1);
    const Address context{leaving[Register::rax]};
    EXPECT_EQ(leaving[Register::rsp], context.value);
    for (const auto& [reg, offset] : saved) EXPECT_EQ(run.word(step, context + offset), leaving[reg]);
  }
}

/// Where a thread's chain must end: the function at the bottom of its own stack.
struct Bottom {
  std::string scenario;
  std::map<std::string, std::vector<std::string>> functions;  ///< by thread; any of these prefixes
  std::vector<std::string> routines;
};

class Chains : public testing::TestWithParam<Bottom> {};

/// At every instruction of the routines that change stacks: before rsp moves the chain is the leaving thread's, behind
/// it the coming one's, and never a mixture.
TEST_P(Chains, AreTheRunningThreadsAtEveryInstructionOfASwitch) {
  const Bottom& bottom = GetParam();
  Recorded run(bottom.scenario);
  core::SnapshotBuilder builder(run.trace(), nullptr);
  std::size_t looked_at = 0;
  for (const std::string& routine : bottom.routines) {
    for (const StepIndex step : run.steps_of(routine)) {
      const core::Snapshot snapshot = builder.build(step);
      for (const core::StackView& stack : snapshot.stacks) {
        if (stack.frames.empty() && !stack.holds_rsp) continue;
        const auto expected = bottom.functions.find(run.thread_name(stack.thread));
        ASSERT_NE(expected, bottom.functions.end());
        ASSERT_TRUE(stack.chain_complete) << routine << ", step " << step.value << ", " << expected->first;
        ASSERT_FALSE(stack.frames.empty());
        const std::string& outermost = stack.frames.front().function;
        ASSERT_TRUE(std::any_of(expected->second.begin(), expected->second.end(),
                                [&](const std::string& prefix) { return outermost.starts_with(prefix); }))
            << routine << ", step " << step.value << ", " << expected->first << " ends in " << outermost;
        ++looked_at;
      }
    }
  }
  EXPECT_GT(looked_at, 500U);
}

INSTANTIATE_TEST_SUITE_P(
    All, Chains,
    testing::Values(
        Bottom{"userthread-library",
               {{"main", {"_start"}}, {"ada", {"start_thread"}}, {"bob", {"start_thread"}}, {"eve", {"start_thread"}}},
               {"start_thread", "__longjmp", "__sigsetjmp"}},
        Bottom{"makecontext-swapcontext",
               {{"main", {"_start"}},
                {"parser", {"run_parser", "__start_context"}},
                {"lexer", {"run_lexer", "__start_context"}}},
               {"__swapcontext", "__setcontext", "__start_context"}},
        Bottom{"signal-preemption",
               {{"main", {"_start"}}, {"anna", {"run_worker"}}, {"bert", {"run_worker"}}, {"carl", {"run_worker"}}},
               {"__swapcontext", "__setcontext", "timer_interrupt", "__restore_rt"}},
        // A stack that make_fcontext built holds one frame, until the trampoline calls its function.
        Bottom{"boost-context",
               {{"main", {"_start"}},
                {"generator", {"fiber_entry<", "jump_fcontext", "make_fcontext"}},
                {"adder", {"fiber_entry<", "jump_fcontext", "make_fcontext"}}},
               {"make_fcontext", "jump_fcontext", "ontop_fcontext"}}),
    [](const auto& tested) {
      return ScenarioRun::test_name({tested.param.scenario, tested.index});
    });

}  // namespace
}  // namespace fiberscope::tests
