// What note 001 says of its windowed switch, what is wrong with it, and that the corrected one is not.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "asm/runtime/tcb.h"
#include "core/snapshot_builder.h"
#include "emu/disassembler.h"
#include "tests/guests/native_run.h"
#include "tests/scenarios/scenario_run.h"

namespace fiberscope::tests {
namespace {

using core::StepIndex;
using emu::Address;
using emu::Register;

using Words = std::vector<std::uint64_t>;

/// A scenario's run, asked by names.
class WindowedRun {
 public:
  explicit WindowedRun(const std::string& name) : run_(scenario_run(name)), trace_(*run_.trace) {}

  [[nodiscard]] core::Trace& trace() { return trace_; }
  [[nodiscard]] emu::Symbol symbol(const std::string& name) const { return trace_.image().symbol(name).value(); }
  [[nodiscard]] std::string function_at(Address rip) const {
    const auto found = trace_.image().symbol_at(rip);
    return found ? found->name : std::string();
  }
  [[nodiscard]] Address rip_of(StepIndex step) {
    return Address{trace_.templates()[trace_.effects_of(step).instruction].address};
  }
  [[nodiscard]] std::string text_of(StepIndex step) {
    const core::StepTemplate& ran = trace_.templates()[trace_.effects_of(step).instruction];
    const auto decoded = disassembler_.decode(Address{ran.address}, {ran.bytes.data(), ran.size});
    return decoded ? core::instruction_text(decoded->intel_mnemonic, decoded->intel_operands) : "(bad)";
  }
  /// The steps of a function, in order.
  [[nodiscard]] std::vector<StepIndex> steps_in(const std::string& function) {
    std::vector<StepIndex> steps;
    for (StepIndex step{1}; step <= trace_.steps(); step = step + 1)
      if (function_at(rip_of(step)) == function) steps.push_back(step);
    return steps;
  }
  [[nodiscard]] std::uint64_t word(Address address, StepIndex cursor) {
    return trace_.state_at(cursor).memory.read(address, 8).value();
  }
  [[nodiscard]] Words words(const std::string& name) {
    const emu::Symbol found = symbol(name);
    Words result;
    for (std::uint64_t at = 0; at < found.size; at += 8) result.push_back(word(found.address + at, trace_.steps()));
    return result;
  }
  [[nodiscard]] const emu::RegisterFile& registers(StepIndex cursor) { return trace_.state_at(cursor).registers; }
  [[nodiscard]] core::Thread thread(std::uint32_t id) const {
    for (const core::ThreadRecord& record : trace_.threads())
      if (record.thread.id == core::ThreadId{id}) return record.thread;
    throw std::runtime_error("no such thread");
  }

 private:
  ScenarioRun& run_;
  core::Trace& trace_;
  emu::Disassembler disassembler_;
};

constexpr std::uint64_t kContextRsp = 48;
constexpr std::uint64_t kContextRip = 56;
constexpr std::uint64_t kFullContext = 80;  // in struct thread, where it is aligned
constexpr std::uint64_t kFullRsp = 56;
constexpr std::uint64_t kFullRip = 128;
constexpr std::uint64_t kThreads = 7;  // in the array `threads`

TEST(WindowedSwitch, IsTheNotesRoutineInstructionForInstruction) {
  const std::vector<std::string> note = {"mov [rdi + 0], rbx",
                                         "mov [rdi + 8], rbp",
                                         "mov [rdi + 16], r12",
                                         "mov [rdi + 24], r13",
                                         "mov [rdi + 32], r14",
                                         "mov [rdi + 40], r15",
                                         "mov [rdi + 48], rsp",
                                         "mov rax, [rsp]",
                                         "mov [rdi + 56], rax",
                                         "pushfq",
                                         "pop rax",
                                         "mov [rdi + 64], rax",
                                         "mov rax, [rsi + 64]",
                                         "push rax",
                                         "popfq",
                                         "mov rbx, [rsi + 0]",
                                         "mov rbp, [rsi + 8]",
                                         "mov r12, [rsi + 16]",
                                         "mov r13, [rsi + 24]",
                                         "mov r14, [rsi + 32]",
                                         "mov r15, [rsi + 40]",
                                         "mov rsp, [rsi + 48]",
                                         "jmp [rsi + 56]"};
  // The disassembler's words for the same.
  const auto in_note_words = [](std::string text) {
    if (const auto at = text.find("qword ptr "); at != std::string::npos) text.erase(at, 10);
    const auto plus = text.find(" + 0x");
    if (plus != std::string::npos) {
      const std::size_t end = text.find(']', plus);
      text.replace(plus, end - plus, " + " + std::to_string(std::stoul(text.substr(plus + 5), nullptr, 16)));
    } else if (text.find("[rdi]") != std::string::npos || text.find("[rsi]") != std::string::npos) {
      text.insert(text.find(']'), " + 0");
    }
    return text;
  };
  WindowedRun run("windowed-switch");
  const std::vector<StepIndex> steps = run.steps_in("windowed_switch");
  ASSERT_EQ(steps.size() % note.size(), 0U);
  for (std::size_t i = 0; i < steps.size(); ++i)
    ASSERT_EQ(in_note_words(run.text_of(steps[i])), note[i % note.size()]) << "step " << steps[i].value;
}

TEST(WindowedSwitch, FillsTheNotes72Bytes) {
  WindowedRun run("windowed-switch");
  const std::vector<StepIndex> steps = run.steps_in("windowed_switch");
  const StepIndex entry = steps.front() - 1;
  const emu::RegisterFile before = run.registers(entry);
  const Address context{before[Register::rdi]};
  const StepIndex saved = steps.front() + 11;
  const Register order[] = {Register::rbx, Register::rbp, Register::r12, Register::r13,
                            Register::r14, Register::r15, Register::rsp};
  for (std::size_t i = 0; i < std::size(order); ++i)
    EXPECT_EQ(run.word(context + 8 * i, saved), before[order[i]]) << emu::register_name(order[i]);
  EXPECT_EQ(run.word(context + kContextRip, saved), run.word(Address{before[Register::rsp]}, entry));
  EXPECT_EQ(run.word(context + 64, saved), before[Register::rflags]);
}

TEST(WindowedSwitch, LeavesRspEightLowerAtEachResumeOfAFrame) {
  WindowedRun run("windowed-switch");
  const Words report = run.words("report");
  EXPECT_EQ(report, (Words{8, 16, 24, 32, 8, 16, 6, 0, 0, 0, 0, 0, 0, 6}));
  EXPECT_EQ(run_native("windowed_switch").report, report);
}

TEST(WindowedSwitch, LeavesTheReturnAddressOnTheStack) {
  WindowedRun run("windowed-switch");
  std::uint64_t resumes = 0;
  for (const core::Switch& entry : run.trace().switches()) {
    const emu::RegisterFile after = run.registers(entry.step + 1);
    if (run.function_at(Address{after[Register::rip]}) == "thread_entry") continue;
    EXPECT_EQ(run.word(Address{after[Register::rsp]}, entry.step + 1), after[Register::rip]);
    ++resumes;
  }
  EXPECT_GT(resumes, 10U);
}

TEST(WindowedSwitch, KeepsTheChainOfTheThreadThatLeavesReadableAtEveryInstruction) {
  for (const std::string name : {"windowed-switch", "windowed-fixed"}) {
    WindowedRun run(name);
    core::SnapshotBuilder builder(run.trace(), nullptr);
    for (const StepIndex step : run.steps_in("windowed_switch")) {
      for (const StepIndex cursor : {step - 1, step}) {
        for (const core::StackView& stack : builder.build(cursor).stacks) {
          const bool never_used = !stack.holds_rsp && stack.frames.empty();
          ASSERT_TRUE(stack.chain_complete || never_used)
              << name << ", step " << cursor.value << ", thread " << stack.thread.value;
        }
      }
    }
  }
}

TEST(WindowedSwitch, NamesBothThreadsInItsCaptionsBeforeRspMoves) {
  WindowedRun run("windowed-switch");
  const core::Scenario scenario = core::find_scenario("windowed-switch").value();
  core::SnapshotBuilder builder(run.trace(), &scenario);
  constexpr std::uint64_t kBeforeRsp = 6;  // mov rbx, [rsi] comes so many instructions earlier
  for (const core::Switch& entry : run.trace().switches()) {
    const std::string from = run.thread(entry.from->value).name;
    const std::string to = run.thread(entry.to->value).name;
    const std::string sentence = builder.build(entry.step - kBeforeRsp).caption.sentence;
    EXPECT_TRUE(sentence.starts_with(to + " gets its rbx")) << sentence;
    EXPECT_TRUE(sentence.ends_with(from + "'s rbx waits in " + from + "'s context.")) << sentence;
  }
}

TEST(WindowedSwitch, FaultsAtAnAlignedAccessOfAnOddResumeOnly) {
  WindowedRun run("windowed-misaligned");
  const Words report = run.words("report");  // sunk[5], resumes, means[3], mean_count
  EXPECT_EQ(report, (Words{8, 16, 24, 32, 40, 5, 20, 30, 0, 2}));
  const Address rip = run.trace().stop()->rip;
  EXPECT_EQ(run.function_at(rip), "mean_of_pair");
  EXPECT_EQ(run.registers(run.trace().steps())[Register::rbp] % 16, 8U);
}

TEST(WindowedSwitch, SendsAReturnWithoutLeaveToTheSavedRbx) {
  WindowedRun run("windowed-lost-return");
  const emu::RegisterFile& registers = run.registers(run.trace().steps());
  EXPECT_EQ(registers[Register::rip], 3U);  // the count that the caller kept in rbx
  EXPECT_EQ(run.function_at(Address{registers[Register::rbx]}), "yield_now_counted");
}

TEST(WindowedFixed, GivesRspBackExactly) {
  WindowedRun run("windowed-fixed");
  const Words report = run.words("report");
  EXPECT_EQ(report, (Words{0, 0, 0, 0, 0, 5, 20, 30, 45, 3, 10, 100}));
  EXPECT_EQ(run_native("windowed_fixed").report, report);
}

/// Runs of an image with the timer set to strike once, so many steps behind its arming.
class Strikes {
 public:
  explicit Strikes(const std::string& scenario) : target_(core::resolve_target(scenario).value()) {
    const emu::Symbol routine = target_.image.symbol("windowed_switch").value();
    const emu::Symbol arm = target_.image.symbol("platform_arm_timer").value();
    const auto within = [](const emu::Symbol& symbol, Address rip) {
      return rip >= symbol.address && rip < symbol.address + symbol.size;
    };
    const auto machine = booted(0);
    std::uint64_t armed = 0;
    for (std::uint64_t step = 1;; ++step) {
      const Address rip{machine->cpu().read(Register::rip)};
      constexpr std::uint64_t kOut = 0xef;
      if (within(arm, rip) && machine->memory().read(rip, 1) == kOut) armed = step;
      if (armed != 0 && within(routine, rip)) in_routine_.push_back(step - armed);
      if (machine->run(step).reason != emu::Stop::Reason::limit) break;
    }
    right_ = machine->console();
  }

  /// The strikes that become due before one of the routine's instructions.
  [[nodiscard]] const std::vector<std::uint64_t>& in_routine() const { return in_routine_; }
  [[nodiscard]] const std::string& right_output() const { return right_; }

  struct Outcome {
    bool right = false;
    std::uint64_t struck_at = 0;  ///< rip that the handler found
    bool on_own_stack = false;    ///< rsp that it found lay on the stack of the thread that it took it for
  };
  [[nodiscard]] Outcome with(std::uint64_t strike_after) const {
    constexpr std::uint64_t kEnough = 30'000;
    const auto machine = booted(strike_after);
    const emu::Stop stop = machine->run(kEnough);
    Outcome outcome;
    outcome.right = stop.reason == emu::Stop::Reason::exited && machine->console() == right_;
    const emu::Symbol threads = target_.image.symbol("threads").value();
    const emu::Symbol blocks = target_.image.symbol("thread_table").value();
    const std::uint64_t size = threads.size / kThreads;
    for (std::uint64_t id = 0; id < kThreads; ++id) {
      const Address full = threads.address + id * size + kFullContext;
      const std::uint64_t rip = machine->memory().read(full + kFullRip, 8).value();
      if (rip == 0) continue;
      outcome.struck_at = rip;
      const std::uint64_t rsp = machine->memory().read(full + kFullRsp, 8).value();
      const Address block = blocks.address + id * sizeof(tcb);
      const std::uint64_t base = machine->memory().read(block + offsetof(tcb, stack_base), 8).value();
      const std::uint64_t bytes = machine->memory().read(block + offsetof(tcb, stack_size), 8).value();
      outcome.on_own_stack = rsp >= base && rsp <= base + bytes;
    }
    return outcome;
  }
  [[nodiscard]] emu::Symbol symbol(const std::string& name) const { return target_.image.symbol(name).value(); }

 private:
  [[nodiscard]] std::unique_ptr<emu::Machine> booted(std::uint64_t strike_after) const {
    auto machine = boot(target_);
    machine->memory().write(target_.image.symbol("strike_after")->address, strike_after, 4);
    return machine;
  }

  core::RunTarget target_;
  std::vector<std::uint64_t> in_routine_;
  std::string right_;
};

TEST(WindowedFixed, StaysRightWithATimerAtEveryStepOfTheSwitch) {
  const Strikes strikes("windowed-fixed");
  ASSERT_TRUE(strikes.right_output().ends_with("ada 10, bob 100\n"));
  ASSERT_GT(strikes.in_routine().size(), 200U);
  const emu::Symbol routine = strikes.symbol("windowed_switch");
  const std::uint64_t behind_popfq = routine.address.value + routine.size - 1;  // the ret, one byte
  std::uint64_t behind_popfq_struck = 0;
  std::uint64_t never_struck = 0;
  for (const std::uint64_t after : strikes.in_routine()) {
    const Strikes::Outcome outcome = strikes.with(after);
    ASSERT_TRUE(outcome.right) << "a timer " << after << " steps behind its arming";
    never_struck += outcome.struck_at == 0 ? 1 : 0;
    behind_popfq_struck += outcome.struck_at == behind_popfq ? 1 : 0;
    EXPECT_TRUE(outcome.struck_at == 0 || outcome.on_own_stack) << after;
  }
  EXPECT_GT(behind_popfq_struck, 30U);
  EXPECT_LE(never_struck, 24U);  // in the last switch: main has interrupts off
}

TEST(WindowedFlagsFirst, BreaksExactlyWhereATimerStrikesBetweenPopfqAndTheEnd) {
  const Strikes strikes("windowed-flags-first");
  ASSERT_TRUE(strikes.right_output().ends_with("ada 10, bob 100\n"));
  const std::uint64_t behind_popfq = strikes.symbol("windowed_restore").address.value + 6;
  const std::uint64_t jump = strikes.symbol("windowed_point").address.value + 4;
  std::set<std::uint64_t> broken;
  for (const std::uint64_t after : strikes.in_routine()) {
    const Strikes::Outcome outcome = strikes.with(after);
    const bool in_the_window = outcome.struck_at >= behind_popfq && outcome.struck_at <= jump;
    EXPECT_EQ(outcome.right, !in_the_window) << "a timer " << after << " steps behind its arming";
    if (!outcome.right) broken.insert(outcome.struck_at);
    // At the jump rsp is the new thread's already; the context that the jump reads is not.
    EXPECT_EQ(outcome.struck_at == 0 || outcome.on_own_stack, !in_the_window || outcome.struck_at == jump) << after;
  }
  EXPECT_EQ(broken.size(), 8U);  // six registers, rsp, and the jump
}

TEST(WindowedFlagsFirst, StoresMainsRegistersAsAdas) {
  WindowedRun run("windowed-flags-first");
  const core::StepIndex end = run.trace().steps();
  const std::uint64_t ada = run.symbol("threads").address.value + run.symbol("threads").size / kThreads;
  EXPECT_EQ(run.word(run.symbol("running").address, end), ada);
  const auto main_stack = run.thread(0).stack;
  EXPECT_TRUE(main_stack.contains(Address{run.word(Address{ada} + kFullContext + kFullRsp, end)}));
  EXPECT_EQ(run.function_at(Address{run.word(Address{ada} + kFullContext + kFullRip, end)}), "windowed_switch");
  EXPECT_TRUE(main_stack.contains(Address{run.word(Address{ada} + kContextRsp, end)}));
  EXPECT_EQ(run.function_at(Address{run.word(Address{ada} + kContextRip, end)}), "yield_now");
  // Her own stack was never touched behind what was built on it.
  for (const core::Switch& entry : run.trace().switches()) EXPECT_NE(entry.to, core::ThreadId{1});
  EXPECT_FALSE(run.trace().lowest_write({run.thread(1).stack.low, run.thread(1).stack.high - 8}, end).has_value());
}

TEST(WindowedPreemption, GivesEveryRegisterBackAtTheInstructionThatWasInterrupted) {
  WindowedRun run("windowed-preemption");
  core::Trace& trace = run.trace();
  std::map<std::uint32_t, emu::RegisterFile> interrupted;  // by thread
  std::uint64_t resumed = 0;
  for (StepIndex step{1}; step <= trace.steps(); step = step + 1) {
    const core::StepEffects& effects = trace.effects_of(step);
    const bool returns =
        !interrupted.empty() && run.function_at(run.rip_of(step)) == "timer_entry" && run.text_of(step) == "iretq";
    const auto thread = trace.thread_of_step(step);
    if (!effects.events.empty()) {
      emu::RegisterFile then = run.registers(step);
      const Address frame{then[Register::rsp]};
      then[Register::rip] = run.word(frame, step);
      then[Register::rflags] = run.word(frame + 16, step);
      then[Register::rsp] = run.word(frame + 24, step);
      interrupted[thread->value] = then;
    } else if (returns) {
      EXPECT_TRUE(run.registers(step) == interrupted.at(thread->value)) << "step " << step.value;
      ++resumed;
    }
  }
  EXPECT_EQ(resumed, trace.events().size());
  EXPECT_GE(resumed, 10U);
}

TEST(WindowedPreemption, ComputesWhatNobodyInterruptsNatively) {
  WindowedRun run("windowed-preemption");
  const Words report = run.words("report");
  EXPECT_EQ(report.size(), 3U);
  EXPECT_EQ(run_native("windowed_preemption").report, report);
}

TEST(WindowedPreemption, CanBeReadAtEveryStepOfTheHandler) {
  WindowedRun run("windowed-preemption");
  core::SnapshotBuilder builder(run.trace(), nullptr);
  for (const char* function : {"timer_entry", "timer_interrupt", "compute_round"}) {
    std::uint64_t count = 0;
    for (const StepIndex step : run.steps_in(function)) {
      if (++count % 3 != 0) continue;
      for (const core::StackView& stack : builder.build(step).stacks) {
        const bool never_used = !stack.holds_rsp && stack.frames.empty();
        ASSERT_TRUE(stack.chain_complete || never_used) << "step " << step.value << ", thread " << stack.thread.value;
      }
    }
    EXPECT_GT(count, 10U) << function;
  }
}

TEST(WindowedPreemption, FaultsWhereFullContextIsAlignedAsDeclared) {
  WindowedRun run("windowed-fxsave-fault");
  constexpr std::uint64_t kFull = 72;
  constexpr std::uint64_t kFxsave = 160;
  const emu::Symbol threads = run.symbol("threads");
  const std::uint64_t size = threads.size / kThreads;
  EXPECT_EQ(size, 760U);
  EXPECT_EQ((threads.address.value + 1 * size + kFull + kFxsave) % 16, 0U);  // red: by luck
  EXPECT_EQ((threads.address.value + 2 * size + kFull + kFxsave) % 16, 8U);  // green
  EXPECT_EQ(run.trace().thread_at(run.trace().steps()), core::ThreadId{2});
  EXPECT_EQ(run.registers(run.trace().steps())[Register::rbx], threads.address.value + 2 * size + kFull);
}

/// fxsave and #NM between two steps, counted from what ran.
struct FpuWork {
  std::uint64_t preemptions = 0, saves = 0, not_available = 0;
};

FpuWork fpu_work(WindowedRun& run, StepIndex first, StepIndex last) {
  FpuWork work;
  for (StepIndex step = first; step <= last; step = step + 1) {
    const std::string function = run.function_at(run.rip_of(step));
    if (function == "fxsave" && run.text_of(step).starts_with("fxsave")) ++work.saves;
    for (const core::EventRecord& record : run.trace().events_behind(step))
      if (record.event.kind == emu::EventKind::exception && record.event.vector == 7) ++work.not_available;
  }
  for (const core::Switch& entry : run.trace().switches())
    if (entry.reason == core::SwitchReason::timer && entry.step >= first && entry.step <= last) ++work.preemptions;
  return work;
}

TEST(WindowedLazyFpu, CountsWhatItDidAndAvoided) {
  WindowedRun run("windowed-lazy-fpu");
  std::vector<StepIndex> begins;
  StepIndex before{0};
  for (const StepIndex step : run.steps_in("fpu_begin")) {
    if (begins.empty() || step.value > before.value + 1000) begins.push_back(step);
    before = step;
  }
  ASSERT_EQ(begins.size(), 2U);
  const auto expect = [&](const std::string& name, const FpuWork& work) {
    EXPECT_EQ(run.words(name), (Words{work.preemptions, work.saves, work.not_available})) << name;
  };
  // The clean image is one fxsave more.
  FpuWork by_flag = fpu_work(run, begins[0], begins[1]);
  by_flag.saves -= 1;
  expect("flag_counts", by_flag);
  expect("ts_counts", fpu_work(run, begins[1], run.trace().steps()));
  EXPECT_EQ(run.words("flag_counts"), (Words{8, 6, 0}));
  EXPECT_EQ(run.words("ts_counts"), (Words{8, 2, 4}));
}

TEST(WindowedLazyFpu, ComputesRightEitherWay) {
  double pi = 0;
  double sign = 4;
  for (int term = 0; term < 50; ++term, sign = -sign) pi += sign / (2 * term + 1);
  std::uint64_t stirred = 1;
  for (std::uint64_t left = 60; left > 0; --left) stirred = (stirred * 7 + left) & 0xffff;
  std::uint64_t counted = 1;
  for (std::uint64_t left = 50; left > 0; --left) counted = (counted * 7 + left) & 0xffff;
  const auto millionths = [](double value) { return static_cast<std::uint64_t>(value * 1'000'000); };
  const Words once = {millionths(pi), millionths(std::sqrt(2.0)) + stirred, counted};
  const Words report = WindowedRun("windowed-lazy-fpu").words("report");
  EXPECT_EQ(Words(report.begin(), report.begin() + 3), once);
  EXPECT_EQ(Words(report.begin() + 3, report.end()), once);
}

}  // namespace
}  // namespace fiberscope::tests
