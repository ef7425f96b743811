#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/scenario.h"
#include "core/target.h"
#include "core/trace.h"
#include "emu/machine.h"

namespace fiberscope::tests {

/// A scenario of the program and the trace of its run, recorded in memory.
struct ScenarioRun {
  core::RunTarget target;
  std::unique_ptr<core::Trace> trace;

  [[nodiscard]] const core::Scenario& scenario() const { return *target.scenario; }
  /// Of a test with a scenario's name as its parameter.
  static std::string test_name(const testing::TestParamInfo<std::string>& info);
};

/// The names of the scenarios that run, and of the lessons about all interleavings.
std::vector<std::string> run_names();
std::vector<std::string> lesson_names();

/// Each is recorded once a process. Throws where it cannot be.
ScenarioRun& scenario_run(const std::string& name);

/// A machine at the scenario's start, as the recorder had it.
std::unique_ptr<emu::Machine> boot(const core::RunTarget& target);

}  // namespace fiberscope::tests
