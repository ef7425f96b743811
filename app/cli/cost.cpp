// The commands that count what switches cost: cost and compare.
#include "core/switch_cost.h"

#include "app/cli/commands.h"
#include "app/cli/exit_code.h"
#include "app/cli/print.h"
#include "app/cli/recorded_target.h"
#include "app/cli/stop_signals.h"
#include "core/cost_json.h"
#include "core/cost_text.h"

namespace fiberscope::app {

int cost_command(const CostOptions& options) {
  const auto recorded = open_whole(options.target, with_processors(options.choice));
  if (!recorded) return complain(recorded.error().message, kUnusable);
  core::Trace& trace = (*recorded)->trace();
  const core::SwitchCosts costs = core::switch_costs(trace);
  const int code = options.json ? print_json(core::cost_json(trace, costs)) : print_text(core::cost_text(trace, costs));
  return code != kDone ? code : ending_code(trace);
}

int compare_command(const CompareOptions& options) {
  const auto one = open_whole(options.target, {});
  if (!one) return complain(one.error().message, kUnusable);
  // A run that was stopped by hand means that nobody waits for the other one.
  if ((*one)->was_stopped()) return complain("stopped; nothing to compare", kIncomplete);
  const auto other = open_whole(options.other, {});
  if (!other) return complain(other.error().message, kUnusable);
  core::Trace& trace = (*one)->trace();
  core::Trace& other_trace = (*other)->trace();
  const core::SwitchCosts costs = core::switch_costs(trace);
  const core::SwitchCosts other_costs = core::switch_costs(other_trace);
  const std::vector<core::ComparedRun> runs{{&trace, &costs}, {&other_trace, &other_costs}};
  const int code = options.json ? print_json(core::compare_json(runs)) : print_text(core::compare_text(runs));
  if (code != kDone) return code;
  return ending_code(trace) != kDone ? ending_code(trace) : ending_code(other_trace);
}

}  // namespace fiberscope::app
