// What the switches of scenarios cost, against counts by hand: from the programs' source and the library's disassembly.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/cost_json.h"
#include "core/cost_rows.h"
#include "core/cost_text.h"
#include "core/switch_cost.h"
#include "core/windowed_budget.h"
#include "tests/scenarios/scenario_run.h"

namespace fiberscope::tests {
namespace {

using core::SwitchCost;
using core::SwitchPhase;
using core::SwitchReason;

struct Costed {
  explicit Costed(const std::string& name) : run(scenario_run(name)), costs(core::switch_costs(*run.trace)) {}

  std::string thread(std::optional<core::ThreadId> id) const {
    for (const core::ThreadRecord& record : run.trace->threads())
      if (record.thread.id == id) return record.thread.name;
    return "nobody";
  }
  /// "main -> left: start"
  std::string told(const SwitchCost& cost) const {
    return thread(cost.window.from) + " -> " + thread(cost.window.to) + ": " +
           std::string(core::to_string(cost.window.reason));
  }
  std::vector<std::string> told(std::size_t first, std::size_t count) const {
    std::vector<std::string> lines;
    for (std::size_t i = first; i < std::min(first + count, costs.switches.size()); ++i)
      lines.push_back(told(costs.switches[i]));
    return lines;
  }
  std::string function_of(core::StepIndex step) const {
    const core::StepTemplate& ran = run.trace->templates()[run.trace->effects_of(step).instruction];
    const auto symbol = run.trace->image().symbol_at(emu::Address{ran.address});
    return symbol ? symbol->name : std::string();
  }
  bool has_event(core::StepIndex step, emu::EventKind kind, std::uint64_t vector) const {
    const auto events = run.trace->events_behind(step);
    return std::any_of(events.begin(), events.end(), [&](const core::EventRecord& record) {
      return record.event.kind == kind && record.event.vector == vector;
    });
  }
  std::string row(std::string_view key) const {
    for (const core::CostRow& candidate : core::cost_rows(costs))
      if (candidate.key == key) return core::to_text(candidate);
    return "no such row";
  }

  ScenarioRun& run;
  core::SwitchCosts costs;
};

/// __sigsetjmp stores the eight words of a jmp_buf; __longjmp loads them and stores nothing. A yield is one setjmp and
/// two longjmps, to the scheduler and from there to the next thread.
TEST(ScenarioCosts, SetjmpSavesAndLongjmpRestores) {
  for (const char* name : {"userthread-library", "userthread-jmp-buf"}) {
    Costed costed(name);
    std::size_t yields = 0;
    for (const SwitchCost& cost : costed.costs.switches) {
      for (core::StepIndex step = cost.window.first; step <= cost.window.last; step = step + 1) {
        const SwitchPhase phase = cost.window.phase_of(step);
        const std::string function = costed.function_of(step);
        if (function == "__sigsetjmp") {
          EXPECT_EQ(phase, SwitchPhase::save) << step.value;
        } else if (function == "__longjmp") {
          EXPECT_TRUE(phase == SwitchPhase::restore || phase == SwitchPhase::stack) << step.value;
        }
      }
      if (cost.window.reason != SwitchReason::yield || cost.window.is_first_run) continue;
      ++yields;
      EXPECT_EQ(cost.phase(SwitchPhase::save).writes, 8U) << name << ", step " << cost.window.first.value;
      EXPECT_EQ(cost.phase(SwitchPhase::save).bytes_written, 64U);
      EXPECT_EQ(cost.phase(SwitchPhase::stack).steps, 2U);
      EXPECT_EQ(cost.phase(SwitchPhase::restore).writes, 0U);
      EXPECT_GE(cost.phase(SwitchPhase::restore).bytes_read, 2U * 64);
      EXPECT_EQ(cost.saved_at_once, 8U);
    }
    EXPECT_GE(yields, 1U) << name;
  }
}

/// left adds up 20 … 1 and right 12 … 1; each lets the other run at every number that 4 divides.
TEST(ScenarioCosts, AYieldFromUserCodeIsASwitchOfItsOwn) {
  Costed costed("fiber-what-to-save");
  const std::vector<std::string> by_hand{"main -> left: dispatch",
                                         "left -> right: yield" /* 20 */,
                                         "right -> left: yield" /* 12 */,
                                         "left -> right: yield" /* 16 */,
                                         "right -> left: yield" /* 8 */,
                                         "left -> right: yield" /* 12 */,
                                         "right -> left: yield" /* 4 */,
                                         "left -> right: yield" /* 8 */,
                                         "right -> left: block" /* has 78 */,
                                         "left -> main: block" /* has 210; at 4 nobody else was ready */};
  EXPECT_EQ(costed.told(0, 10), by_hand);
}

/// alto and bass sing three verses in turn; who has sung them goes to the other one, the second to main.
TEST(ScenarioCosts, AThreadThatASignalMadeHasUserCodeOfItsOwn) {
  Costed costed("signal-stack-trick");
  const std::vector<std::string> by_hand{"main -> alto: start", "alto -> bass: yield", "bass -> alto: yield",
                                         "alto -> bass: yield", "bass -> alto: yield", "alto -> bass: yield",
                                         "bass -> alto: yield", "alto -> bass: exit",  "bass -> main: exit"};
  ASSERT_GE(costed.costs.switches.size(), by_hand.size());
  EXPECT_EQ(costed.told(costed.costs.switches.size() - by_hand.size(), by_hand.size()), by_hand);
}

/// A kernel thread that serves no user thread is a thread like any other: its jobs are no part of a switch.
TEST(ScenarioCosts, KernelThreadsHaveWorkOfTheirOwn) {
  for (const char* name : {"fiber-shared-jobs", "fiber-stack-each"}) {
    Costed costed(name);
    EXPECT_GE(costed.costs.complete_windows(), 10U) << name;
    for (const SwitchCost& cost : costed.costs.switches)
      for (core::StepIndex step = cost.window.first; step <= cost.window.last; step = step + 1)
        ASSERT_NE(costed.function_of(step), "do_job") << name << ", step " << step.value;
  }
}

/// From where SIGALRM (14) is delivered to the rt_sigreturn (15) by which the next thread is back.
TEST(ScenarioCosts, ASignalIsAnInterrupt) {
  Costed costed("signal-preemption");
  std::size_t whole = 0;
  for (const SwitchCost& cost : costed.costs.switches) {
    if (cost.window.reason != SwitchReason::timer) continue;
    EXPECT_TRUE(cost.window.by_interrupt);
    EXPECT_TRUE(costed.has_event(cost.window.first - 1, emu::EventKind::signal, 14)) << cost.window.first.value;
    EXPECT_EQ(costed.function_of(cost.window.first), "timer_interrupt");
    if (cost.window.is_first_run) continue;
    ++whole;
    EXPECT_TRUE(costed.has_event(cost.window.last, emu::EventKind::system_call, 15)) << cost.window.last.value;
    EXPECT_GT(cost.phase(SwitchPhase::restore).steps, 0U);
    EXPECT_GT(cost.phase(SwitchPhase::leave).steps, 0U);
  }
  EXPECT_GE(whole, 4U);
}

TEST(ScenarioCosts, WhatTheHostSavesHasNoNumber) {
  for (const char* name : {"process-fork-cow", "process-clone-flags", "process-vfork-exec"}) {
    Costed costed(name);
    for (const char* key :
         {"switch_steps", "routine_steps", "routine_bytes", "saved_words", "kernel_entries", "kernel_steps",
          "bytes_written", "bytes_read", "accesses", "fpu_saves", "cache_cold_restore_misses"})
      EXPECT_EQ(costed.row(key), "kernel work not executed here") << name << ": " << key;
  }
  // glibc's own routine is executed here, whatever the kernel does between: its steps are numbers, its bytes are not
  // all there are.
  Costed glibc("makecontext-swapcontext");
  EXPECT_NE(glibc.row("routine_steps"), "kernel work not executed here");
  for (const char* key : {"routine_bytes", "bytes_written", "bytes_read", "accesses"})
    EXPECT_EQ(glibc.row(key), "kernel work not executed here") << key;
  // No kernel has a part in these.
  EXPECT_NE(Costed("userthread-library").row("bytes_written"), "kernel work not executed here");
}

/// Of whatever the window or the text shows of a switch in which a kernel of the host has a part.
TEST(ScenarioCosts, NoColumnCountsWhatTheHostDid) {
  for (const char* name : {"process-fork-cow", "process-clone-flags", "process-vfork-exec", "makecontext-swapcontext",
                           "signal-preemption", "signal-stack-trick", "boost-context"}) {
    Costed costed(name);
    const nlohmann::ordered_json json = core::cost_json(*costed.run.trace, costed.costs);
    std::size_t hosted = 0;
    for (const auto& entry : json["switches"]) {
      if (!entry["kernel_entries"].is_string()) continue;
      ++hosted;
      // The registers are in the signal's frame, which the kernel makes.
      if (entry["by_interrupt"]) {
        EXPECT_EQ(entry["saved_words"], "kernel work not executed here") << name;
      }
      for (const auto& [phase, counts] : entry["phases"].items())
        for (const char* key : {"reads", "writes", "bytes_read", "bytes_written"})
          EXPECT_EQ(counts[key], "kernel work not executed here") << name << " " << phase;
    }
    EXPECT_GT(hosted, 0U) << name;
  }
}

/// The same program on one processor and on two: each has TLBs of its own, and the clock says which is faster.
TEST(ScenarioCosts, TwoProcessorsNeedFewerRounds) {
  Costed one("one-processor");
  Costed two("two-processors");
  EXPECT_GT(two.costs.steps, one.costs.steps);
  EXPECT_LT(two.costs.rounds, one.costs.rounds);
  EXPECT_EQ(one.costs.rounds, one.costs.steps);
  // What the guest read from the machine's clock when its last worker had ended.
  for (Costed* costed : {&one, &two}) {
    core::Trace& trace = *costed->run.trace;
    const emu::Address finished_at = trace.image().symbol("finished_at")->address;
    const auto written = trace.last_write(finished_at, 4, trace.steps());
    ASSERT_TRUE(written.has_value());
    const std::uint64_t clock = trace.state_at(*written).memory.read(finished_at, 4).value();
    // It was read some ten steps before it was stored.
    const double rounds = trace.timeline().rounds_at(*written);
    EXPECT_GE(rounds, static_cast<double>(clock));
    EXPECT_LE(rounds, static_cast<double>(clock) + 12);
  }
  ASSERT_EQ(two.costs.processors.size(), 2U);
  for (const core::ProcessorCounts& counts : two.costs.processors) {
    EXPECT_GT(counts.tlb[0].hits(), 1000U);
    EXPECT_GT(counts.tlb[0].misses(), 0U);
    ASSERT_TRUE(two.costs.kept_entries(counts.cpu, 0).has_value());
    EXPECT_GT(two.costs.kept_entries(counts.cpu, 0)->median, 0U);
    EXPECT_EQ(two.costs.kept_entries(counts.cpu, 1)->min, 0U) << "a full flush leaves none";
  }
  const std::string text = core::compare_text({{one.run.trace.get(), &one.costs}, {two.run.trace.get(), &two.costs}});
  EXPECT_NE(text.find("rounds of the clock"), std::string::npos);
  EXPECT_NE(text.find("CPU 1"), std::string::npos);
}

TEST(ScenarioCosts, TheTlbsAreToldBehindEachChangeOfStack) {
  Costed costed("kernel-ping-pong");
  const std::string text = core::cost_text(*costed.run.trace, costed.costs);
  EXPECT_NE(text.find("PCID: kept"), std::string::npos);
  for (std::size_t policy = 0; policy < costed.costs.tlb.size(); ++policy)
    for (const core::TlbAtSwitch& entry : costed.costs.tlb[policy])
      if (entry.entry.changes_space && core::kTlbPolicies[policy] == core::TlbPolicy::full_flush) {
        EXPECT_EQ(entry.entry.kept, 0U);
      }
  EXPECT_EQ(costed.row("tlb_full_flush_kept").substr(0, 4), "0 / ");
  EXPECT_NE(costed.row("tlb_pcid_hits"), "-");
}

/// All its switches by call are first runs and ends: there is no yield to compare an interrupt with.
TEST(ScenarioCosts, AnInterruptIsComparedWithAYieldOnly) {
  Costed costed("windowed-preemption");
  const core::SwitchCosts::Preemption preemption = costed.costs.preemption();
  std::size_t interrupts = 0;
  for (const SwitchCost& cost : costed.costs.switches) interrupts += cost.window.by_interrupt ? 1 : 0;
  EXPECT_EQ(preemption.windows, interrupts);
  // asm/windowed/timer_entry.S: push, two to find the context, 14 registers, rbx to point at it, rax, ten for the five
  // words of the processor, fxsave, two before the call: 32. windowed_switch_fixed.S: 13 to save, 1, 10 to restore.
  // Back in timer_entry: four behind the call, fxrstor, 15 registers, iretq: 21.
  constexpr std::uint64_t kByHand = 32 + 13 + 1 + 10 + 21;
  EXPECT_EQ(preemption.routine, (core::Spread{kByHand, kByHand, kByHand}));
  EXPECT_FALSE(preemption.by_call.has_value());
  const core::ComparisonRow row = core::windowed_comparison(costed.costs).back();
  EXPECT_EQ(row.aspect, "Preemption overhead");
  EXPECT_FALSE(row.run.back().value.has_value());
  EXPECT_TRUE(Costed("preemptive-scheduling").costs.preemption().by_call.has_value()) << "main waits by a call";
}

}  // namespace
}  // namespace fiberscope::tests
