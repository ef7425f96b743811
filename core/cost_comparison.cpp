#include "core/cost_comparison.h"

namespace fiberscope::core {

RunCosts run_costs(Trace& trace, const SwitchCosts& costs) {
  RunCosts run;
  run.name = costs.name;
  run.title = trace.meta("title").empty() ? trace.meta("target") : trace.meta("title");
  run.timeline = trace.timeline();
  run.rounds = costs.rounds;
  run.rows = cost_rows(costs);
  for (const ProcessorCounts& counts : costs.processors) {
    RunCosts::Tlbs& tlbs = run.processors.emplace_back();
    for (std::size_t policy = 0; policy < kTlbPolicies.size(); ++policy)
      tlbs.kept[policy] = costs.kept_entries(counts.cpu, policy);
    tlbs.counts = counts.tlb;
  }
  return run;
}

}  // namespace fiberscope::core
