// Note 003 under a timer: what a preemption has to save, and kernel threads that enter one scheduler.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/guests/fiber_run.h"

namespace fiberscope::tests {
namespace {

using core::StepIndex;
using emu::Address;
using emu::Register;

/// In the rounds of fiber-what-to-save: how often each turn added a number, by thread.
std::vector<std::pair<std::string, std::uint64_t>> turns_of_timer_round(FiberRun& run, std::uint64_t round) {
  std::vector<std::pair<std::string, std::uint64_t>> turns;
  std::uint64_t left_began = 0;
  for (std::uint64_t step = 1; step <= run.steps(); ++step) {
    if (run.function(step) != "sum_with_timer") continue;
    const std::string thread = run.thread(step);
    if (run.text(step) == "xorl %ecx, %ecx" && thread == "left") ++left_began;
    if (run.text(step) != "addq %rbx, %rcx" || left_began != round) continue;
    if (turns.empty() || turns.back().first != thread) turns.emplace_back(thread, 0);
    turns.back().second += 1;
  }
  return turns;
}

TEST(FiberWhatToSave, AgreesWithAModelInWhichTheSumIsSharedOrNot) {
  FiberRun run("fiber-what-to-save");
  for (const std::uint64_t round : {1, 2}) {
    const bool shared = round == 1;
    const auto turns = turns_of_timer_round(run, round);
    EXPECT_GE(turns.size(), 5U);
    std::map<std::string, std::uint64_t> number{{"left", 20}, {"right", 12}};
    std::map<std::string, std::uint64_t> sum;
    std::map<std::string, std::uint64_t> result;
    std::set<std::string> begun;
    for (const auto& [thread, count] : turns) {
      std::uint64_t& rcx = sum[shared ? "rcx" : thread];
      if (begun.insert(thread).second) rcx = 0;
      for (std::uint64_t i = 0; i < count; ++i) rcx += number[thread]--;
      if (number[thread] != 0) continue;
      result[thread] = rcx;
      if (shared) rcx = 1000;  // what turn_leave leaves there
    }
    EXPECT_EQ(run.last_word("report", 2 * round), result["left"]) << "round " << round;
    EXPECT_EQ(run.last_word("report", 2 * round + 1), result["right"]) << "round " << round;
    EXPECT_EQ(result["left"] == 210 && result["right"] == 78, !shared);
  }
  EXPECT_EQ(run.last_word("report", 0), 210U);
  EXPECT_EQ(run.last_word("report", 1), 78U);
}

/// General registers that an interrupt changed: those of the interrupted code against those behind the iretq.
std::set<Register> changed_by_interrupts(FiberRun& run, const std::string& handler) {
  std::map<std::string, std::uint64_t> interrupted;  // cursor before the delivery, by thread
  std::set<Register> changed;
  for (std::uint64_t step = 1; step <= run.steps(); ++step) {
    const std::string thread = run.thread(step);
    const auto events = run.trace().events_behind(StepIndex{step});
    if (!events.empty() && run.function(step + 1) == handler) interrupted[thread] = step;
    if (run.function(step) != handler || run.text(step) != "iretq") continue;
    for (std::size_t i = 0; i < emu::slot(Register::rip); ++i) {
      const Register which = emu::general_register(i);
      if (which == Register::rsp) continue;  // the processor pushed there
      if (run.reg(step, which) != run.reg(interrupted.at(thread), which)) changed.insert(which);
    }
  }
  EXPECT_FALSE(interrupted.empty()) << handler;
  return changed;
}

TEST(FiberWhatToSave, OnlyTheFullHandlerLeavesEveryRegisterAsItWas) {
  FiberRun run("fiber-what-to-save");
  const std::set<Register> lost = changed_by_interrupts(run, "timer_interrupt_callee_saved");
  EXPECT_TRUE(lost.contains(Register::rcx));
  for (const Register kept : {Register::rbx, Register::rbp, Register::r12, Register::r13, Register::r14, Register::r15})
    EXPECT_FALSE(lost.contains(kept));
  EXPECT_EQ(changed_by_interrupts(run, "timer_interrupt"), std::set<Register>{});
}

/// What choose_job wrote to its cell and what it read back, for each job that a kernel thread got.
struct Choice {
  std::string kernel_thread;
  std::uint64_t chosen = 0;
  std::uint64_t read_back = 0;
};

/// The number of a kernel thread's scheduler place in rbx tells whose choice it is, whatever stack it lies on.
std::vector<Choice> choices_of(FiberRun& run) {
  std::vector<Choice> choices;
  std::map<std::uint64_t, std::uint64_t> open;  // by rbp: the frame on the kernel thread's own stack
  for (std::uint64_t step = 1; step <= run.steps(); ++step) {
    if (run.function(step) != "choose_job") continue;
    const std::uint64_t own = run.reg(step, Register::rbp);
    if (run.text(step) == "movq %rax, (%rsp)") open[own] = run.reg(step, Register::rax);
    if (run.text(step) != "movq (%rsp), %rax") continue;
    std::string name;
    for (const core::ThreadRecord& record : run.trace().threads())
      if (record.thread.stack.contains(Address{own})) name = record.thread.name;
    choices.push_back({name, open.at(own), run.reg(step, Register::rax)});
  }
  return choices;
}

std::vector<std::uint64_t> jobs_done(FiberRun& run, std::uint64_t jobs) {
  std::vector<std::uint64_t> done;
  for (std::uint64_t job = 0; job < jobs; ++job) done.push_back(run.last_word("job_done", job));
  return done;
}

TEST(FiberSharedStack, LosesTheChoicesOfTheThreadThatWasInterrupted) {
  FiberRun run("fiber-shared-stack");
  EXPECT_EQ(jobs_done(run, 6), (std::vector<std::uint64_t>{0, 2, 0, 2, 0, 2}));
  std::uint64_t lost = 0;
  for (const Choice& choice : choices_of(run)) {
    EXPECT_EQ(choice.chosen != choice.read_back, choice.kernel_thread == "kernel 0");
    lost += choice.chosen != choice.read_back ? 1 : 0;
  }
  EXPECT_EQ(lost, 4U);  // three jobs, and the news that there is none left
}

TEST(FiberSharedStack, AStackEachKeepsThemThoughTheTimerStrikesAtTheSamePlaces) {
  FiberRun run("fiber-stack-each");
  FiberRun shared("fiber-shared-stack");
  EXPECT_EQ(jobs_done(run, 6), std::vector<std::uint64_t>(6, 1));
  for (const Choice& choice : choices_of(run)) EXPECT_EQ(choice.chosen, choice.read_back);
  const auto places = [](FiberRun& of) {
    std::vector<std::string> struck;
    for (const core::EventRecord& record : of.trace().events()) struck.push_back(of.text(record.event.step.value));
    return struck;
  };
  EXPECT_EQ(places(run), places(shared));
}

TEST(FiberSharedJobs, EveryJobIsDoneOnceWhereverTheTimerStrikes) {
  FiberRun run("fiber-shared-jobs");
  EXPECT_EQ(jobs_done(run, 8), std::vector<std::uint64_t>(8, 1));
  std::set<std::string> threads;
  for (const Choice& choice : choices_of(run)) {
    EXPECT_EQ(choice.chosen, choice.read_back);
    if (choice.chosen < 8) threads.insert(choice.kernel_thread);
  }
  EXPECT_EQ(threads, (std::set<std::string>{"kernel 0", "kernel 1", "kernel 2"}));
  std::set<std::string> struck;
  for (const core::EventRecord& record : run.trace().events()) struck.insert(run.function(record.event.step.value));
  EXPECT_TRUE(struck.contains("do_job"));
  EXPECT_TRUE(struck.contains("choose_job"));
  EXPECT_GE(run.trace().events().size(), 12U);
}

}  // namespace
}  // namespace fiberscope::tests
