#include "core/explore/replay.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/explore/example.h"
#include "core/explore/litmus.h"
#include "core/explore/replay_image.h"
#include "core/explore/schedule.h"
#include "core/explore/typed_program.h"

namespace fiberscope::core::explore {
namespace {

using emu::Error;
using emu::Result;

constexpr const char* kImageName = "replay.elf";
constexpr const char* kScenarioName = "replay.toml";
// Of the run: for what comes before and behind, and for each step of the schedule with its switch. A schedule that
// comes to no end is not followed for ever.
constexpr std::int64_t kMostSteps = 200'000;
constexpr std::int64_t kMostStepsOfOne = 20'000;

Result<void> write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out << bytes;
  out.close();
  if (!out) return Error{fmt::format("{} cannot be written", path.string())};
  return {};
}

ReplayRuntime runtime_of(const PreparedExploration& prepared) {
  return prepared.cpus == "many" ? ReplayRuntime::processors : ReplayRuntime::one_processor;
}

std::string scenario_text(const ExploreRequest& request, const PreparedExploration& prepared,
                          const std::string& schedule, std::int64_t steps, const std::string& expected) {
  const auto count = static_cast<std::int64_t>(prepared.program.threads.size());
  toml::array threads{"main"};
  for (std::int64_t i = 0; i < count; ++i) threads.push_back(fmt::format("T{}", i + 1));
  toml::array symbols;
  std::set<std::string> watched;
  for (const SharedVariable& variable : prepared.program.variables)
    if (const std::string name = whole_name(variable.name); watched.insert(name).second) symbols.push_back(name);
  toml::table scenario;
  scenario.insert("name", "replay");
  scenario.insert("image", kImageName);
  scenario.insert("profile", "bare");
  scenario.insert("threads", std::move(threads));
  scenario.insert("max_steps", kMostSteps + kMostStepsOfOne * steps);
  if (runtime_of(prepared) == ReplayRuntime::processors) {
    scenario.insert("processors", count + 1);  // thread N on processor N, main on processor 0
    scenario.insert("memory", prepared.memory);
  }
  scenario.insert("run", toml::table{{"schedule", schedule}});
  scenario.insert("title", toml::table{{"en", fmt::format("{} under {}",
                                                          request.threads.empty()
                                                              ? request.target
                                                              : fmt::format("{}", fmt::join(request.threads, " | ")),
                                                          schedule)}});
  scenario.insert("expected", toml::table{{"stdout", expected}, {"exit_code", 0}});
  scenario.insert("explored", toml::table{{"lowering", prepared.lowering},
                                          {"scheduler", prepared.scheduler},
                                          {"cpus", prepared.cpus},
                                          {"memory", prepared.memory}});
  scenario.insert("watch", toml::table{{"symbols", symbols}, {"updates", symbols}});
  std::ostringstream text;
  text << scenario << '\n';
  return text.str();
}

Result<emu::Image> image_of(const ExploreRequest& request, const PreparedExploration& prepared) {
  const ReplayRuntime runtime = runtime_of(prepared);
  const auto compiled = [&prepared](const Result<LinkedGuest>& guest) -> Result<emu::Image> {
    if (!guest) return guest.error();
    return compiled_replay_image(*guest, prepared.program);
  };
  if (prepared.litmus) {
    const auto source = program_source(request.target);
    if (!source) return source.error();
    return compiled(link_litmus(*prepared.litmus, source->name, source->text, runtime));
  }
  if (request.threads.empty()) return compiled(link_guest(request.target, prepared.lowering, runtime));
  const auto typed = parse_threads(request.threads, request.initial);
  if (!typed) return typed.error();
  const bool by_compiler = prepared.lowering == "O0" || prepared.lowering == "O2";
  if (by_compiler) return compiled(link_guest(*typed, prepared.lowering, runtime));
  return typed_replay_image(*typed, prepared.lowering == "statement", runtime);
}

}  // namespace

Result<std::string> write_replay(const ExploreRequest& request, const PreparedExploration& prepared,
                                 const std::string& schedule, const std::string& expected, const std::string& folder) {
  const auto actions = parse_schedule(schedule, prepared.program.threads.size());
  if (!actions) return actions.error();
  const auto image = image_of(request, prepared);
  if (!image) return image.error();
  const std::filesystem::path place(folder);
  const auto bytes = image->file();
  if (const auto written = write_file(place / kImageName, {bytes.begin(), bytes.end()}); !written)
    return written.error();
  const std::string text =
      scenario_text(request, prepared, schedule_text(*actions, prepared.program.threads.size()),
                    static_cast<std::int64_t>(actions->size()), expected);
  if (const auto written = write_file(place / kScenarioName, text); !written) return written.error();
  return (place / kScenarioName).string();
}

}  // namespace fiberscope::core::explore
