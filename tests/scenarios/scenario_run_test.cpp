// Each scenario runs, ends and prints as its file says, natively too, and is recorded as the machine ran it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/snapshot_builder.h"
#include "tests/guests/native_run.h"
#include "tests/scenarios/golden_text.h"
#include "tests/scenarios/scenario_run.h"

namespace fiberscope::tests {
namespace {

using core::StepIndex;
using emu::Stop;

class ScenarioRuns : public testing::TestWithParam<std::string> {};

std::string stem(const std::string& image) {
  return image.substr(0, image.rfind('.'));
}

/// What a shell says of a process that a signal ended, for the exceptions that become one on Linux.
int native_exit_code(const core::ExpectedRun& expected) {
  if (expected.ends == Stop::Reason::exited) return expected.exit_code;
  if (expected.ends == Stop::Reason::deadlock) return 70;
  if (expected.fault == "#UD" || expected.fault == "SIGILL") return 128 + SIGILL;
  if (expected.fault == "#DE" || expected.fault == "SIGFPE") return 128 + SIGFPE;
  return 128 + SIGSEGV;
}

TEST_P(ScenarioRuns, ToItsDeclaredEnd) {
  ScenarioRun& run = scenario_run(GetParam());
  const core::ExpectedRun& expected = run.scenario().expected;
  ASSERT_TRUE(run.trace->stop().has_value());
  const Stop& stop = *run.trace->stop();
  EXPECT_EQ(emu::to_string(stop.reason), emu::to_string(expected.ends)) << stop.message;
  EXPECT_EQ(run.trace->output_until(run.trace->steps()), expected.output);
  if (expected.ends == Stop::Reason::exited) {
    EXPECT_EQ(stop.code, expected.exit_code);
  }
  if (expected.ends == Stop::Reason::fault) {
    EXPECT_TRUE(stop.message.starts_with(expected.fault)) << stop.message;
    const auto symbol = run.trace->image().symbol_at(stop.rip);
    EXPECT_EQ(symbol ? symbol->name : "nowhere", expected.fault_at) << stop.message;
  }
}

TEST_P(ScenarioRuns, WithTheThreadsThatItNames) {
  ScenarioRun& run = scenario_run(GetParam());
  std::vector<std::string> names;
  for (const core::ThreadRecord& record : run.trace->threads()) names.push_back(record.thread.name);
  EXPECT_EQ(names, run.scenario().threads);
}

TEST_P(ScenarioRuns, NativelyTheSame) {
  const ScenarioRun& run = scenario_run(GetParam());
  const core::Scenario& scenario = run.scenario();
  if (!scenario.native) GTEST_SKIP() << "no user program";
  const std::string folder =
      scenario.profile == core::Profile::bare ? FIBERSCOPE_NATIVE_DIR "/" : FIBERSCOPE_LINUX_DIR "/";
  const std::string name = scenario.profile == core::Profile::bare ? stem(scenario.image) : scenario.image;
  const NativeRun native = run_program(folder + name);
  EXPECT_EQ(native.exit_code, native_exit_code(scenario.expected));
  EXPECT_EQ(native.output, scenario.expected.output);
  const auto report = run.trace->image().symbol("report");
  if (!report || native.report.empty()) return;
  const core::MachineState& state = run.trace->state_at(run.trace->steps());
  for (std::size_t i = 0; i < report->size / 8; ++i)
    EXPECT_EQ(state.memory.read(report->address + 8 * i, 8).value_or(~0ull), native.report.at(i))
        << "report word " << i;
}

TEST_P(ScenarioRuns, AsTheMachineDid) {
  ScenarioRun& run = scenario_run(GetParam());
  core::Trace& trace = *run.trace;
  const auto machine = boot(run.target);
  // Reading the whole machine at every step of a long run would take minutes: then every so many.
  const std::uint64_t stride = 1 + trace.steps().value / 20'000;
  for (std::uint64_t step = 0; step <= trace.steps().value; step += stride) {
    if (step > 0) machine->run(step);
    ASSERT_EQ(machine->steps(), step);
    // The machine stands before an exception's delivery, the trace behind it.
    const auto events = trace.events_behind(StepIndex{step});
    const bool delivered = std::any_of(events.begin(), events.end(), [](const core::EventRecord& record) {
      return record.event.kind != emu::EventKind::interrupt && record.event.kind != emu::EventKind::read &&
             record.event.kind != emu::EventKind::start;
    });
    if (delivered) continue;
    for (std::uint16_t cpu = 1; cpu < trace.processors(); ++cpu)
      ASSERT_TRUE(trace.state_at(StepIndex{step}, core::CpuId{cpu}).registers == machine->registers(cpu))
          << "step " << step << ", processor " << cpu;
    const core::MachineState& recorded = trace.state_at(StepIndex{step}, core::CpuId{});
    ASSERT_TRUE(recorded.registers == machine->registers(0)) << "step " << step;
    if (step % (16 * stride) == 0 || step + stride > trace.steps().value) {
      ASSERT_TRUE(recorded.memory == machine->memory()) << "step " << step;
    }
  }
}

TEST_P(ScenarioRuns, AndEveryStackCanBeReadAtEverySwitch) {
  ScenarioRun& run = scenario_run(GetParam());
  if (run.scenario().expected.ends != Stop::Reason::exited) GTEST_SKIP() << "meant to go wrong";
  core::SnapshotBuilder builder(*run.trace, &run.scenario(), "en");
  for (const core::Switch& entry : run.trace->switches()) {
    const core::Snapshot snapshot = builder.build(entry.step);
    for (const core::StackView& stack : snapshot.stacks) {
      const bool never_used = !stack.holds_rsp && stack.frames.empty();
      EXPECT_TRUE(stack.chain_complete || never_used)
          << "step " << entry.step.value << ", thread " << stack.thread.value;
    }
  }
}

TEST_P(ScenarioRuns, LikeItsGoldenText) {
  ScenarioRun& run = scenario_run(GetParam());
  const std::string path = std::string(FIBERSCOPE_SCENARIO_GOLDEN) + "/" + GetParam() + ".txt";
  const std::string text = golden_text(run);
  if (std::getenv("FIBERSCOPE_APPROVE") != nullptr) {
    std::ofstream(path) << text;
    return;
  }
  std::ifstream file(path);
  std::stringstream golden;
  golden << file.rdbuf();
  ASSERT_TRUE(file.is_open()) << path << ": approve it with FIBERSCOPE_APPROVE=1";
  EXPECT_EQ(text, golden.str());
}

INSTANTIATE_TEST_SUITE_P(All, ScenarioRuns, testing::ValuesIn(run_names()), ScenarioRun::test_name);

}  // namespace
}  // namespace fiberscope::tests
