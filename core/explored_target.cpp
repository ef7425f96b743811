#include "core/explored_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "core/explore/example.h"
#include "core/target.h"

namespace fiberscope::core {
namespace {

constexpr std::array<std::string_view, 4> kPrograms = {".c", ".S", ".s", ".litmus"};

/// The scenario that the word names, if it names one.
std::optional<emu::Result<Scenario>> scenario_named(const std::string& target) {
  if (auto scenario = find_scenario(target)) return scenario;
  if (!target.ends_with(".toml")) return std::nullopt;
  auto file = load_scenario_file(target);
  if (!file) return emu::Result<Scenario>(file.error());
  return emu::Result<Scenario>(std::move(file->scenario));
}

bool is_program(const std::string& target) {
  return explore::is_example(target) || std::any_of(kPrograms.begin(), kPrograms.end(), [&](std::string_view ending) {
           return target.size() > ending.size() && target.ends_with(ending);
         });
}

/// Where the program of a scenario is: beside its file, else among the examples.
std::string program_of(const std::string& scenario, const std::string& program) {
  if (scenario.ends_with(".toml")) {
    const std::filesystem::path beside = std::filesystem::path(scenario).parent_path() / program;
    std::error_code error;
    if (std::filesystem::exists(beside, error)) return beside.string();
  }
  return std::string(explore::kExamplePrefix) + program;
}

}  // namespace

bool is_explored(const std::string& target) {
  if (const auto scenario = scenario_named(target)) return scenario->ok() && (*scenario)->lesson.has_value();
  return is_program(target);
}

emu::Result<ExploredTarget> explored_target(const std::string& target) {
  ExploredTarget explored;
  auto scenario = scenario_named(target);
  if (!scenario) {
    explored.question.target = target;
    return explored;
  }
  if (!*scenario) return scenario->error();
  if (!(*scenario)->lesson)
    return emu::Error{fmt::format(
        "{} is one run and does not ask for all interleavings: `fiberscope run {}`; `fiberscope list` shows "
        "what can be explored",
        target, target)};
  explored.lesson = std::move(*scenario).value();
  explored.question = explored.lesson->lesson->question;
  if (!explored.question.target.empty()) explored.question.target = program_of(target, explored.question.target);
  return explored;
}

}  // namespace fiberscope::core
