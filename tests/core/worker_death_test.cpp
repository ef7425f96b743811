// A worker that dies, because the engine gave up or because it was killed, leaves a trace with every step up to its
// end.
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "core/trace_session.h"
#include "core/worker.h"
#include "tests/core/machine_recording.h"

namespace fiberscope::core {
namespace {

using namespace std::chrono_literals;

class WorkerDeath : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/fiberscope-death-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string trace_path() const { return folder_ + "/t.fscope"; }

  /// Starts `fiberscope run GUEST -o … --json`.
  pid_t start(const std::string& guest) {
    const std::string image = FIBERSCOPE_MACHINE_GUESTS "/machine_" + guest + ".elf";
    std::vector<std::string> words = {FIBERSCOPE_PROGRAM, "run", image, "-o", trace_path(), "--json"};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, (folder_ + "/out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, 2, (folder_ + "/err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    pid_t child = -1;
    EXPECT_EQ(posix_spawn(&child, FIBERSCOPE_PROGRAM, &actions, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    return child;
  }
  static int exit_code(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  [[nodiscard]] std::string text(const std::string& file) const {
    std::ifstream in(folder_ + "/" + file);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }

  std::string folder_;
};

pid_t child_of(pid_t parent) {
  DIR* processes = opendir("/proc");
  pid_t found = -1;
  while (const dirent* entry = readdir(processes)) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid <= 0) continue;
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(stat, line);
    const std::size_t name_end = line.rfind(')');
    if (name_end == std::string::npos || name_end + 4 > line.size()) continue;
    if (std::atoi(line.c_str() + name_end + 4) == parent) found = pid;
  }
  closedir(processes);
  return found;
}

class EngineAbort : public WorkerDeath, public testing::WithParamInterface<const char*> {};

TEST_P(EngineAbort, KeepsEveryStepUpToTheLastCompletedOne) {
  const pid_t child = start(GetParam());
  EXPECT_EQ(exit_code(child), 3) << text("err");
  const auto json = nlohmann::json::parse(text("out"));
  if (emu::engine_version() != "2.0.1" && json["exit"]["reason"] == "fault")
    GTEST_SKIP() << "this engine refuses the instruction in order";
  constexpr std::uint64_t kSteps = 2 + 5 * 3000 + 2 + 1;
  EXPECT_EQ(json["exit"]["reason"], "crash");
  EXPECT_EQ(json["complete"], false);
  EXPECT_EQ(json["steps"], kSteps) << "the jump to the bad instruction is the last step";

  auto session = TraceSession::open(trace_path());
  ASSERT_TRUE(session.ok()) << session.error().message;
  Trace& trace = (*session)->trace();
  const emu::Image image = emu::machine_guest(GetParam());
  EXPECT_EQ(trace.stop()->rip, emu::symbol(image, "bad"));
  const auto machine = emu::boot_at(image);
  for (const std::uint64_t cursor :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4096}, std::uint64_t{9999}, kSteps - 2, kSteps - 1}) {
    machine->run(cursor);
    const MachineState& state = trace.state_at(StepIndex{cursor});
    EXPECT_TRUE(state.registers == machine->registers()) << cursor;
    EXPECT_TRUE(state.memory == machine->memory()) << cursor;
  }
  // One step more would abort this process too; it only jumps.
  emu::RegisterFile last = machine->registers();
  last[emu::Register::rip] = emu::symbol(image, "bad").value;
  EXPECT_TRUE(trace.state_at(StepIndex{kSteps}).registers == last);
}
INSTANTIATE_TEST_SUITE_P(Worker, EngineAbort, testing::Values("abort_1", "abort_2", "abort_3"),
                         [](const auto& test) { return test.param; });

TEST_F(WorkerDeath, AKilledWorkerLeavesAReadableTrace) {
  const pid_t child = start("long");
  // Until something has been committed.
  for (int i = 0; i < 1000; ++i) {
    std::this_thread::sleep_for(5ms);
    std::error_code ignored;
    if (std::filesystem::file_size(trace_path(), ignored) > 300'000 && !ignored) break;
  }
  const pid_t worker = child_of(child);
  ASSERT_GT(worker, 0);
  kill(worker, SIGKILL);
  EXPECT_EQ(exit_code(child), 3) << text("err");
  const auto json = nlohmann::json::parse(text("out"));
  EXPECT_EQ(json["exit"]["reason"], "crash");
  const std::uint64_t steps = json["steps"];
  EXPECT_GT(steps, 4096U);
  EXPECT_LT(steps, 10'000'000U) << "killed before its limit";

  auto session = TraceSession::open(trace_path());
  ASSERT_TRUE(session.ok()) << session.error().message;
  Trace& trace = (*session)->trace();
  EXPECT_EQ(trace.steps().value, steps);
  const auto machine = emu::boot_at(emu::machine_guest("long"));
  for (std::uint64_t part = 0; part <= 16; ++part) {
    const std::uint64_t cursor = steps * part / 16;
    machine->run(cursor);
    const MachineState& state = trace.state_at(StepIndex{cursor});
    ASSERT_TRUE(state.registers == machine->registers()) << cursor << " of " << steps;
    ASSERT_TRUE(state.memory == machine->memory()) << cursor << " of " << steps;
  }
}

TEST_F(WorkerDeath, AnEncoderThatFailsLeavesTheGuestsStepsAsTheyAre) {
  const emu::Image image = emu::machine_guest("long");
  for (int round = 0; round < 5; ++round) {
    std::filesystem::remove(trace_path());
    const pid_t child = start("long");
    for (int i = 0; i < 1000; ++i) {
      std::this_thread::sleep_for(5ms);
      std::error_code ignored;
      if (std::filesystem::file_size(trace_path(), ignored) > 100'000 && !ignored) break;
    }
    const pid_t worker = child_of(child);
    ASSERT_GT(worker, 0);
    pid_t encoder = -1;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(worker) + "/task")) {
      const pid_t thread = std::atoi(task.path().filename().c_str());
      if (thread != worker) encoder = thread;
    }
    ASSERT_GT(encoder, 0);
    tgkill(worker, encoder, SIGSEGV);
    EXPECT_EQ(exit_code(child), 3) << text("err");
    const auto json = nlohmann::json::parse(text("out"));
    const std::string message = json["exit"]["message"];
    EXPECT_NE(message.find("Segmentation fault"), std::string::npos) << message;
    EXPECT_EQ(message.find("makes no sense"), std::string::npos) << message;
    auto session = TraceSession::open(trace_path());
    ASSERT_TRUE(session.ok()) << session.error().message;
    const StepIndex last = (*session)->trace().steps();
    const auto machine = emu::boot_at(image);
    machine->run(last.value);
    EXPECT_TRUE((*session)->trace().state_at(last).registers == machine->registers())
        << "after " << last.value << " steps";
  }
}

TEST_F(WorkerDeath, AWorkerIsBounded) {
  const pid_t child = start("long");
  while (!std::filesystem::exists(trace_path())) std::this_thread::sleep_for(2ms);
  const pid_t worker = child_of(child);
  ASSERT_GT(worker, 0);
  std::ifstream file("/proc/" + std::to_string(worker) + "/limits");
  std::stringstream limits;
  limits << file.rdbuf();
  EXPECT_NE(limits.str().find("Max core file size        0 "), std::string::npos) << limits.str();
  EXPECT_NE(limits.str().find("Max address space         4294967296 "), std::string::npos) << limits.str();
  EXPECT_NE(limits.str().find("Max cpu time              3600 "), std::string::npos) << limits.str();
  bool filtered = false;
  for (int i = 0; i < 400 && !filtered; ++i) {
    std::this_thread::sleep_for(2ms);
    std::ifstream status_file("/proc/" + std::to_string(worker) + "/status");
    std::stringstream status;
    status << status_file.rdbuf();
    filtered = status.str().find("Seccomp:\t2") != std::string::npos;
  }
  EXPECT_TRUE(filtered);
  // A worker does not outlive the one who asked for it.
  kill(child, SIGKILL);
  exit_code(child);
  bool gone = false;
  for (int i = 0; i < 400 && !gone; ++i) {
    std::this_thread::sleep_for(5ms);
    std::ifstream stat("/proc/" + std::to_string(worker) + "/stat");
    std::string line;
    gone = !std::getline(stat, line) || line.find(") Z ") != std::string::npos;
  }
  EXPECT_TRUE(gone);
}

TEST_F(WorkerDeath, AWorkerThatTakesTooMuchMemoryIsEnded) {
  RecordRequest request;
  request.target = FIBERSCOPE_MACHINE_GUESTS "/machine_long.elf";
  request.trace_path = trace_path();
  request.memory_limit = std::uint64_t{1} << 20;
  auto worker = Worker::start(request);
  ASSERT_TRUE(worker.ok()) << worker.error().message;
  // Its file must be there before it is looked at.
  while (!std::filesystem::exists(trace_path())) std::this_thread::sleep_for(2ms);
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ((*worker)->wait(), Worker::State::died);
  auto session = TraceSession::open(trace_path());
  ASSERT_TRUE(session.ok()) << session.error().message;
  EXPECT_NE((*session)->trace().stop()->message.find("more than 1 MiB of memory"), std::string::npos)
      << (*session)->trace().stop()->message;
}

class OrderlyStop : public WorkerDeath, public testing::WithParamInterface<int> {};

TEST_P(OrderlyStop, EndsTheTraceInOrder) {
  const pid_t child = start("long");
  for (int i = 0; i < 1000 && !std::filesystem::exists(trace_path()); ++i) std::this_thread::sleep_for(2ms);
  std::this_thread::sleep_for(50ms);
  const pid_t worker = child_of(child);
  ASSERT_GT(worker, 0);
  kill(worker, GetParam());
  EXPECT_EQ(exit_code(child), 3);
  EXPECT_EQ(nlohmann::json::parse(text("out"))["exit"]["reason"], "stopped");
}
INSTANTIATE_TEST_SUITE_P(Worker, OrderlyStop, testing::Values(SIGTERM, SIGXCPU),
                         [](const auto& test) { return std::string(test.param == SIGTERM ? "asked" : "out_of_time"); });

}  // namespace
}  // namespace fiberscope::core

/// The worker is this program again, as it is with the real one.
int main(int argc, char** argv) {
  if (const auto code = fiberscope::core::run_as_worker(argc, argv)) return *code;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
