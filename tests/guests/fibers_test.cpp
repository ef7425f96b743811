// The fiber library of note 003: its numbers, measured in the traces of its scenarios.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/handoff.h"
#include "tests/guests/fiber_run.h"

namespace fiberscope::tests {
namespace {

using core::StepIndex;
using emu::Register;

TEST(FiberSwapcontext, IsTheNotesListingAndARet) {
  FiberRun run("fiber-swapcontext");
  const auto first = run.steps_at("fiber_swapcontext", "pushq %r12").at(0);
  std::vector<std::string> listing;
  for (std::uint64_t step = first; run.function(step) == "fiber_swapcontext"; ++step) listing.push_back(run.text(step));
  EXPECT_EQ(listing,
            (std::vector<std::string>{"pushq %r12", "pushq %r13", "pushq %r14", "pushq %r15", "pushq %rbx",
                                      "pushq %rbp", "movq %rsp, (%rsi)", "movq (%rdi), %rsp", "popq %rbp", "popq %rbx",
                                      "popq %r15", "popq %r14", "popq %r13", "popq %r12", "retq"}));
}

TEST(FiberSwapcontext, RestoresFromRdiAndSavesToRsi) {
  FiberRun run("fiber-swapcontext");
  const auto loads = run.steps_at("fiber_swapcontext", "movq (%rdi), %rsp");
  ASSERT_EQ(loads.size(), run.switches().size());
  for (const std::uint64_t step : loads) {
    const std::uint64_t rdi = run.reg(step - 1, Register::rdi);
    const std::uint64_t rsi = run.reg(step - 1, Register::rsi);
    EXPECT_EQ(run.reg(step, Register::rsp), run.word(step, rdi));
    EXPECT_EQ(run.reg(step - 1, Register::rsp), run.word(step, rsi));
  }
}

TEST(FiberSwtch, Keeps120BytesInTheNotesOrder) {
  FiberRun run("fiber-swtch");
  constexpr std::array kFromHigh{Register::rbp, Register::rcx, Register::rax, Register::rbx, Register::rsi,
                                 Register::rdi, Register::r15, Register::r14, Register::r13, Register::r12,
                                 Register::r11, Register::r10, Register::r9,  Register::r8};
  const auto entries = run.steps_at("swtch", "pushq %rbp");
  ASSERT_GE(entries.size(), 12U);
  for (const std::uint64_t entry : entries) {
    const std::uint64_t before = entry - 1;
    const std::uint64_t rip_cell = run.reg(before, Register::rsp);
    const std::uint64_t parked = before + kFromHigh.size();
    const std::uint64_t saved = run.reg(parked, Register::rsp);
    for (std::size_t i = 0; i < kFromHigh.size(); ++i)
      EXPECT_EQ(run.text(entry + i), "pushq %" + std::string(emu::register_name(kFromHigh.at(i))));
    EXPECT_EQ(rip_cell + 8 - saved, 120U);
    for (std::size_t i = 0; i < kFromHigh.size(); ++i)
      EXPECT_EQ(run.word(parked, rip_cell - 8 * (i + 1)), run.reg(before, kFromHigh.at(i))) << "cell " << i + 1;
  }
}

TEST(FiberSwtch, GivesBackAllRegistersButRdx) {
  FiberRun run("fiber-swtch");
  std::map<std::string, emu::RegisterFile> left_with;
  std::set<Register> lost;
  std::uint64_t returns = 0;
  for (std::uint64_t step = 1; step <= run.steps(); ++step) {
    if (run.function(step) != "swtch") continue;
    const std::string thread = run.thread(step);
    if (run.text(step) == "pushq %rbp") left_with[thread] = run.trace().state_at(StepIndex{step - 1}).registers;
    if (run.text(step) != "popq %rbp" || !left_with.contains(thread)) continue;
    ++returns;
    const emu::RegisterFile& then = left_with.at(thread);
    for (std::size_t i = 0; i < emu::slot(Register::rip); ++i) {
      const Register which = emu::general_register(i);
      if (run.reg(step, which) != then[which]) lost.insert(which);
    }
    left_with.erase(thread);
  }
  EXPECT_GE(returns, 12U);
  EXPECT_EQ(lost, std::set{Register::rdx});
}

TEST(FiberSwtch, ReportsTheLossOfRdx) {
  FiberRun run("fiber-swtch");
  // report: divisor, squares, late, then seven marks before and after: rax rcx rdx r8 r9 r10 r11.
  for (std::uint64_t i = 0; i < 7; ++i) {
    EXPECT_EQ(run.last_word("report", 3 + i), i + 1);
    EXPECT_EQ(run.last_word("report", 10 + i), i == 2 ? 1000 : i + 1);
  }
}

TEST(FiberSwtch, SchedulerNeeds248BytesWhileAFiberRuns) {
  FiberRun run("fiber-swtch");
  std::uint64_t dispatches = 0;
  for (const core::Switch& entry : run.switches()) {
    if (run.name(*entry.from, entry.step.value) != "scheduler" || run.name(*entry.to, entry.step.value) == "main")
      continue;
    ++dispatches;
    const core::Thread scheduler = run.info(*entry.from, entry.step.value);
    EXPECT_EQ(scheduler.stack.high - scheduler.saved_rsp, 248U);
    // The first context still lies above the second: its rip is where the scheduler began.
    EXPECT_EQ(run.word(entry.step.value, scheduler.stack.high.value - 16), run.symbol("fiber_scheduler"));
  }
  EXPECT_EQ(dispatches, 14U);
}

TEST(FiberSwtch, TwoRawSwitchesMakeAHandoff) {
  FiberRun run("fiber-swtch");
  const auto handoffs = core::join_handoffs(run.trace());
  for (const core::Handoff& handoff : handoffs) {
    EXPECT_NE(run.name(*handoff.from, handoff.step.value), "scheduler");
    EXPECT_NE(run.name(*handoff.to, handoff.step.value), "scheduler");
  }
  EXPECT_GE(handoffs.size(), 12U);
  EXPECT_LE(2 * handoffs.size(), run.switches().size());
}

TEST(FiberStackBlocks, AreAlignedAndReused) {
  FiberRun run("fiber-stack-blocks");
  std::vector<std::uint64_t> numbers;
  const std::uint64_t base = run.symbol("stack_blocks");
  for (const core::ThreadRecord& record : run.trace().threads()) {
    if (record.thread.name == "main") continue;
    EXPECT_EQ(record.thread.stack.low.value % 512, 0U);
    EXPECT_EQ(record.thread.stack.size(), 512U);
    numbers.push_back((record.thread.stack.low.value - base) / 512);
  }
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{0, 1, 2, 0, 2, 0}));
  for (std::uint64_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(run.last_word("report", i), numbers[i]);
}

TEST(FiberStackBlocks, RspNeverLeavesTheBlock) {
  for (const char* scenario : {"fiber-stack-blocks", "fiber-rewritten-return"}) {
    FiberRun run(scenario);
    std::map<std::string, emu::AddressRange> blocks;
    for (const core::ThreadRecord& record : run.trace().threads()) blocks[record.thread.name] = record.thread.stack;
    for (std::uint64_t step = 1; step <= run.steps(); ++step) {
      const std::string thread = run.thread(step);
      ASSERT_NE(thread, "nobody") << scenario << " step " << step;
      if (thread == "main") continue;
      ASSERT_GE(run.reg(step - 1, Register::rsp), blocks.at(thread).low.value) << scenario << " step " << step;
    }
  }
}

TEST(FiberStackBlocks, ARetEntersTheTaskWithRipRbpAndRsiFromItsContext) {
  FiberRun run("fiber-stack-blocks");
  std::uint64_t entered = 0;
  for (std::uint64_t step = 2; step <= run.steps(); ++step) {
    if (run.reg(step, Register::rip) != run.symbol("do_job") || run.function(step) != "swtch") continue;
    ++entered;
    EXPECT_EQ(run.text(step), "retq");
    const std::uint64_t rsp = run.reg(step, Register::rsp);
    EXPECT_EQ(rsp % 16, 8U);
    EXPECT_EQ(run.reg(step, Register::rsi), rsp);
    EXPECT_EQ(run.reg(step, Register::rbp), rsp + 8);
    EXPECT_EQ(run.word(step, rsp), run.symbol("frame_dealloc"));  // cell 0
    // The task's own push makes cell 1: a pointer to the stack's bottom, where the chain of rbp ends.
    EXPECT_EQ(run.text(step + 1), "pushq %rbp");
    EXPECT_EQ(run.word(step + 1, rsp - 8), rsp + 8);
    EXPECT_EQ(run.word(step + 1, rsp + 8), 0U);
  }
  EXPECT_EQ(entered, 6U);
}

TEST(FiberStackBlocks, EachFiberReturnsIntoFrameDeallocAndIsLeftBeforeItsBlockIsFree) {
  FiberRun run("fiber-stack-blocks");
  const auto falls = run.steps_at("frame_dealloc", "leaq -8(%rsp), %rdi");
  EXPECT_EQ(falls.size(), 6U);
  for (const std::uint64_t step : falls) {
    EXPECT_EQ(run.text(step - 1), "retq");
    EXPECT_EQ(run.function(step - 1), "do_job");
  }
  for (std::uint64_t step = 1; step <= run.steps(); ++step)
    if (run.function(step) == "stackfree") {
      ASSERT_EQ(run.thread(step), "main") << "step " << step;
    }
}

TEST(FiberRewrittenReturn, TheChainShowsWhatTheStackSays) {
  FiberRun run("fiber-rewritten-return");
  const auto redirects = run.steps_at("chain_redirect", "movq %rsi, 8(%rdi)");
  ASSERT_EQ(redirects.size(), 1U);
  const std::vector<std::string> deep = {"chainsec", "chainsec", "chainsec", "go_up", "chain_redirect"};
  std::vector<std::string> before = {"frame_dealloc", "run_chain", "chainhead"};
  std::vector<std::string> after = {"frame_dealloc", "chainhead"};
  before.insert(before.end(), deep.begin(), deep.end());
  after.insert(after.end(), deep.begin(), deep.end());
  EXPECT_EQ(run.chain("rewritten", redirects[0] - 1), before);
  EXPECT_EQ(run.chain("rewritten", redirects[0]), after);
}

TEST(FiberRewrittenReturn, ControlGoesFromChainheadToFrameDealloc) {
  FiberRun run("fiber-rewritten-return");
  std::map<std::string, std::string> came_from;
  for (const std::uint64_t step : run.steps_at("frame_dealloc", "leaq -8(%rsp), %rdi"))
    came_from[run.thread(step)] = run.function(step - 1);
  EXPECT_EQ(came_from, (std::map<std::string, std::string>{{"plain", "run_chain"}, {"rewritten", "chainhead"}}));
}

TEST(FiberRewrittenReturn, EveryStackCanBeReadAtEveryStep) {
  FiberRun run("fiber-rewritten-return");
  for (std::uint64_t cursor = 1; cursor <= run.steps(); ++cursor)
    for (const core::StackView& stack : run.snapshot(cursor).stacks)
      if (stack.holds_rsp || !stack.frames.empty()) {
        ASSERT_TRUE(stack.chain_complete) << "step " << cursor << ", thread " << stack.thread.value;
      }
}

/// What needs what, told a second time: pairs of task and successor, in the order of the program's enumeration.
constexpr std::array<std::pair<std::uint64_t, std::uint64_t>, 6> kNeeds{
    {{0, 2}, {0, 3}, {1, 5}, {2, 4}, {3, 5}, {4, 5}}};
const std::vector<std::string> kTasks = {"read", "rules", "lex", "names", "parse", "check"};

TEST(FiberTaskGraph, EndsInATopologicalOrder) {
  FiberRun run("fiber-task-graph");
  std::vector<std::uint64_t> place(kTasks.size(), 99);
  for (std::uint64_t i = 0; i < kTasks.size(); ++i) place.at(run.last_word("report", i)) = i;
  EXPECT_EQ(std::set<std::uint64_t>(place.begin(), place.end()).size(), kTasks.size());
  for (const auto& [task, successor] : kNeeds) EXPECT_LT(place.at(task), place.at(successor)) << kTasks.at(successor);
}

TEST(FiberTaskGraph, NobodyRunsBeforeAllThatItNeedsHasEnded) {
  FiberRun run("fiber-task-graph");
  std::map<std::string, std::uint64_t> first;
  std::map<std::string, std::uint64_t> ended;
  for (std::uint64_t step = 1; step <= run.steps(); ++step) {
    const std::string thread = run.thread(step);
    first.try_emplace(thread, step);
    if (run.function(step) == "fiber_exit") ended.try_emplace(thread, step);
  }
  for (const auto& [task, successor] : kNeeds)
    EXPECT_LT(ended.at(kTasks.at(task)), first.at(kTasks.at(successor))) << kTasks.at(successor);
}

TEST(FiberTaskGraph, SumsAreThoseOfTheGraph) {
  FiberRun run("fiber-task-graph");
  std::array<std::uint64_t, 6> sums{2, 3, 2, 1, 1, 1};                               // the efforts
  for (const auto& [task, successor] : kNeeds) sums.at(successor) += sums.at(task);  // kNeeds is sorted
  EXPECT_EQ(run.last_word("report", 7), sums.back());
}

TEST(FiberPopRsp, RspWalksThroughAContextOfNobody) {
  FiberRun run("fiber-pop-rsp");
  const auto loads = run.steps_at("fiber_pop_rsp", "movq %rsi, %rsp");
  ASSERT_GE(loads.size(), 12U);
  for (const std::uint64_t load : loads) {
    const std::uint64_t context = run.reg(load, Register::rsp);
    EXPECT_GE(context, run.symbol("contexts"));
    for (std::uint64_t i = 1; i <= 6; ++i) {
      EXPECT_EQ(run.reg(load + i, Register::rsp), context + 8 * i);
      EXPECT_EQ(run.thread(load + i), "nobody");
    }
    EXPECT_EQ(run.text(load + 7), "popq %rsp");
    EXPECT_EQ(run.reg(load + 7, Register::rsp), run.word(load, context + 48));
  }
  const auto handoffs = core::join_handoffs(run.trace());
  EXPECT_EQ(handoffs.size(), loads.size());
  for (const core::Handoff& handoff : handoffs) EXPECT_TRUE(handoff.from && handoff.to);
}

TEST(FiberCallAndReturn, HasTheNotesNumbers) {
  FiberRun run("fiber-call-and-return");
  EXPECT_EQ(run.symbol("note_main"), 0x55189U);
  EXPECT_EQ(run.symbol("frame_explore"), 0xfb728aU);
  EXPECT_EQ(run.symbol("frame_change"), 0xfb729cU);
  const std::uint64_t call = run.steps_at("note_main", "callq 0xfb728a").at(0);
  EXPECT_EQ(run.reg(call - 1, Register::rsp), 0xffdbe0U);
  EXPECT_EQ(run.reg(call, Register::rsp), 0xffdbd8U);
  EXPECT_EQ(run.reg(call - 1, Register::rbp), 0xffdbf0U);  // T
  EXPECT_EQ(run.reg(run.steps_at("note_main", "subq $0x10, %rsp").at(0), Register::rip), 0x55195U);
  EXPECT_EQ(run.reg(run.steps_at("frame_explore", "movq %rsp, %rbp").at(0), Register::rip), 0xfb7292U);
  EXPECT_EQ(run.reg(run.steps_at("frame_explore", "popq %rbp").at(0), Register::rip), 0xfb729bU);
  EXPECT_EQ(run.reg(run.steps_at("frame_change", "subq $0x10, %rsp").at(0), Register::rsp), 0xffdbc0U);
  EXPECT_EQ(run.reg(run.steps_at("frame_change", "retq").at(0), Register::rip), 0x55189U);
}

TEST(FiberCallAndReturn, EveryCallTakesEightFromRspAndKeepsTheNextRip) {
  FiberRun run("fiber-call-and-return");
  std::uint64_t calls = 0;
  for (std::uint64_t step = 1; step <= run.steps(); ++step) {
    if (!run.text(step).starts_with("callq")) continue;
    ++calls;
    const core::StepTemplate& code = run.trace().templates()[run.trace().effects_of(StepIndex{step}).instruction];
    EXPECT_EQ(run.reg(step - 1, Register::rsp) - 8, run.reg(step, Register::rsp));
    EXPECT_EQ(run.word(step, run.reg(step, Register::rsp)), code.address + code.size);
  }
  EXPECT_GE(calls, 10U);
}

class FiberScenarios : public testing::TestWithParam<std::string> {};

TEST_P(FiberScenarios, FillEveryCaptionWithARealValue) {
  FiberRun run(GetParam());
  const std::vector<std::string>& watched = scenario_run(GetParam()).scenario().watch.functions;
  std::set<std::pair<std::string, std::string>> looked_at;
  for (std::uint64_t step = 1; step <= run.steps(); ++step) {
    if (std::find(watched.begin(), watched.end(), run.function(step)) == watched.end()) continue;
    if (run.switches().size() > 4 && step > run.switches()[4].step.value &&
        !looked_at.emplace(run.function(step), run.text(step)).second)
      continue;
    const std::string sentence = run.snapshot(step).caption.sentence;
    // Only a question in the scenario's own words may end with this.
    EXPECT_EQ(sentence.find("? "), sentence.find("? Is")) << "step " << step << ": " << sentence;
    EXPECT_EQ(sentence.find(" ?"), std::string::npos) << "step " << step << ": " << sentence;
    EXPECT_EQ(sentence.find("(?"), std::string::npos) << "step " << step << ": " << sentence;
    EXPECT_EQ(sentence.find("no thread"), std::string::npos) << "step " << step << ": " << sentence;
  }
}

INSTANTIATE_TEST_SUITE_P(All, FiberScenarios,
                         testing::Values("fiber-swapcontext", "fiber-swtch", "fiber-pop-rsp", "fiber-call-and-return",
                                         "fiber-what-to-save", "fiber-stack-blocks", "fiber-rewritten-return",
                                         "fiber-task-graph", "fiber-shared-stack", "fiber-stack-each",
                                         "fiber-shared-jobs"),
                         ScenarioRun::test_name);

}  // namespace
}  // namespace fiberscope::tests
