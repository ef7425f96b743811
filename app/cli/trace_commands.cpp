// The commands that read or make a trace and write text: list, run, show, export.
#include <fmt/format.h>

#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/exit_code.h"
#include "app/cli/print.h"
#include "app/cli/recorded_target.h"
#include "app/cli/replay.h"
#include "app/cli/stop_signals.h"
#include "core/context_object.h"
#include "core/expected_end.h"
#include "core/explored_target.h"
#include "core/export/trace_export.h"
#include "core/run_json.h"
#include "core/scenario.h"
#include "core/snapshot_builder.h"
#include "core/snapshot_json.h"
#include "core/snapshot_text.h"
#include "core/story.h"
#include "core/target.h"

namespace fiberscope::app {
namespace {

using Json = nlohmann::ordered_json;

/// What a lesson asks and finds; null for a run.
Json lesson_json(const core::Scenario& scenario) {
  if (!scenario.lesson) return nullptr;
  const auto& [question, expected] = *scenario.lesson;
  const auto word = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
  return {{"program", word(question.target)},
          {"threads", question.threads},
          {"initial", word(question.initial)},
          {"lowering", word(question.lowering)},
          {"scheduler", word(question.scheduler)},
          {"cpus", word(question.cpus)},
          {"memory", word(question.memory)},
          {"asserts", question.assertions},
          {"sync", question.sync},
          {"expected",
           {{"outcomes", expected.outcomes},
            {"violated", expected.violated},
            {"deadlocks", expected.deadlocks},
            {"livelocks", expected.livelocks},
            {"races", expected.races},
            {"observation", word(expected.observation)},
            {"schedules", word(expected.schedules)},
            {"executions", word(expected.executions)}}}};
}

Json list_entry(const core::Scenario& scenario) {
  const bool runs = !scenario.lesson;
  return {{"name", scenario.name},
          {"kind", runs ? "run" : "explore"},
          {"title", scenario.title.in("en")},
          {"note", scenario.note ? Json(*scenario.note) : Json(nullptr)},
          {"profile", runs ? Json(core::to_string(scenario.profile)) : Json(nullptr)},
          {"threads", runs ? Json(scenario.threads) : Json(nullptr)},
          {"native", scenario.native},
          {"ends", runs ? Json(emu::to_string(scenario.expected.ends)) : Json(nullptr)},
          {"fault", scenario.expected.fault.empty() ? Json(nullptr) : Json(scenario.expected.fault)},
          {"explore", lesson_json(scenario)}};
}

/// What was asked for is done, but of a run that was stopped.
int code_of(int code, const RecordedTarget& recorded) {
  return code == kDone && recorded.was_stopped() ? kIncomplete : code;
}

}  // namespace

int list_command(const ListOptions& options) {
  Json scenarios = Json::array();
  std::string text;
  for (const std::string& name : core::scenario_names()) {
    const auto scenario = core::find_scenario(name);
    if (!scenario) return complain(scenario.error().message, kUnusable);
    scenarios.push_back(list_entry(*scenario));
    const bool fails = !scenario->lesson && core::is_meant_to_fail(scenario->expected);
    text += fmt::format("{:<28}{:<6}{:<9}{}{}\n", scenario->name, scenario->note.value_or("-"),
                        scenario->lesson ? "explore" : core::to_string(scenario->profile), scenario->title.in("en"),
                        fails ? fmt::format(" (meant to end with {})", core::describe_end(scenario->expected)) : "");
  }
  if (options.json) return print_json({{"schema", "fiberscope.list/1"}, {"scenarios", std::move(scenarios)}});
  return print_text(fmt::format("{:<28}{:<6}{:<9}{}\n", "scenario", "note", "on", "title") + text);
}

int run_command(const RunOptions& options) {
  if (core::is_trace_path(options.target))
    return complain(fmt::format("{} is a trace, which has run already; `fiberscope open` or `show` it", options.target),
                    kUnusable);
  if (core::is_explored(options.target)) return run_explored(options);
  RecordedTarget::Options recording;
  recording.trace_path = options.trace_path;
  recording.max_steps = options.max_steps;
  recording.arguments = options.arguments;
  recording.schedule = options.schedule;
  recording.choice = options.choice;
  const auto recorded = open_whole(options.target, recording);
  if (!recorded) return complain(recorded.error().message, kUnusable);
  core::Trace& trace = (*recorded)->trace();
  const std::optional<std::string>& kept = (*recorded)->kept_path();
  int code = kDone;
  if (options.json) {
    code = print_json(core::run_json(trace, kept));
  } else {
    code = print_text(core::tell_story(trace, (*recorded)->scenario()) +
                      (kept ? fmt::format("\nTrace: {}\n", *kept) : ""));
  }
  return code != kDone ? code : ending_code(trace);
}

int show_command(const ShowOptions& options) {
  const auto recorded = open_whole(options.target, with_processors(options.choice));
  if (!recorded) return complain(recorded.error().message, kUnusable);
  core::Trace& trace = (*recorded)->trace();
  if (options.step > trace.steps().value) return complain(step_beyond(options.step, trace.steps().value), kUnusable);
  core::SnapshotBuilder builder(trace, (*recorded)->scenario());
  const core::Snapshot snapshot = builder.build(core::StepIndex{options.step});
  std::vector<core::ContextObject> contexts;
  if (options.contexts) contexts = core::context_objects(trace, snapshot, (*recorded)->scenario());
  if (!options.json) {
    const std::string below = options.contexts ? "\n" + core::to_text(contexts, snapshot) : "";
    return code_of(print_text(core::to_text(snapshot) + below), **recorded);
  }
  Json json = core::to_json(snapshot);
  if (options.contexts) json["contexts"] = core::to_json(contexts);
  return code_of(print_json(json), **recorded);
}

int export_command(const ExportOptions& options) {
  const auto format = core::parse_export_format(options.format);
  if (!format)
    return complain(fmt::format("--format {}: choose jsonl, csv, chrome or text", options.format), kUnusable);
  const auto recorded = open_whole(options.target, with_processors(options.choice));
  if (!recorded) return complain(recorded.error().message, kUnusable);
  const auto result = options.path ? core::export_trace_to((*recorded)->trace(), *format, *options.path)
                                   : core::export_trace((*recorded)->trace(), *format, std::cout);
  return result ? code_of(kDone, **recorded) : complain(result.error().message, kUnusable);
}

}  // namespace fiberscope::app
