#include "core/cost_comparison.h"

namespace fiberscope::core {

RunCosts run_costs(Trace& trace, const SwitchCosts& costs) {
  RunCosts run;
  run.title = trace.meta("title").empty() ? trace.meta("target") : trace.meta("title");
  run.timeline = trace.timeline();
  run.rows = cost_rows(costs);
  return run;
}

}  // namespace fiberscope::core
