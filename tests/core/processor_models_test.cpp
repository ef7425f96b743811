// A TLB and a cache for each processor, fed with its own accesses alone.
#include "core/processor_models.h"

#include <gtest/gtest.h>

#include "core/memory_access.h"
#include "core/memory_sink.h"
#include "core/recorder.h"
#include "core/switch_cost.h"
#include "tests/core/recorded_run.h"
#include "tests/emu/machine_guest.h"

namespace fiberscope::core {
namespace {

std::unique_ptr<Trace> record(unsigned processors) {
  const emu::Image image = emu::machine_guest("processors");
  emu::MachineOptions options;
  options.processors = processors;
  auto machine = emu::Machine::boot(image, options);
  if (!machine) throw std::runtime_error(machine.error().message);
  (*machine)->cpu().write(emu::Register::rip, emu::symbol(image, "count_locked").value);
  (*machine)->memory().write(emu::symbol(image, "rounds"), 100, 8);
  auto trace = Trace::create(make_header(**machine, image, {}));
  if (!trace) throw std::runtime_error(trace.error().message);
  MemorySink sink(**trace);
  const auto ring = std::make_unique<StepRing>();
  Recorder recorder(**machine, image, *ring, sink);
  recorder.run(1'000'000);
  return std::move(trace).value();
}

TEST(ProcessorModels, EachIsFedWithItsOwnAccesses) {
  const auto trace = record(3);
  const std::vector<ProcessorCounts> counts = processor_counts(*trace).processors;
  ASSERT_EQ(counts.size(), 3U);
  std::uint64_t steps = 0;
  for (std::uint16_t i = 0; i < 3; ++i) {
    // The same by hand, for this processor alone.
    TlbModel tlb(TlbPolicy::same_space);
    CacheModel cache;
    std::uint64_t own = 0;
    AccessReader reader(*trace);
    for (StepIndex step{1}; step <= trace->steps(); step = step + 1) {
      if (trace->cpu_of_step(step) != CpuId{i}) continue;
      ++own;
      for (const StepAccess& access : reader.at(step).accesses) {
        ASSERT_EQ(access.cpu, CpuId{i});
        tlb.access(access);
        cache.access(access);
      }
    }
    EXPECT_EQ(counts[i].steps, own);
    EXPECT_EQ(counts[i].tlb[0], tlb.counts());
    EXPECT_EQ(counts[i].cache, cache.counts());
    // One page of code, one of data, and none of it is there because another processor had it.
    EXPECT_EQ(counts[i].tlb[0].code_misses, 1U);
    EXPECT_EQ(counts[i].tlb[0].data_misses, 1U);
    steps += own;
  }
  EXPECT_EQ(steps, trace->steps().value);
}

TEST(ProcessorModels, OneProcessorHasAll) {
  const auto trace = record(1);
  const std::vector<ProcessorCounts> counts = processor_counts(*trace).processors;
  ASSERT_EQ(counts.size(), 1U);
  EXPECT_EQ(counts[0].steps, trace->steps().value);
}

/// Two ways to the same counts: the models of one processor's switches, and those of each of several.
TEST(ProcessorModels, OfOneProcessorAreThoseOfItsSwitches) {
  const auto trace = core::record(scenario_image("switch_to_context.elf"));
  const SwitchCosts costs = switch_costs(*trace);
  const ProcessorModelCounts counted = processor_counts(*trace);
  ASSERT_EQ(costs.processors.size(), 1U);
  const ProcessorCounts& one = costs.processors.front();
  const ProcessorCounts& other = counted.processors.front();
  EXPECT_EQ(one.steps, other.steps);
  EXPECT_EQ(one.switches, other.switches);
  EXPECT_EQ(one.reads, other.reads);
  EXPECT_EQ(one.writes, other.writes);
  EXPECT_EQ(one.cache, other.cache);
  EXPECT_EQ(one.flushed, other.flushed);
  EXPECT_GT(one.flushed[1], 0U);
  for (std::size_t policy = 0; policy < kTlbPolicies.size(); ++policy) {
    EXPECT_EQ(one.tlb[policy], other.tlb[policy]);
    ASSERT_EQ(costs.tlb[policy].size(), counted.tlb[policy].size());
    ASSERT_GE(costs.tlb[policy].size(), 10U);
    for (std::size_t i = 0; i < counted.tlb[policy].size(); ++i) {
      const TlbAtSwitch& left = costs.tlb[policy][i];
      const TlbAtSwitch& right = counted.tlb[policy][i];
      EXPECT_EQ(left.entry.kept, right.entry.kept);
      EXPECT_EQ(left.entry.flushed, right.entry.flushed);
      EXPECT_EQ(left.soon, right.soon);
      EXPECT_EQ(left.until_next, right.until_next);
    }
  }
}

}  // namespace
}  // namespace fiberscope::core
