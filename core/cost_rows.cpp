#include "core/cost_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace fiberscope::core {
namespace {

using Value = decltype(CostRow::value);

template <typename Number>
Value spread(const SwitchCosts& costs, Number number) {
  const auto found = costs.spread(number);
  return found ? Value(*found) : Value();
}

/// Of the switches that are `executed` here as far as the number goes; words where there is none of these.
template <typename Number, typename Executed>
Value executed(const SwitchCosts& costs, Number number, Executed executed) {
  if (const auto found = costs.spread(number, executed)) return *found;
  return costs.complete_windows() > 0 ? Value(std::string(kKernelNotExecuted)) : Value();
}

bool is_executed(const SwitchCost& cost) {
  return !cost.window.by_host;
}
bool is_executed_whole(const SwitchCost& cost) {
  return !cost.has_host_work();
}
bool is_saved_here(const SwitchCost& cost) {
  return !cost.is_saved_by_host();
}

/// Of the whole run; what a kernel of the host saves nobody counts.
Value fpu_saves(const SwitchCosts& costs) {
  if (costs.processors.size() > 1) return {};
  if (std::any_of(costs.switches.begin(), costs.switches.end(), std::mem_fn(&SwitchCost::is_saved_by_host)))
    return std::string(kKernelNotExecuted);
  return costs.fpu.saves;
}

template <typename Number>
std::uint64_t sum(const SwitchCosts& costs, Number number) {
  std::uint64_t total = 0;
  for (const SwitchCost& cost : costs.switches)
    if (cost.window.complete) total += number(cost);
  return total;
}

/// How often a kernel was entered; words where what it did then is not in the trace.
Value kernel_entries(const SwitchCosts& costs) {
  const auto host = sum(costs, [](const SwitchCost& cost) { return cost.window.host_kernel_entries; });
  if (host > 0) return std::string(kKernelNotExecuted);
  return spread(costs, [](const SwitchCost& cost) { return cost.window.kernel_entries; });
}

Value kernel_steps(const SwitchCosts& costs) {
  if (!costs.kernel_is_executed) return std::string(kKernelNotExecuted);
  return spread(costs, [](const SwitchCost& cost) { return cost.window.kernel_steps; });
}

std::string_view words_of(CacheSituation situation) {
  switch (situation) {
    case CacheSituation::as_run:
      return "as it ran";
    case CacheSituation::as_run_warmed:
      return "as it ran, warmed";
    case CacheSituation::cold:
      return "cold";
    case CacheSituation::cold_warmed:
      break;
  }
  return "cold, warmed";
}

void add_tlb_rows(std::vector<CostRow>& rows, const SwitchCosts& costs) {
  for (std::size_t i = 0; i < kTlbPolicies.size(); ++i) {
    const std::string_view words = words_of(kTlbPolicies[i]);
    const std::string key = fmt::format("tlb_{}_", to_string(kTlbPolicies[i]));
    std::vector<std::uint64_t> flushed;
    std::vector<std::uint64_t> kept;
    std::vector<std::uint64_t> hits;
    std::vector<std::uint64_t> soon;
    std::vector<std::uint64_t> until_next;
    for (const TlbAtSwitch& entry : costs.tlb[i]) {
      flushed.push_back(entry.entry.flushed);
      kept.push_back(entry.entry.kept);
      hits.push_back(entry.until_next.hits());
      soon.push_back(entry.soon.misses());
      until_next.push_back(entry.until_next.misses());
    }
    const auto add = [&](std::string_view name, std::string label, std::vector<std::uint64_t> values) {
      const auto found = spread_of(std::move(values));
      rows.push_back({key + std::string(name), std::move(label), true, found ? Value(*found) : Value()});
    };
    add("flushed", fmt::format("TLB, {}: entries flushed a stack switch", words), std::move(flushed));
    add("kept", fmt::format("TLB, {}: entries kept a stack switch", words), std::move(kept));
    add("hits", fmt::format("TLB, {}: hits until the next one", words), std::move(hits));
    add("soon_misses", fmt::format("TLB, {}: misses in {} steps behind it", words, costs.parameters.soon),
        std::move(soon));
    add("misses", fmt::format("TLB, {}: misses until the next one", words), std::move(until_next));
  }
}

void add_cache_rows(std::vector<CostRow>& rows, const SwitchCosts& costs) {
  for (std::size_t i = 0; i < kCacheSituations; ++i) {
    const auto situation = static_cast<CacheSituation>(i);
    const std::string key = fmt::format("cache_{}_", to_string(situation));
    rows.push_back({key + "restore_misses",
                    fmt::format("L1 data cache, {}: misses while restoring", words_of(situation)), true,
                    executed(
                        costs, [i](const SwitchCost& cost) { return cost.cache[i].restore_misses; }, is_executed)});
    rows.push_back(
        {key + "soon_misses",
         fmt::format("L1 data cache, {}: misses in {} steps behind", words_of(situation), costs.parameters.soon), true,
         spread(costs, [i](const SwitchCost& cost) { return cost.cache[i].soon_misses; })});
  }
}

}  // namespace

std::string_view words_of(TlbPolicy policy) {
  switch (policy) {
    case TlbPolicy::same_space:
      return "one address space";
    case TlbPolicy::full_flush:
      return "full flush";
    case TlbPolicy::pcid:
      break;
  }
  return "PCID";
}

std::vector<CostRow> cost_rows(const SwitchCosts& costs) {
  std::vector<CostRow> rows;
  const auto add = [&](const char* key, const char* label, Value value) {
    rows.push_back({key, label, false, std::move(value)});
  };
  // Where several processors were counted, each by itself, the numbers of a switch's way are not known.
  const bool one = costs.processors.size() == 1;
  const auto known = [one](std::uint64_t number) { return one ? Value(number) : Value(); };
  const std::uint64_t complete = costs.complete_windows();
  add("steps", "steps of the run", costs.steps);
  add("rounds", "rounds of the clock (a step of each running CPU)", costs.rounds);
  add("switches", "switches (user code to user code)", known(complete));
  add("incomplete_switches", "switches that the run's end cut off", known(costs.switches.size() - complete));
  add("raw_switches", "times that rsp changed stacks", costs.raw_switches);
  add("switch_steps", "steps a switch",
      executed(
          costs, [](const SwitchCost& cost) { return cost.total().steps; }, is_executed));
  add("routine_steps", "steps to save, move rsp and restore",
      executed(
          costs, [](const SwitchCost& cost) { return cost.routine().steps; }, is_executed));
  add("kernel_entries", "kernel entries a switch", kernel_entries(costs));
  add("kernel_steps", "steps in the kernel a switch", kernel_steps(costs));
  add("bytes_written", "bytes written a switch",
      executed(
          costs, [](const SwitchCost& cost) { return cost.total().bytes_written; }, is_executed_whole));
  add("bytes_read", "bytes read a switch",
      executed(
          costs, [](const SwitchCost& cost) { return cost.total().bytes_read; }, is_executed_whole));
  add("routine_bytes", "bytes moved to save and restore",
      executed(
          costs, [](const SwitchCost& cost) { return cost.routine().bytes(); }, is_executed_whole));
  add("accesses", "memory accesses a switch",
      executed(
          costs, [](const SwitchCost& cost) { return cost.total().accesses(); }, is_executed_whole));
  add("saved_words", "words saved at once",
      executed(
          costs, [](const SwitchCost& cost) { return cost.saved_at_once; }, is_saved_here));
  add("fpu_saves", "FPU and SSE saves in the whole run", fpu_saves(costs));
  add_tlb_rows(rows, costs);
  add_cache_rows(rows, costs);
  return rows;
}

std::string to_text(const CostRow& row) {
  if (const auto* number = std::get_if<std::uint64_t>(&row.value)) return fmt::format("{}", *number);
  if (const auto* words = std::get_if<std::string>(&row.value)) return *words;
  const auto* values = std::get_if<Spread>(&row.value);
  return to_text(values != nullptr ? std::optional(*values) : std::nullopt);
}

std::string to_text(const std::optional<Spread>& spread) {
  return spread ? fmt::format("{} / {} / {}", spread->min, spread->median, spread->max) : "-";
}

}  // namespace fiberscope::core
