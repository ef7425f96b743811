// Interrupts: when they come, what the guest's handler finds, and that nothing is lost on the way.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/emu/machine_guest.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kTrapFlag = 0x100;
constexpr std::uint64_t kInterruptFlag = 0x200;
constexpr std::uint64_t kNestedTask = 0x4000;

const Image& guest() {
  static const Image kImage = machine_guest("interrupts");
  return kImage;
}

std::uint64_t at(const std::string& label) {
  return symbol(guest(), label).value;
}

std::unique_ptr<Machine> with_timer(const std::string& label, std::uint64_t steps) {
  auto machine = boot_at(guest(), label);
  machine->cpu().write(Register::r15, steps);
  return machine;
}

/// Steps until rip is the address; the number of steps then, or nothing if the guest ends before.
std::optional<std::uint64_t> run_to(Machine& machine, std::uint64_t address) {
  while (machine.registers()[Register::rip] != address)
    if (machine.run(machine.steps() + 1).reason != Stop::Reason::limit) return std::nullopt;
  return machine.steps();
}

TEST(Interrupts, TheTimerFiresAfterExactlySoManySteps) {
  // The path without an interrupt: where rip is so many steps behind the one that arms the timer.
  std::vector<std::uint64_t> path;
  const auto plain = with_timer("slide", 1'000'000);
  ASSERT_TRUE(run_to(*plain, at("slide_armed")));
  const std::uint64_t armed = plain->steps();
  const std::uint64_t result = [&] {
    path.push_back(plain->registers()[Register::rip]);
    Stop stop;
    while ((stop = plain->run(plain->steps() + 1)).reason == Stop::Reason::limit)
      path.push_back(plain->registers()[Register::rip]);
    return static_cast<std::uint64_t>(stop.code);
  }();
  ASSERT_GT(path.size(), 15U);
  for (std::uint64_t steps = 1; steps < path.size(); ++steps) {
    const auto machine = with_timer("slide", steps);
    const auto handled = run_to(*machine, at("timer_handled"));
    ASSERT_TRUE(handled) << steps;
    EXPECT_EQ(*handled, armed + steps + 1) << "one step, the nop, is the handler's";
    const Address frame{machine->registers()[Register::rsp]};
    EXPECT_EQ(word_at(*machine, frame), path[steps]) << steps;
    const Stop stop = machine->run(10'000);
    EXPECT_EQ(stop.reason, Stop::Reason::exited);
    EXPECT_EQ(static_cast<std::uint64_t>(stop.code), result) << steps;
    EXPECT_EQ(machine->steps(), plain->steps() + 2) << "nop and iretq more";
  }
}

TEST(Interrupts, AnyLimitsOnTheWayChangeNothing) {
  for (std::uint64_t stop_at = 1; stop_at < 120; ++stop_at) {
    const auto machine = with_timer("slide", 7);
    machine->run(stop_at);
    const Stop stop = machine->run(10'000);
    ASSERT_EQ(stop.reason, Stop::Reason::exited);
    const auto whole = with_timer("slide", 7);
    whole->run(10'000);
    EXPECT_EQ(machine->steps(), whole->steps());
    EXPECT_TRUE(machine->registers() == whole->registers()) << stop_at;
    EXPECT_TRUE(machine->memory() == whole->memory()) << stop_at;
  }
}

struct Gate {
  std::string raise;
  std::uint64_t rsp_offset = 0;
  bool keeps_interrupts = false;
  bool own_stack = false;
};

TEST(Interrupts, TheFrameIsTheProcessors) {
  const std::uint64_t top = at("boot_stack_top");
  for (const Gate& gate : {Gate{"raise_30", 0}, Gate{"raise_30", 8}, Gate{"raise_30", 3}, Gate{"raise_31", 8, true},
                           Gate{"raise_33", 8, false, true}}) {
    const auto machine = boot_at(guest(), "gate");
    const std::uint64_t flags = 2 | 1 | kInterruptFlag | kNestedTask;
    machine->cpu().write(Register::r15, at(gate.raise));
    machine->cpu().write(Register::r14, top - gate.rsp_offset);
    machine->cpu().write(Register::r13, flags);
    ASSERT_TRUE(run_to(*machine, at("trap_handled"))) << gate.raise;
    const RegisterFile now = machine->registers();
    const Address frame{now[Register::rsp]};
    const std::uint64_t stack = gate.own_stack ? 0x601008 : top - gate.rsp_offset;
    EXPECT_EQ(frame.value, stack / 16 * 16 - 40) << gate.raise << " rsp -" << gate.rsp_offset;
    EXPECT_EQ(word_at(*machine, frame), at(gate.raise) + 2) << "behind int n";
    EXPECT_EQ(word_at(*machine, frame + 8), kCodeSelector);
    EXPECT_EQ(word_at(*machine, frame + 16), flags);
    EXPECT_EQ(word_at(*machine, frame + 24), top - gate.rsp_offset);
    EXPECT_EQ(word_at(*machine, frame + 32), kDataSelector);
    EXPECT_EQ(now[Register::rflags] & kInterruptFlag, gate.keeps_interrupts ? kInterruptFlag : 0) << gate.raise;
    EXPECT_EQ(now[Register::rflags] & (kNestedTask | kTrapFlag), 0U);
    EXPECT_EQ(now[Register::cs], kCodeSelector);
  }
}

TEST(Interrupts, IretqGivesEverythingBack) {
  const auto machine = boot_at(guest(), "gate");
  machine->cpu().write(Register::r15, at("raise_30"));
  machine->cpu().write(Register::r14, at("boot_stack_top") - 8);
  machine->cpu().write(Register::r13, 2 | 1 | kInterruptFlag);  // iretq refuses NT
  ASSERT_TRUE(run_to(*machine, at("raise_30")));
  RegisterFile before = machine->registers();
  ASSERT_TRUE(run_to(*machine, at("raised_30")));
  before[Register::rip] = at("raised_30");
  const RegisterFile after = machine->registers();
  for (std::size_t i = 0; i < kRegisterSlots; ++i)
    EXPECT_EQ(after.slots[i], before.slots[i]) << register_name(static_cast<Register>(i));
}

TEST(Interrupts, SingleSteppingTrapsBehindEachInstruction) {
  const auto machine = boot_at(guest(), "gate");
  machine->cpu().write(Register::r15, at("traced"));
  machine->cpu().write(Register::r14, at("boot_stack_top"));
  machine->cpu().write(Register::r13, 2 | kTrapFlag);
  ASSERT_TRUE(run_to(*machine, at("debug_handled")));
  const RegisterFile now = machine->registers();
  const Address frame{now[Register::rsp]};
  EXPECT_EQ(word_at(*machine, frame), at("traced")) << "behind the jmp that ran first with TF set";
  EXPECT_EQ(word_at(*machine, frame + 16) & kTrapFlag, kTrapFlag);
  EXPECT_EQ(now[Register::rflags] & kTrapFlag, 0U);
  machine->run(machine->steps() + 1);
  ASSERT_TRUE(run_to(*machine, at("debug_handled")));
  EXPECT_EQ(word_at(*machine, frame), at("traced_behind"));
  EXPECT_EQ(machine->run(1000).reason, Stop::Reason::exited);
}

TEST(Interrupts, WhereThereIsNoHandlerTheGuestEnds) {
  for (const char* label : {"raise_34", "raise_90"}) {
    const auto machine = boot_at(guest(), "gate");
    machine->cpu().write(Register::r15, at(label));
    machine->cpu().write(Register::r14, at("boot_stack_top"));
    machine->cpu().write(Register::r13, 2);
    const Stop stop = machine->run(1000);
    EXPECT_EQ(stop.reason, Stop::Reason::fault) << label;
    EXPECT_NE(stop.message.find("no handler"), std::string::npos) << stop.message;
  }
}

TEST(Interrupts, WaitForTheFlagAndOneInstructionMore) {
  // The interrupt is due from the first nop on; it comes in front of the instruction at the second label.
  for (const char* label : {"held_sti", "held_sti_cli", "held_popf", "held_stack_segment", "held_twice",
                            "held_sti_again", "held_sti_hlt"}) {
    const auto machine = boot_at(guest(), label);
    ASSERT_TRUE(run_to(*machine, at("timer_handled"))) << label;
    EXPECT_EQ(word_at(*machine, Address{machine->registers()[Register::rsp]}), at(std::string(label) + "_here"))
        << label;
    const Stop stop = machine->run(1000);
    EXPECT_EQ(stop.reason, Stop::Reason::exited) << label << ": " << stop.message;
    EXPECT_EQ(stop.code, 0);
  }
}

TEST(Interrupts, HltPassesOverTheTimeUntilTheTimer) {
  const auto machine = with_timer("sleeping", 1000);
  const Stop stop = machine->run(10'000);
  ASSERT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
  EXPECT_EQ(stop.code, 4 + 1000 + 2 + 2)
      << "to the out, the timer's time, the handler, to the second look at the clock";
  EXPECT_LT(machine->steps(), 120U);
  EXPECT_EQ(boot_at(guest(), "sleeping_for_ever")->run(100).reason, Stop::Reason::halted);
  EXPECT_EQ(boot_at(guest(), "sleeping_deaf")->run(100).reason, Stop::Reason::halted) << "interrupts are off";
}

TEST(Interrupts, ArmingAgainReplacesAndZeroDisarms) {
  // The third step behind the first arming is the second arming itself.
  const auto machine = boot_at(guest(), "rearmed");
  EXPECT_FALSE(run_to(*machine, at("timer_handled")));
  EXPECT_GT(machine->steps(), 100U);
}

TEST(Interrupts, AnInterruptAtEveryStepDoesNotDisturbAFunctionWithItsLocalsAboveRsp) {
  const auto result = [](const char* label, std::uint64_t steps) { return with_timer(label, steps)->run(10'000).code; };
  const int expected = result("leaf", 100'000);
  EXPECT_EQ(expected, 89) << "Fibonacci";
  EXPECT_EQ(result("leaf_with_red_zone", 100'000), expected);
  int disturbed = 0;
  for (std::uint64_t steps = 1; steps < 130; ++steps) {
    EXPECT_EQ(result("leaf", steps), expected) << "interrupted behind step " << steps;
    disturbed += result("leaf_with_red_zone", steps) == expected ? 0 : 1;
  }
  EXPECT_GT(disturbed, 50) << "code with a red zone is corrupted in ring 0";
}

TEST(Interrupts, FiveHundredTimersThroughPushAllGiveExactResults) {
  const auto undisturbed = boot_at(guest(), "busy");
  const Stop quiet = undisturbed->run(10'000'000);
  ASSERT_EQ(quiet.reason, Stop::Reason::exited) << quiet.message;
  const auto machine = boot_at(guest(), "busy");
  machine->cpu().write(Register::r14, 1);
  ASSERT_EQ(machine->run(10'000'000).reason, Stop::Reason::exited);
  EXPECT_EQ(machine->registers()[Register::r12], 512U);
  for (const Register reg : {Register::r13, Register::rbx, Register::rsi, Register::rsp, xmm_register(2, false)})
    EXPECT_EQ(machine->registers()[reg], undisturbed->registers()[reg]) << register_name(reg);
}

}  // namespace
}  // namespace fiberscope::emu
