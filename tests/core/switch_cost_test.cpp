// What a switch costs, against numbers counted by hand from the assembly.
#include "core/switch_cost.h"

#include <gtest/gtest.h>

#include <set>

#include "core/cost_json.h"
#include "core/cost_text.h"
#include "core/windowed_budget.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

PhaseCost without_model(PhaseCost cost) {
  cost.data_tlb_misses = cost.code_tlb_misses = cost.cache_misses = 0;
  return cost;
}

class SwitchCostTest : public ::testing::Test {
 protected:
  void SetUp() override {
    trace_ = record(scenario_image("switch_to_context.elf"));
    costs_ = switch_costs(*trace_);
  }
  std::string function_at(StepIndex step) const {
    const auto symbol = trace_->image().symbol_at(emu::Address{trace_->state_at(step).registers[emu::Register::rip]});
    return symbol ? symbol->name : std::string();
  }

  std::unique_ptr<Trace> trace_;
  SwitchCosts costs_;
};

// asm/runtime/switch_to_context.S: pushq %rbp, movq %rsp, %rbp, five pushes, movq %rsp, (%rdi): 8 steps, 7 words
// written. movq %rsi, %rsp. Six pops and retq: 7 steps, 7 words read.
TEST_F(SwitchCostTest, TheRoutineAsCountedByHand) {
  ASSERT_EQ(costs_.switches.size(), 16U);
  for (const SwitchCost& cost : costs_.switches) {
    EXPECT_EQ(without_model(cost.phase(SwitchPhase::save)), (PhaseCost{8, 0, 7, 0, 56}));
    EXPECT_EQ(without_model(cost.phase(SwitchPhase::stack)), (PhaseCost{1, 0, 0, 0, 0}));
    EXPECT_EQ(without_model(cost.phase(SwitchPhase::restore)), (PhaseCost{7, 7, 0, 56, 0}));
    EXPECT_EQ(cost.phase(SwitchPhase::between), PhaseCost());
    EXPECT_EQ(cost.routine().steps, 16U);
    EXPECT_EQ(cost.saved_words, 7U);  // rbp, rbx, r12 to r15 and rsp
    EXPECT_EQ(cost.window.kernel_entries, 0U);
    EXPECT_EQ(cost.window.kernel_steps, 0U);
    EXPECT_TRUE(cost.window.complete);
  }
}

TEST_F(SwitchCostTest, AWindowGoesFromUserCodeToUserCode) {
  for (const SwitchCost& cost : costs_.switches) {
    const SwitchWindow& window = cost.window;
    ASSERT_EQ(window.switches.size(), 1U);
    const Switch& entry = trace_->switches()[window.switches.front()];
    EXPECT_EQ(window.from, entry.from);
    EXPECT_EQ(window.to, entry.to);
    EXPECT_EQ(window.phase_of(entry.step), SwitchPhase::stack);
    // The first step is the call of a thread_… function, made by none of them; the last one returns from one.
    EXPECT_EQ(function_at(window.first).rfind("thread_", 0), 0U) << function_at(window.first);
    const std::string caller = function_at(window.first - 1);
    const std::string back = function_at(window.last);
    for (const char* system : {"thread_start", "thread_yield", "thread_block", "thread_join", "thread_wake",
                               "thread_exit", "schedule", "switch_to_context"}) {
      EXPECT_NE(caller, system);
      EXPECT_NE(back, system);
    }
    EXPECT_EQ(window.is_first_run, back == "thread_entry");
    EXPECT_EQ(window.phase_of(window.last), window.is_first_run ? SwitchPhase::restore : SwitchPhase::leave);
  }
}

TEST_F(SwitchCostTest, PhasesAddUpToTheirWindow) {
  AccessReader reader(*trace_);
  for (const SwitchCost& cost : costs_.switches) {
    PhaseCost counted;
    for (StepIndex step = cost.window.first; step <= cost.window.last; step = step + 1) {
      ++counted.steps;
      for (const StepAccess& access : reader.at(step).accesses) {
        counted.reads += access.kind == AccessKind::read ? 1 : 0;
        counted.writes += access.kind == AccessKind::write ? 1 : 0;
        (access.kind == AccessKind::write ? counted.bytes_written : counted.bytes_read) +=
            access.kind == AccessKind::fetch ? 0 : access.size;
      }
    }
    EXPECT_EQ(without_model(cost.total()), counted);
    EXPECT_EQ(cost.window.steps(), counted.steps);
  }
}

TEST_F(SwitchCostTest, WarmingSpares) {
  std::uint64_t spared = 0;
  for (const SwitchCost& cost : costs_.switches) {
    const auto at = [&](CacheSituation situation) { return cost.cache[static_cast<std::size_t>(situation)]; };
    EXPECT_LE(at(CacheSituation::as_run_warmed).restore_misses, at(CacheSituation::as_run).restore_misses);
    // 56 bytes lie in one line or in two; the first of them is warmed.
    const std::uint64_t cold = at(CacheSituation::cold).restore_misses;
    EXPECT_TRUE(cold == 1 || cold == 2);
    EXPECT_EQ(at(CacheSituation::cold_warmed).restore_misses, cold - 1);
    spared += cold - at(CacheSituation::cold_warmed).restore_misses;
  }
  EXPECT_EQ(spared, 16U);
}

TEST_F(SwitchCostTest, TheModelKnowsWhoSharesASpace) {
  const auto sum = [](const std::vector<TlbAtSwitch>& switches) {
    std::uint64_t misses = 0;
    for (const TlbAtSwitch& entry : switches) misses += entry.until_next.misses();
    return misses;
  };
  for (const auto& policy : costs_.tlb) ASSERT_EQ(policy.size(), trace_->switches().size());
  for (const TlbAtSwitch& entry : costs_.tlb[0]) EXPECT_EQ(entry.entry.flushed, 0U);
  for (const TlbAtSwitch& entry : costs_.tlb[1]) EXPECT_GT(entry.entry.flushed, 0U);
  for (const TlbAtSwitch& entry : costs_.tlb[2]) EXPECT_EQ(entry.entry.flushed, 0U);
  EXPECT_LT(sum(costs_.tlb[0]), sum(costs_.tlb[2]));
  EXPECT_LT(sum(costs_.tlb[2]), sum(costs_.tlb[1]));
  for (const auto& policy : costs_.tlb)
    for (const TlbAtSwitch& entry : policy) EXPECT_LE(entry.soon.misses(), entry.until_next.misses());

  // All in one space: no policy makes a difference.
  AddressSpaces one;
  for (const ThreadRecord& record : trace_->threads()) one[record.thread.id] = 0;
  const SwitchCosts shared = switch_costs(*trace_, one);
  for (const auto& policy : shared.tlb) EXPECT_EQ(sum(policy), sum(costs_.tlb[0]));
}

TEST_F(SwitchCostTest, TheLookUpsOfAllSwitchesAreThoseOfTheStepsBehindThem) {
  AccessReader reader(*trace_);
  TlbCounts expected;
  const auto pages = [](const StepAccess& access) {
    return (access.address.value + access.size - 1) / 4096 - access.address.value / 4096 + 1;
  };
  for (StepIndex step = trace_->switches().front().step + 1; step <= trace_->steps(); step = step + 1)
    for (const StepAccess& access : reader.at(step).accesses)
      (access.kind == AccessKind::fetch ? expected.code_hits : expected.data_hits) += pages(access);
  for (const auto& policy : costs_.tlb) {
    TlbCounts counted;
    for (const TlbAtSwitch& entry : policy) counted += entry.until_next;
    EXPECT_EQ(counted.data_hits + counted.data_misses, expected.data_hits);
    EXPECT_EQ(counted.code_hits + counted.code_misses, expected.code_hits);
  }
}

TEST_F(SwitchCostTest, TheFirstStepsAreSoManyAsAskedFor) {
  ModelParameters parameters;
  parameters.soon = 2;
  const SwitchCosts costs = switch_costs(*trace_, std::nullopt, parameters);
  // Behind the move of rsp come two pops: two instructions and two words, each in one page.
  for (const auto& policy : costs.tlb) {
    for (const TlbAtSwitch& entry : policy) {
      EXPECT_EQ(entry.soon.data_hits + entry.soon.data_misses, 2U);
      EXPECT_EQ(entry.soon.code_hits + entry.soon.code_misses, 2U);
    }
  }
}

TEST_F(SwitchCostTest, ARunThatIsCutOffInASwitchSaysSo) {
  const StepIndex inside = trace_->switches().at(5).step + 2;
  const auto cut = record(scenario_image("switch_to_context.elf"), inside.value);
  const SwitchCosts costs = switch_costs(*cut);
  ASSERT_EQ(costs.switches.size(), 6U);
  EXPECT_FALSE(costs.switches.back().window.complete);
  EXPECT_EQ(costs.switches.back().window.last, cut->steps());
  EXPECT_EQ(costs.complete_windows(), 5U);
}

TEST_F(SwitchCostTest, TheNotesClaimsStayItsClaims) {
  const std::vector<BudgetRow> budget = windowed_budget(costs_);
  ASSERT_EQ(budget.size(), 5U);
  const std::uint64_t cycles[] = {100, 4, 100, 100, 304};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(budget[i].claimed_cycles, cycles[i]);
  EXPECT_EQ(budget[0].steps, (Spread{8, 8, 8}));
  EXPECT_EQ(budget[1].steps, (Spread{1, 1, 1}));
  EXPECT_EQ(budget[2].bytes, (Spread{56, 56, 56}));
  EXPECT_FALSE(budget[3].steps.has_value());
  EXPECT_GT(budget[3].model_misses, 0U);
  EXPECT_EQ(budget[4].steps, (Spread{16, 16, 16}));
  const std::vector<ComparisonRow> rows = windowed_comparison(costs_);
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_EQ(rows[1].claimed_here, "9");
  EXPECT_EQ(rows[1].run.front().value, 7);
  ASSERT_EQ(rows[4].run.size(), 3U);
  EXPECT_EQ(rows[4].run[0].value, 0);  // nobody was preempted …
  EXPECT_FALSE(rows[4].run[1].value.has_value());
  EXPECT_EQ(rows[4].run[2].value, 16);  // … and the routine is what it is
}

TEST_F(SwitchCostTest, AKernelThatIsNotExecutedHasNoNumber) {
  costs_.kernel_is_executed = false;
  costs_.switches.front().window.host_kernel_entries = 1;
  const std::vector<CostRow> rows = cost_rows(costs_);
  int words = 0;
  for (const CostRow& row : rows) {
    if (row.key != "kernel_entries" && row.key != "kernel_steps") continue;
    EXPECT_EQ(to_text(row), "kernel work not executed here");
    ++words;
  }
  EXPECT_EQ(words, 2);
  const auto json = cost_json(*trace_, costs_);
  EXPECT_EQ(json["switches"][0]["kernel_entries"], "kernel work not executed here");
  EXPECT_EQ(json["switches"][1]["kernel_steps"], "kernel work not executed here");
  EXPECT_NE(cost_text(*trace_, costs_).find("kernel work not executed here"), std::string::npos);
}

TEST(SwitchCost, ThroughAKernelThatIsGuestCode) {
  if (!builtin_file("images/kernel_ping_pong.elf")) GTEST_SKIP() << "the image is not built";
  const auto trace = record(scenario_image("kernel_ping_pong.elf"));
  const SwitchCosts costs = switch_costs(*trace);
  std::set<ThreadId> players;
  for (const ThreadRecord& thread : trace->threads())
    if (thread.thread.kind == ThreadKind::user) players.insert(thread.thread.id);
  std::uint64_t between_players = 0;
  for (const SwitchCost& cost : costs.switches) {
    const bool is_theirs = players.count(cost.window.from.value()) != 0 && players.count(cost.window.to.value()) != 0;
    if (!is_theirs || cost.window.is_first_run) continue;
    EXPECT_EQ(cost.window.kernel_entries, 1U);
    ++between_players;
    // 15 pushes, movq %rsp, %rdi, the routine's 8 steps; back: six pops and ret, 15 pops and iretq.
    EXPECT_EQ(cost.phase(SwitchPhase::save).steps, 15U + 1U + 8U);
    EXPECT_EQ(cost.phase(SwitchPhase::restore).steps, 7U + 16U);
    EXPECT_EQ(cost.saved_words, 5U + 15U + 7U);  // the processor's frame, the stub's, the routine's
    EXPECT_EQ(cost.phase(SwitchPhase::restore).bytes_read, (7U + 15U + 5U) * 8U);
    EXPECT_GT(cost.window.kernel_steps, 46U);
    EXPECT_LT(cost.window.kernel_steps, cost.window.steps());
  }
  EXPECT_GE(between_players, 8U);
}

TEST(SwitchCost, OfTheNotesWindowedSwitch) {
  if (!builtin_file("images/windowed_switch.elf")) GTEST_SKIP() << "the image is not built";
  const auto trace = record(scenario_image("windowed_switch.elf"));
  const SwitchCosts costs = switch_costs(*trace);
  ASSERT_FALSE(costs.switches.empty());
  for (const SwitchCost& cost : costs.switches) {
    const std::uint64_t moves = cost.phase(SwitchPhase::stack).steps;
    EXPECT_EQ(cost.saved_at_once, 9U);  // the note: 9 registers, 72 bytes
    // Six registers, rsp, two for rip, pushfq, pop, the last store; of these 9 + 1 words written and 2 read.
    EXPECT_EQ(without_model(cost.phase(SwitchPhase::save)),
              (PhaseCost{12 * moves, 2 * moves, 10 * moves, 16 * moves, 80 * moves}));
    EXPECT_EQ(cost.phase(SwitchPhase::restore).steps, 10 * moves);
  }
}

TEST(SwitchCost, MiddleOfSomeNumbers) {
  EXPECT_EQ(spread_of({}), std::nullopt);
  EXPECT_EQ(spread_of({5}), (Spread{5, 5, 5}));
  EXPECT_EQ(spread_of({9, 1, 4}), (Spread{1, 4, 9}));
  EXPECT_EQ(spread_of({9, 1, 4, 2}), (Spread{1, 2, 9}));
}

}  // namespace
}  // namespace fiberscope::core
