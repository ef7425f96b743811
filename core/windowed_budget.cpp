#include "core/windowed_budget.h"

namespace fiberscope::core {
namespace {

using Fact = ComparisonRow::Fact;

BudgetRow phase_row(const SwitchCosts& costs, std::string_view step, std::uint64_t cycles, SwitchPhase phase) {
  BudgetRow row;
  row.step = step;
  row.claimed_cycles = cycles;
  row.steps = costs.spread([&](const SwitchCost& cost) { return cost.phase(phase).steps; });
  row.bytes = costs.spread([&](const SwitchCost& cost) { return cost.phase(phase).bytes(); });
  row.accesses = costs.spread([&](const SwitchCost& cost) { return cost.phase(phase).accesses(); });
  const PhaseCost sum = costs.sum(phase);
  row.model_misses = sum.data_tlb_misses + sum.code_tlb_misses + sum.cache_misses;
  return row;
}

std::uint64_t misses(const std::vector<TlbAtSwitch>& switches) {
  std::uint64_t sum = 0;
  for (const TlbAtSwitch& entry : switches) sum += entry.until_next.misses();
  return sum;
}

std::uint64_t flushed(const std::vector<TlbAtSwitch>& switches) {
  std::uint64_t sum = 0;
  for (const TlbAtSwitch& entry : switches) sum += entry.entry.flushed;
  return sum;
}

std::optional<std::int64_t> median(const std::optional<Spread>& spread) {
  return spread ? std::optional(static_cast<std::int64_t>(spread->median)) : std::nullopt;
}

std::int64_t number(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::vector<BudgetRow> windowed_budget(const SwitchCosts& costs) {
  std::vector<BudgetRow> rows{phase_row(costs, "Save window", 100, SwitchPhase::save),
                              phase_row(costs, "Switch stack pointer", 4, SwitchPhase::stack),
                              phase_row(costs, "Restore window", 100, SwitchPhase::restore)};
  BudgetRow flush;
  flush.step = "Flush TLB (if needed)";
  flush.claimed_cycles = 100;
  const std::uint64_t without = misses(costs.tlb[0]);
  const std::uint64_t with = misses(costs.tlb[1]);
  flush.model_misses = with > without ? with - without : 0;
  rows.push_back(flush);

  BudgetRow total;
  total.step = "Total";
  total.steps = costs.spread([](const SwitchCost& cost) { return cost.routine().steps; });
  total.bytes = costs.spread([](const SwitchCost& cost) { return cost.routine().bytes(); });
  total.accesses = costs.spread([](const SwitchCost& cost) { return cost.routine().accesses(); });
  for (const BudgetRow& row : rows) {
    total.claimed_cycles += row.claimed_cycles;
    total.model_misses += row.model_misses;
  }
  rows.push_back(total);
  return rows;
}

std::vector<ComparisonRow> windowed_comparison(const SwitchCosts& costs) {
  const auto routine = costs.spread([](const SwitchCost& cost) { return cost.routine().steps; });
  const auto whole = costs.spread([](const SwitchCost& cost) { return cost.total().steps; });
  const auto words = costs.spread([](const SwitchCost& cost) { return cost.saved_at_once; });
  const SwitchCosts::Preemption preemption = costs.preemption();
  const std::vector<Fact> preempted{{"switches that an interrupt began", number(preemption.windows)},
                                    {"their steps to save, move rsp and restore", median(preemption.routine)},
                                    {"the same of a call that gives up the CPU", median(preemption.by_call)}};
  return {
      {"Cycles in all",
       "304",
       "~1500",
       {{"steps to save, move rsp and restore", median(routine)}, {"steps of the whole switch", median(whole)}}},
      {"Registers saved", "9", "16+", {{"words saved at once", median(words)}}},
      {"FPU save",
       "lazy",
       "always",
       {{"saves done", number(costs.fpu.saves)},
        {"switches", number(costs.complete_windows())},
        {"exceptions #NM", number(costs.fpu.not_available)}}},
      {"TLB flush",
       "PCID",
       "often full",
       {{"misses, one address space", number(misses(costs.tlb[0])), true},
        {"misses, PCID", number(misses(costs.tlb[2])), true},
        {"misses, full flush", number(misses(costs.tlb[1])), true},
        {"entries flushed, full flush", number(flushed(costs.tlb[1])), true}}},
      {"Preemption overhead", "~50", "~300", preempted},
  };
}

}  // namespace fiberscope::core
