// docs/trace-format.md is enough: a reader written in Python after it, which shares no code with ours, finds the state
// that the export in JSON Lines tells at every cursor.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/export/trace_export.h"
#include "core/memory_sink.h"
#include "core/trace_file.h"
#include "tests/core/event_run.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

class FscopeReader : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("python3 -c 'import sqlite3' >/dev/null 2>&1 && zstd --version >/dev/null 2>&1") != 0)
      GTEST_SKIP() << "needs the programs python3 and zstd";
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

  /// What the reader says to the trace file and the export.
  [[nodiscard]] std::string compare(Trace& exported) const {
    const auto done = export_trace_to(exported, ExportFormat::jsonl, path("run.jsonl"));
    EXPECT_TRUE(done.ok());
    const std::string command = std::string("python3 ") + FIBERSCOPE_TEST_TOOLS + "/fscope_reader.py " +
                                path("run.fscope") + " --jsonl " + path("run.jsonl") + " > " + path("said") + " 2>&1";
    const int status = std::system(command.c_str());
    std::stringstream said;
    said << std::ifstream(path("said")).rdbuf();
    return (status == 0 ? "" : "failed: ") + said.str();
  }

 private:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("fiberscope-reader-{}", ::getpid());
};

TEST_F(FscopeReader, FindsTheSameStatesInARun) {
  const emu::Image image = scenario_image("switch_to_context.elf");
  auto machine = std::move(emu::Machine::boot(image)).value();
  auto writer = std::move(TraceFileWriter::create(path("run.fscope"), make_header(*machine, image, {}))).value();
  const auto ring = std::make_unique<StepRing>();
  Recorder(*machine, image, *ring, *writer).run(1'000'000);
  const auto trace = record(image);
  EXPECT_EQ(compare(*trace), fmt::format("{} cursors equal\n", trace->steps().value + 1));
}

/// Several address spaces.
TEST_F(FscopeReader, FindsTheSameStatesInProcesses) {
  const emu::Image image = scenario_image("process_fork_cow.elf");
  emu::MachineOptions options;
  options.profile = emu::MachineProfile::linux_user;
  auto machine = std::move(emu::Machine::boot(image, options)).value();
  auto writer = std::move(TraceFileWriter::create(path("run.fscope"), make_header(*machine, image, {}))).value();
  const auto ring = std::make_unique<StepRing>();
  Recorder(*machine, image, *ring, *writer).run(1'000'000);
  auto again = std::move(emu::Machine::boot(image, options)).value();
  auto trace = std::move(Trace::create(make_header(*again, image, {}))).value();
  MemorySink sink(*trace);
  Recorder(*again, image, *ring, sink).run(1'000'000);
  ASSERT_GT(trace->steps().value, 500U);
  EXPECT_EQ(compare(*trace), fmt::format("{} cursors equal\n", trace->steps().value + 1));
}

TEST_F(FscopeReader, FindsTheSameStatesAmongEvents) {
  EventRun run = record_events(path("run.fscope"));
  EXPECT_EQ(compare(*run.trace), "4 cursors equal\n");
}

}  // namespace
}  // namespace fiberscope::core
