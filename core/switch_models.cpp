#include "core/switch_models.h"

#include <algorithm>

namespace fiberscope::core {
namespace {

constexpr bool is_warmed(CacheSituation situation) {
  return situation == CacheSituation::as_run_warmed || situation == CacheSituation::cold_warmed;
}
constexpr bool is_cold(CacheSituation situation) {
  return situation == CacheSituation::cold || situation == CacheSituation::cold_warmed;
}

}  // namespace

std::string_view to_string(CacheSituation situation) {
  switch (situation) {
    case CacheSituation::as_run:
      return "as_run";
    case CacheSituation::as_run_warmed:
      return "as_run_warmed";
    case CacheSituation::cold:
      return "cold";
    case CacheSituation::cold_warmed:
      break;
  }
  return "cold_warmed";
}

AddressSpaces spaces_of_their_own(const std::vector<ThreadRecord>& threads) {
  AddressSpaces spaces;
  for (const ThreadRecord& record : threads) {
    const bool has_one = record.thread.kind != ThreadKind::kernel && record.thread.kind != ThreadKind::scheduler;
    if (has_one) spaces.emplace(record.thread.id, static_cast<std::uint32_t>(spaces.size()));
  }
  return spaces;
}

SwitchModels::SwitchModels(const Trace& trace, const std::vector<SwitchWindow>& windows, const AddressSpaces& spaces,
                           const ModelParameters& parameters)
    : trace_(trace),
      windows_(windows),
      spaces_(spaces),
      parameters_(parameters),
      tlbs_{TlbModel(kTlbPolicies[0], parameters.tlb), TlbModel(kTlbPolicies[1], parameters.tlb),
            TlbModel(kTlbPolicies[2], parameters.tlb)},
      caches_{CacheModel(parameters.cache), CacheModel(parameters.cache), CacheModel(parameters.cache),
              CacheModel(parameters.cache)},
      cache_results_(windows.size()) {
  const auto first = trace.thread_at({});
  const auto space = first ? spaces_.find(*first) : spaces_.end();
  if (space != spaces_.end())
    for (TlbModel& tlb : tlbs_) tlb.enter_space(space->second);
}

StepMisses SwitchModels::run(const AccessedStep& step) {
  prepare_caches(step.step);
  const TlbCounts tlb_before = tlbs_[0].counts();
  std::array<CacheCounts, kCacheSituations> cache_before;
  for (std::size_t i = 0; i < kCacheSituations; ++i) cache_before[i] = caches_[i].counts();
  for (const StepAccess& access : step.accesses) {
    for (TlbModel& tlb : tlbs_) tlb.access(access);
    for (CacheModel& cache : caches_) cache.access(access);
  }
  charge_caches(step.step, cache_before);
  const TlbCounts tlb = tlbs_[0].counts() - tlb_before;
  const StepMisses misses{tlb.data_misses, tlb.code_misses, (caches_[0].counts() - cache_before[0]).misses};
  pass_switches(step.step);
  return misses;
}

void SwitchModels::prepare_caches(StepIndex step) {
  while (window_ < windows_.size() && windows_[window_].last < step) {
    ++window_;
    is_warmed_ = false;
  }
  if (window_ == windows_.size() || step < windows_[window_].first) return;
  const SwitchWindow& window = windows_[window_];
  const bool begins = step == window.first;
  const bool warms = !is_warmed_ && window.phase_of(step) != SwitchPhase::enter;
  is_warmed_ |= warms;
  for (std::size_t i = 0; i < kCacheSituations; ++i) {
    const auto situation = static_cast<CacheSituation>(i);
    if (begins && is_cold(situation)) caches_[i].clear();
    if (!warms || !is_warmed(situation) || !window.next_context) continue;
    caches_[i].prefetch(*window.next_context);
    caches_[i].prefetch(window.next_stack_top);
  }
}

void SwitchModels::charge_caches(StepIndex step, const std::array<CacheCounts, kCacheSituations>& before) {
  const bool inside = window_ < windows_.size() && windows_[window_].first <= step;
  const bool restores = inside && windows_[window_].phase_of(step) == SwitchPhase::restore;
  const bool is_soon = !inside && window_ > 0 && step.value - windows_[window_ - 1].last.value <= parameters_.soon;
  for (std::size_t i = 0; i < kCacheSituations; ++i) {
    const std::uint64_t misses = (caches_[i].counts() - before[i]).misses;
    if (restores) cache_results_[window_][i].restore_misses += misses;
    if (is_soon) cache_results_[window_ - 1][i].soon_misses += misses;
  }
}

void SwitchModels::pass_switches(StepIndex step) {
  const auto& switches = trace_.switches();
  while (next_switch_ < switches.size() && switches[next_switch_].step <= step) {
    const Switch& entry = switches[next_switch_++];
    const auto space = entry.to ? spaces_.find(*entry.to) : spaces_.end();
    for (std::size_t policy = 0; policy < tlbs_.size(); ++policy) {
      end_switch(policy);
      TlbModel& tlb = tlbs_[policy];
      TlbAtSwitch result;
      // Where the space stays, that is told by entering none.
      result.entry = space != spaces_.end() ? tlb.enter_space(space->second) : tlb.stay();
      tlb_results_[policy].push_back(result);
      at_switch_[policy] = tlb.counts();
    }
    last_switch_ = entry.step;
    soon_is_over_ = false;
  }
  if (!soon_is_over_ && step.value - last_switch_->value >= parameters_.soon) {
    for (std::size_t policy = 0; policy < tlbs_.size(); ++policy) end_soon(policy);
    soon_is_over_ = true;
  }
}

void SwitchModels::end_soon(std::size_t policy) {
  tlb_results_[policy].back().soon = tlbs_[policy].counts() - at_switch_[policy];
}

void SwitchModels::end_switch(std::size_t policy) {
  if (tlb_results_[policy].empty()) return;
  tlb_results_[policy].back().until_next = tlbs_[policy].counts() - at_switch_[policy];
  if (!soon_is_over_) end_soon(policy);
}

void SwitchModels::finish() {
  for (std::size_t policy = 0; policy < tlbs_.size(); ++policy) end_switch(policy);
}

}  // namespace fiberscope::core
