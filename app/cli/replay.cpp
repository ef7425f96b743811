#include "app/cli/replay.h"

#include <fmt/format.h>

#include "app/cli/exit_code.h"
#include "app/cli/print.h"
#include "app/cli/recorded_target.h"
#include "app/cli/stop_signals.h"
#include "core/explore/replay.h"
#include "core/explore/schedule.h"
#include "core/explore/schedule_path.h"
#include "core/explored_target.h"
#include "core/run_json.h"
#include "core/story.h"
#include "core/temporary_folder.h"

namespace fiberscope::app {
namespace {

namespace explore = core::explore;

/// Of a schedule that ends in a deadlock; empty for any other.
std::string who_waits(const explore::PreparedExploration& prepared, const std::string& schedule) {
  const auto actions = explore::parse_schedule(schedule, prepared.program.threads.size());
  if (!actions) return {};
  const auto followed =
      explore::follow_schedule(prepared.program, prepared.options.model, prepared.options.scheduler, *actions);
  const bool stuck = followed && followed->path.end == explore::SchedulePath::End::deadlock;
  return stuck ? fmt::format("Deadlock: {}.\n", followed->path.why) : "";
}

/// `expected` is what it must print, where that is known.
int replay(const explore::ExploreRequest& request, const explore::PreparedExploration& prepared,
           const std::string& schedule, const std::string& expected, const ReplayOptions& options) {
  const auto folder = core::TemporaryFolder::make();
  if (!folder) return complain(folder.error().message, kUnusable);
  const auto target = explore::write_replay(request, prepared, schedule, expected, folder->path());
  if (!target) return complain(target.error().message, kUnusable);
  RecordedTarget::Options recording;
  recording.trace_path = options.trace_path;
  recording.max_steps = options.max_steps;
  const auto recorded = open_whole(*target, recording);
  if (!recorded) return complain(recorded.error().message, kUnusable);
  core::Trace& trace = (*recorded)->trace();
  const auto stop = trace.stop();
  if (stop && stop->reason == emu::Stop::Reason::schedule) return complain(stop->message, kUnusable);
  const std::string printed = trace.output_until(trace.steps());
  const bool cut = options.max_steps != 0 || (*recorded)->was_stopped();
  if (!cut && !expected.empty() && printed != expected)
    return complain(
        fmt::format("the replay printed {:?}, which is not the outcome {:?}: a fault of Fiberscope", printed, expected),
        kFindings);
  const auto& kept = (*recorded)->kept_path();
  std::string waits;
  if (stop && stop->reason == emu::Stop::Reason::deadlock) waits = who_waits(prepared, schedule);
  const int code =
      options.json ? print_json(core::run_json(trace, kept))
                   : print_text(core::tell_story(trace) + waits + (kept ? fmt::format("\nTrace: {}\n", *kept) : ""));
  return code != kDone ? code : ending_code(trace);
}

/// What the guest prints of an outcome: "x=1 y=2". It leaves out addresses, as its own are others.
std::string printed_values(const explore::ThreadProgram& program, const explore::Exploration& found,
                           const explore::Outcome& outcome) {
  std::string text;
  for (std::size_t i = 0; i < outcome.values.size(); ++i) {
    const explore::SharedVariable* variable = program.variable(found.observables[i]);
    if (variable != nullptr && variable->is_pointer()) continue;
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", found.observables[i], outcome.values[i]);
  }
  return text + '\n';
}

/// Where nothing is broken, the first outcome; none where there is nothing to show.
const explore::Outcome* telling_outcome(const explore::Exploration& found) {
  if (!found.violations.empty()) {
    for (const explore::Outcome& outcome : found.outcomes)
      if (outcome.id == found.violations[0].outcomes.at(0)) return &outcome;
  }
  return found.outcomes.empty() ? nullptr : &found.outcomes.front();
}

}  // namespace

int replay_schedule(const explore::ExploreRequest& request, const explore::PreparedExploration& prepared,
                    const std::string& schedule, const ReplayOptions& options) {
  return replay(request, prepared, schedule, "", options);
}

int replay_outcome(const explore::ExploreRequest& request, const explore::PreparedExploration& prepared,
                   const explore::Exploration& found, const explore::Outcome& outcome, const ReplayOptions& options) {
  return replay(request, prepared, outcome.witness, printed_values(prepared.program, found, outcome), options);
}

int run_explored(const RunOptions& options) {
  const auto target = core::explored_target(options.target);
  if (!target) return complain(target.error().message, kUnusable);
  if (!options.arguments.empty())
    return complain(fmt::format("{}: arguments are for Linux programs", options.target), kUnusable);
  if (!target->lesson && options.schedule.empty())
    return complain(fmt::format("{}: say in which order its threads run: --schedule \"T1x2 T2x4\"; `fiberscope explore "
                                "{}` tells what can happen, each outcome with a schedule",
                                options.target, options.target),
                    kUnusable);
  const ReplayOptions wanted{options.trace_path, options.max_steps, options.json};
  explore::ExploreRequest request{target->question, {}, false, {}};
  std::optional<explore::PreparedExploration> prepared;
  std::optional<explore::Exploration> found;
  {
    const StopSignals signals(1);
    request.limits.stop = &signals.came();
    auto ready = explore::prepare(request);
    if (!ready) return complain(ready.error().message, kUnusable);
    prepared = std::move(ready).value();
    if (options.schedule.empty()) {
      auto explored = explore::explore(prepared->program, prepared->options);
      if (!explored) return complain(explored.error().message, kUnusable);
      found = std::move(explored).value();
      if (!found->complete)
        return complain(fmt::format("{}: not explored to its end ({}); say a schedule: --schedule \"T1x2 T2x4\"",
                                    options.target, found->stop_reason),
                        kIncomplete);
    }
    request.limits = prepared->options.limits = {};  // what they point to ends here
  }
  if (!found) return replay_schedule(request, *prepared, options.schedule, wanted);
  if (found->violations.empty() && !found->deadlocks.empty())
    return replay_schedule(request, *prepared, found->deadlocks.front().witness, wanted);
  const explore::Outcome* outcome = telling_outcome(*found);
  if (outcome == nullptr || outcome->witness.empty())
    return complain(
        fmt::format("{}: no schedule is known that leads to an end; say one: --schedule \"T1x2 T2x4\"", options.target),
        kIncomplete);
  return replay_outcome(request, *prepared, *found, *outcome, wanted);
}

}  // namespace fiberscope::app
