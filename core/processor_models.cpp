#include "core/processor_models.h"

#include "core/memory_access.h"

namespace fiberscope::core {
namespace {

/// The models of one processor, and what they say about its switches.
class ProcessorModels {
 public:
  ProcessorModels(const ModelParameters& parameters, ProcessorModelCounts& results)
      : results_(results),
        soon_(parameters.soon),
        tlbs_{TlbModel(kTlbPolicies[0], parameters.tlb), TlbModel(kTlbPolicies[1], parameters.tlb),
              TlbModel(kTlbPolicies[2], parameters.tlb)},
        cache_(parameters.cache) {}

  void access(const StepAccess& access) {
    for (TlbModel& tlb : tlbs_) tlb.access(access);
    cache_.access(access);
  }
  void enter_space(std::uint32_t space) {
    for (TlbModel& tlb : tlbs_) tlb.enter_space(space);
  }
  /// Of the trace's switches; the space stays where there is none.
  void pass_switch(std::size_t index, std::optional<std::uint32_t> space, ProcessorCounts& counts) {
    end_switch();
    ++counts.switches;
    last_switch_ = index;
    steps_ = 0;
    for (std::size_t policy = 0; policy < tlbs_.size(); ++policy) {
      TlbModel& tlb = tlbs_[policy];
      TlbAtSwitch& result = results_.tlb[policy][index];
      result.entry = space ? tlb.enter_space(*space) : tlb.stay();
      counts.flushed[policy] += result.entry.flushed;
      at_switch_[policy] = tlb.counts();
    }
  }
  /// One of its own steps is over, its accesses told.
  void end_step() {
    if (last_switch_ && ++steps_ == soon_) end_soon();
  }
  void finish(ProcessorCounts& counts) {
    end_switch();
    for (std::size_t policy = 0; policy < tlbs_.size(); ++policy) counts.tlb[policy] = tlbs_[policy].counts();
    counts.cache = cache_.counts();
  }

 private:
  void end_soon() {
    for (std::size_t policy = 0; policy < tlbs_.size(); ++policy)
      results_.tlb[policy][*last_switch_].soon = tlbs_[policy].counts() - at_switch_[policy];
  }
  void end_switch() {
    if (!last_switch_) return;
    if (steps_ < soon_) end_soon();
    for (std::size_t policy = 0; policy < tlbs_.size(); ++policy)
      results_.tlb[policy][*last_switch_].until_next = tlbs_[policy].counts() - at_switch_[policy];
  }

  ProcessorModelCounts& results_;
  std::uint64_t soon_;
  std::array<TlbModel, kTlbPolicies.size()> tlbs_;
  CacheModel cache_;
  std::optional<std::size_t> last_switch_;
  std::uint64_t steps_ = 0;  ///< of its own, behind that
  std::array<TlbCounts, kTlbPolicies.size()> at_switch_;
};

}  // namespace

ProcessorModelCounts processor_counts(Trace& trace, const std::optional<AddressSpaces>& spaces,
                                      const ModelParameters& parameters) {
  const AddressSpaces known = spaces ? *spaces : spaces_of_their_own(trace.threads());
  const auto space_of = [&](std::optional<ThreadId> thread) {
    const auto space = thread ? known.find(*thread) : known.end();
    return space == known.end() ? std::nullopt : std::optional(space->second);
  };
  const std::vector<Switch>& switches = trace.switches();
  ProcessorModelCounts results;
  for (auto& policy : results.tlb) policy.resize(switches.size());
  std::vector<ProcessorCounts>& counts = results.processors;
  counts.resize(trace.processors());
  std::vector<ProcessorModels> models(trace.processors(), ProcessorModels(parameters, results));
  for (std::size_t i = 0; i < models.size(); ++i) {
    counts[i].cpu = CpuId{static_cast<std::uint16_t>(i)};
    if (const auto space = space_of(trace.first_owner(counts[i].cpu))) models[i].enter_space(*space);
  }
  AccessReader reader(trace);
  std::size_t next_switch = 0;
  for (StepIndex step{1}; step <= trace.steps(); step = step + 1) {
    const CpuId cpu = trace.cpu_of_step(step);
    ++counts[cpu.value].steps;
    for (const StepAccess& access : reader.at(step).accesses) {
      ProcessorCounts& count = counts[access.cpu.value];
      count.reads += access.kind == AccessKind::read ? 1 : 0;
      count.writes += access.kind == AccessKind::write ? 1 : 0;
      models[access.cpu.value].access(access);
    }
    models[cpu.value].end_step();
    for (; next_switch < switches.size() && switches[next_switch].step <= step; ++next_switch) {
      const Switch& entry = switches[next_switch];
      models[entry.cpu.value].pass_switch(next_switch, space_of(entry.to), counts[entry.cpu.value]);
    }
  }
  for (std::size_t i = 0; i < models.size(); ++i) models[i].finish(counts[i]);
  return results;
}

}  // namespace fiberscope::core
