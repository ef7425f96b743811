// Ctrl-C, and workers that die at any moment: what was recorded is told, and where nothing was, why.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "tests/cli/program.h"

namespace fiberscope::tests {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

class Interrupt : public ::testing::Test {
 protected:
  /// `run` of a guest that goes on for a minute.
  [[nodiscard]] static std::vector<std::string> run_words() {
    return {"run",   FIBERSCOPE_MACHINE_GUESTS "/machine_long.elf", "--max-steps", "1000000000", "-o", "run.fscope",
            "--json"};
  }
  /// Until something is committed.
  void wait_for_steps() const {
    ASSERT_TRUE(until([&] {
      std::error_code error;
      return std::filesystem::file_size(scratch_.file("run.fscope"), error) > 300'000 && !error;
    }));
  }
  void expect_trace_up_to(std::uint64_t steps) const {
    const auto last = std::to_string(steps);
    const Outcome shown = run_program({"show", "run.fscope", "--step", last, "--json"}, scratch_.path());
    ASSERT_EQ(shown.code, 0) << shown.err;
    EXPECT_EQ(Json::parse(shown.out)["steps"], steps);
    EXPECT_FALSE(std::filesystem::exists(scratch_.file("run.fscope-journal")));
  }

  ScratchFolder scratch_;
};

class Once : public Interrupt, public ::testing::WithParamInterface<int> {};

TEST_P(Once, StopsARunInOrder) {
  RunningProgram program(run_words(), scratch_.path());
  wait_for_steps();
  // A terminal sends its Ctrl-C to the worker too, which leaves it to its parent.
  GetParam() == SIGINT ? program.signal_group(SIGINT) : program.signal(GetParam());
  const Outcome outcome = program.wait();
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  const Json run = Json::parse(outcome.out);
  EXPECT_EQ(run["exit"]["reason"], "stopped");
  EXPECT_EQ(run["complete"], false);
  EXPECT_GT(run["steps"], 0);
  expect_trace_up_to(run["steps"]);
}
INSTANTIATE_TEST_SUITE_P(Signals, Once, ::testing::Values(SIGINT, SIGTERM, SIGHUP), [](const auto& test) {
  return std::string(test.param == SIGINT ? "ctrl_c" : test.param == SIGTERM ? "term" : "hangup");
});

TEST_F(Interrupt, TwiceEndsAWorkerThatDoesNotStop) {
  RunningProgram program(run_words(), scratch_.path());
  wait_for_steps();
  const pid_t worker = program.worker();
  ASSERT_GT(worker, 0);
  kill(worker, SIGSTOP);
  program.signal(SIGINT);
  std::this_thread::sleep_for(100ms);
  program.signal(SIGINT);
  const Outcome outcome = program.wait();
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  const Json run = Json::parse(outcome.out);
  EXPECT_EQ(run["exit"]["reason"], "crash");
  EXPECT_NE(run["exit"]["message"].get<std::string>().find("at once"), std::string::npos) << run["exit"]["message"];
  expect_trace_up_to(run["steps"]);
}

TEST_F(Interrupt, StopsWhatShowAndExportRecord) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"show", "--step", "0"}, {"export", "--format", "text", "-o", "run.txt"}}) {
    std::vector<std::string> words = command;
    words.insert(words.begin() + 1, FIBERSCOPE_MACHINE_GUESTS "/machine_long.elf");
    RunningProgram program(words, scratch_.path());
    ASSERT_TRUE(until([&] { return program.worker() > 0; }));
    std::this_thread::sleep_for(50ms);
    program.signal_group(SIGINT);
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.code, 3) << command.front() << ": " << outcome.err;
    EXPECT_EQ(outcome.err, "") << command.front();
  }
  EXPECT_TRUE(std::filesystem::exists(scratch_.file("run.txt")));
}

TEST_F(Interrupt, AtAnyMomentIsToldOrEndsTheProgram) {
  std::mt19937 random(7);
  for (int i = 0; i < 25; ++i) {
    std::filesystem::remove(scratch_.file("run.fscope"));
    RunningProgram program(run_words(), scratch_.path());
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 40'000));
    program.signal_group(SIGINT);
    const Outcome outcome = program.wait();
    if (outcome.code == 128 + SIGINT) continue;  // before there was anything to stop
    EXPECT_EQ(outcome.code, 3) << outcome.err;
    EXPECT_EQ(Json::parse(outcome.out)["exit"]["reason"], "stopped");
  }
}

class Killed : public Interrupt {};

TEST_F(Killed, AtAnyMomentAMessageOrAResultAppears) {
  std::mt19937 random(8);
  int nothing = 0;
  for (int i = 0; i < 40; ++i) {
    std::filesystem::remove(scratch_.file("run.fscope"));
    RunningProgram program(run_words(), scratch_.path());
    pid_t worker = -1;
    ASSERT_TRUE(until([&] { return (worker = program.worker()) > 0; }));
    // Half of them behind the first commit, however slow the machine is: a file that is there may not hold it yet.
    if (i % 2 == 0) wait_for_steps();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 8'000));
    kill(worker, SIGKILL);
    const Outcome outcome = program.wait();
    if (outcome.code == 3) {
      const Json run = Json::parse(outcome.out);
      EXPECT_EQ(run["exit"]["reason"], "crash");
      expect_trace_up_to(run["steps"]);
      continue;
    }
    ++nothing;
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.err.rfind("fiberscope: ", 0), 0U) << outcome.err;
    EXPECT_NE(outcome.err.find("Killed (signal 9)"), std::string::npos) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(scratch_.file("run.fscope"))) << "a trace of nothing";
  }
  EXPECT_GT(nothing, 0) << "none was killed before its first commit: the delays are too long";
  EXPECT_LE(nothing, 20);
}

TEST_F(Interrupt, AFullDiskEndsTheRecordingWithWhatIsThere) {
  ::signal(SIGXFSZ, SIG_IGN);  // inherited: a write beyond the limit below then fails as it does on a full disk
  RunningProgram program(run_words(), scratch_.path());
  ::signal(SIGXFSZ, SIG_DFL);
  wait_for_steps();
  const rlimit limit{400'000, 400'000};
  for (const pid_t process : {program.worker(), program.pid()})
    ASSERT_EQ(prlimit(process, RLIMIT_FSIZE, &limit, nullptr), 0);
  const Outcome outcome = program.wait();
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  const Json run = Json::parse(outcome.out);
  EXPECT_EQ(run["exit"]["reason"], "crash");
  EXPECT_NE(run["exit"]["message"].get<std::string>().find("the recording failed: "), std::string::npos)
      << run["exit"]["message"];
  EXPECT_GT(run["steps"], 4096);
  const Outcome shown =
      run_program({"show", "run.fscope", "--step", std::to_string(run["steps"].get<std::uint64_t>())}, scratch_.path());
  EXPECT_EQ(shown.code, 0) << shown.err;
}

}  // namespace
}  // namespace fiberscope::tests
