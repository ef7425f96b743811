#include "core/target.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "core/builtin_files.h"
#include "core/pick_schedule.h"
#include "core/schedule_notation.h"
#include "emu/thread_bodies.h"

namespace fiberscope::core {
namespace {

constexpr std::uint64_t kDefaultMaxSteps = 10'000'000;

emu::MachineProfile machine_profile(Profile profile) {
  return profile == Profile::linux_user ? emu::MachineProfile::linux_user : emu::MachineProfile::bare;
}

bool ends_with(const std::string& text, std::string_view ending) {
  return text.size() > ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

/// What is beside somebody's own scenario file comes before what the program has.
emu::Result<emu::Image> image_of(const Scenario& scenario, const std::filesystem::path& folder) {
  std::error_code error;
  const bool beside = !folder.empty() && std::filesystem::exists(folder / scenario.image, error);
  const auto bytes = builtin_file("images/" + scenario.image);
  if (bytes && !beside) return emu::Image::parse({bytes->begin(), bytes->end()}, scenario.image);
  return emu::Image::load((folder / scenario.image).string());
}

emu::Result<RunTarget> from_scenario(Scenario scenario, const std::string& said, const std::filesystem::path& folder) {
  if (scenario.lesson)
    return emu::Error{fmt::format(
        "{} asks for all interleavings and is no single run: `fiberscope explore {}` tells them, `fiberscope "
        "open {}` shows them, `fiberscope run {} -o F.fscope` records one",
        said, said, said, said)};
  auto image = image_of(scenario, folder);
  if (!image) return image.error();
  const std::string name = scenario.name;
  const std::uint64_t max_steps = scenario.max_steps;
  emu::MachineOptions machine;
  machine.profile = machine_profile(scenario.profile);
  machine.arguments = scenario.run.arguments;
  if (scenario.run.quantum) machine.quantum = *scenario.run.quantum;
  machine.processors = scenario.processors;
  machine.seed = scenario.seed;
  machine.store_buffers = scenario.store_buffers;
  return RunTarget{name, std::move(scenario), std::move(image).value(), max_steps, std::move(machine), {}};
}

emu::Result<RunTarget> from_scenario_file(const std::string& path) {
  auto file = load_scenario_file(path);
  if (!file) return file.error();
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  auto target = from_scenario(std::move(file->scenario), path, folder.empty() ? "." : folder);
  if (target) target->scenario_text = std::move(file->text);
  return target;
}

emu::Result<RunTarget> from_image_file(const std::string& path) {
  auto image = emu::Image::load(path);
  if (!image) return image.error();
  // What starts on a stack of its own is for the bare machine; any other static program is one for Linux.
  emu::MachineOptions machine;
  if (!image->symbol("boot_stack_top")) machine.profile = emu::MachineProfile::linux_user;
  return RunTarget{std::filesystem::path(path).filename().string(),
                   std::nullopt,
                   std::move(image).value(),
                   kDefaultMaxSteps,
                   std::move(machine),
                   {}};
}

}  // namespace

std::map<std::string, std::string> RunTarget::meta() const {
  const bool is_linux = machine.profile == emu::MachineProfile::linux_user;
  std::map<std::string, std::string> meta{
      {"target", name}, {"profile", std::string(to_string(is_linux ? Profile::linux_user : Profile::bare))}};
  if (scenario) {
    meta["scenario"] = scenario->name;
    meta["title"] = scenario->title.in("en");
    meta["profile"] = to_string(scenario->profile);
    if (scenario->note) meta["note"] = *scenario->note;
    if (!scenario_text.empty()) meta["scenario_text"] = scenario_text;
  }
  if (machine.processors > 1) {
    meta["processors"] = std::to_string(machine.processors);
    meta["seed"] = std::to_string(machine.seed);
    if (machine.store_buffers) meta["memory"] = "tso";
  }
  return meta;
}

emu::Result<void> choose(const ProcessorChoice& choice, RunTarget& target) {
  if (!choice.processors && !choice.seed) return {};
  if (target.machine.profile != emu::MachineProfile::bare)
    return emu::Error{fmt::format(
        "{}: --processors and --seed are for bare machines; a Linux program runs on one processor", target.name)};
  if (choice.processors) {
    if (*choice.processors == 0 || *choice.processors > emu::kMostChosenProcessors)
      return emu::Error{
          fmt::format("--processors {}: a machine has 1 to {}", *choice.processors, emu::kMostChosenProcessors)};
    target.machine.processors = *choice.processors;
  }
  if (choice.seed && target.machine.processors == 1)
    return emu::Error{fmt::format(
        "{}: --seed chooses the order in which several processors take turns, and here is one; add --processors N",
        target.name)};
  if (choice.seed) target.machine.seed = *choice.seed;
  return {};
}

emu::Result<std::vector<ThreadId>> take_schedule(RunTarget& target, const std::string& schedule) {
  target.machine.bodies = emu::thread_bodies(target.image);
  if (target.machine.bodies.empty()) return parse_schedule(schedule);
  const auto turns = parse_turns(schedule);
  if (!turns) return turns.error();
  std::vector<emu::ScheduleItem>& items = target.machine.schedule;
  for (const ScheduleTurns& turn : *turns) {
    if (turn.drains && !target.machine.store_buffers)
      return emu::Error{fmt::format("'D{}': these processors have no store buffers", turn.thread)};
    const bool goes_on = !items.empty() && !turn.drains && !items.back().drains && items.back().thread == turn.thread;
    if (goes_on) {
      items.back().steps += turn.count;
    } else {
      items.push_back({static_cast<std::uint32_t>(turn.thread), turn.count, turn.drains});
    }
  }
  return std::vector<ThreadId>();
}

bool is_trace_path(const std::string& target) {
  return ends_with(target, ".fscope");
}

emu::Result<RunTarget> resolve_target(const std::string& target) {
  std::error_code error;
  // First, so that no file in the working directory stands in a scenario's way; `./name` is the file.
  auto scenario = find_scenario(target);
  if (scenario) return from_scenario(std::move(scenario).value(), target, {});
  for (const std::string_view source : {".c", ".cc", ".cpp", ".cxx", ".C", ".S", ".s", ".asm", ".litmus"})
    if (ends_with(target, source))
      return emu::Error{fmt::format(
          "{}: {} files are no runs; a target is a scenario (`fiberscope list`), a scenario file (.toml), a bare image "
          "(.elf) or a recorded trace (.fscope); `fiberscope explore` tells all interleavings of a .c, .S or .litmus "
          "file",
          target, source)};
  if (ends_with(target, ".toml")) return from_scenario_file(target);
  const bool is_path = target.find('/') != std::string::npos || ends_with(target, ".elf");
  if (is_path || std::filesystem::is_regular_file(target, error)) {
    if (!std::filesystem::exists(target, error)) return emu::Error{fmt::format("{}: no such file", target)};
    return from_image_file(target);
  }
  return scenario.error();
}

emu::Result<ScenarioFile> load_scenario_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return emu::Error{fmt::format("{}: no such file", path)};
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return emu::Error{fmt::format("{}: cannot be read", path)};
  auto scenario = parse_scenario(text.str(), path);
  if (!scenario) return scenario.error();
  return ScenarioFile{std::move(scenario).value(), text.str()};
}

std::optional<Scenario> scenario_of(const std::map<std::string, std::string>& meta) {
  const auto name = meta.find("scenario");
  if (name == meta.end()) return std::nullopt;
  const auto text = meta.find("scenario_text");
  auto scenario = text != meta.end() ? parse_scenario(text->second, name->second) : find_scenario(name->second);
  if (!scenario) return std::nullopt;
  return std::move(scenario).value();
}

}  // namespace fiberscope::core
