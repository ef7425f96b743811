#include "tests/scenarios/scenario_run.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "core/memory_sink.h"
#include "core/recorder.h"

namespace fiberscope::tests {

std::unique_ptr<emu::Machine> boot(const core::RunTarget& target) {
  auto machine = emu::Machine::boot(target.image, target.machine);
  if (!machine) throw std::runtime_error(machine.error().message);
  return std::move(machine).value();
}

std::string ScenarioRun::test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

namespace {

std::vector<std::string> names(bool lessons) {
  std::vector<std::string> result;
  for (const std::string& name : core::scenario_names()) {
    const auto scenario = core::find_scenario(name);
    if (!scenario) throw std::runtime_error(scenario.error().message);
    if (scenario->lesson.has_value() == lessons) result.push_back(name);
  }
  return result;
}

}  // namespace

std::vector<std::string> run_names() {
  return names(false);
}

std::vector<std::string> lesson_names() {
  return names(true);
}

ScenarioRun& scenario_run(const std::string& name) {
  static std::map<std::string, ScenarioRun> runs;
  if (const auto known = runs.find(name); known != runs.end()) return known->second;
  auto target = core::resolve_target(name);
  if (!target) throw std::runtime_error(target.error().message);
  const auto machine = boot(*target);
  auto trace = core::Trace::create(core::make_header(*machine, target->image, target->meta()));
  if (!trace) throw std::runtime_error(trace.error().message);
  core::MemorySink sink(**trace);
  const auto ring = std::make_unique<core::StepRing>();
  {
    core::Recorder recorder(*machine, target->image, *ring, sink);
    recorder.run(target->max_steps);
  }
  return runs.emplace(name, ScenarioRun{std::move(target).value(), std::move(trace).value()}).first->second;
}

}  // namespace fiberscope::tests
