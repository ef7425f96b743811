#include "core/processor_models.h"

#include "core/memory_access.h"

namespace fiberscope::core {
namespace {

/// The models of one processor.
class ProcessorModels {
 public:
  explicit ProcessorModels(const ModelParameters& parameters)
      : tlbs_{TlbModel(kTlbPolicies[0], parameters.tlb), TlbModel(kTlbPolicies[1], parameters.tlb),
              TlbModel(kTlbPolicies[2], parameters.tlb)},
        cache_(parameters.cache) {}

  void access(const StepAccess& access) {
    for (TlbModel& tlb : tlbs_) tlb.access(access);
    cache_.access(access);
  }
  void enter_space(std::uint32_t space, ProcessorCounts& counts) {
    for (std::size_t policy = 0; policy < tlbs_.size(); ++policy)
      counts.flushed[policy] += tlbs_[policy].enter_space(space).flushed;
  }
  void tell(ProcessorCounts& counts) const {
    for (std::size_t policy = 0; policy < tlbs_.size(); ++policy) counts.tlb[policy] = tlbs_[policy].counts();
    counts.cache = cache_.counts();
  }

 private:
  std::array<TlbModel, kTlbPolicies.size()> tlbs_;
  CacheModel cache_;
};

}  // namespace

std::vector<ProcessorCounts> processor_counts(Trace& trace, const std::optional<AddressSpaces>& spaces,
                                              const ModelParameters& parameters) {
  const AddressSpaces known = spaces ? *spaces : spaces_of_their_own(trace.threads());
  std::vector<ProcessorModels> models(trace.processors(), ProcessorModels(parameters));
  std::vector<ProcessorCounts> counts(trace.processors());
  const auto enter = [&](CpuId cpu, std::optional<ThreadId> thread) {
    const auto space = thread ? known.find(*thread) : known.end();
    if (space != known.end()) models[cpu.value].enter_space(space->second, counts[cpu.value]);
  };
  for (std::uint16_t i = 0; i < trace.processors(); ++i) {
    counts[i].cpu = CpuId{i};
    enter(CpuId{i}, trace.first_owner(CpuId{i}));
  }
  AccessReader reader(trace);
  std::size_t next_switch = 0;
  for (StepIndex step{1}; step <= trace.steps(); step = step + 1) {
    const AccessedStep& accessed = reader.at(step);
    ++counts[trace.cpu_of_step(step).value].steps;
    for (const StepAccess& access : accessed.accesses) {
      ProcessorCounts& count = counts[access.cpu.value];
      count.reads += access.kind == AccessKind::read ? 1 : 0;
      count.writes += access.kind == AccessKind::write ? 1 : 0;
      models[access.cpu.value].access(access);
    }
    const std::vector<Switch>& switches = trace.switches();
    for (; next_switch < switches.size() && switches[next_switch].step <= step; ++next_switch) {
      const Switch& entry = switches[next_switch];
      ++counts[entry.cpu.value].switches;
      enter(entry.cpu, entry.to);
    }
  }
  for (std::size_t i = 0; i < models.size(); ++i) models[i].tell(counts[i]);
  return counts;
}

}  // namespace fiberscope::core
