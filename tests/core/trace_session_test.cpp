// Whether a trace without an ending still has a recorder: what counts is that it lives, not how long ago it wrote.
#include "core/trace_session.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include "tests/core/recorded_file.h"

namespace fiberscope::core {
namespace {

using namespace std::chrono_literals;

class Abandoned : public ::testing::Test {
 protected:
  /// A process that has begun a trace and then does nothing.
  void start_recorder() {
    recorder_ = fork();
    if (recorder_ == 0) {
      auto machine = emu::Machine::boot(image_);
      const auto file = TraceFileWriter::create(path_, make_header(**machine, image_, {}));
      if (!file) _exit(1);
      std::ofstream(folder_.file("begun")) << "x";
      for (;;) pause();
    }
    while (!std::filesystem::exists(folder_.file("begun"))) std::this_thread::sleep_for(1ms);
  }
  void end_recorder() {
    kill(recorder_, SIGKILL);
    waitpid(recorder_, nullptr, 0);
    recorder_ = -1;
  }
  void TearDown() override {
    if (recorder_ > 0) end_recorder();
  }
  void age_file() const { std::filesystem::last_write_time(path_, std::filesystem::file_time_type::clock::now() - 1h); }

  emu::Image image_ = scenario_image("switch_to_context.elf");
  TestFolder folder_;
  std::string path_ = folder_.file("run.fscope");
  pid_t recorder_ = -1;
};

TEST_F(Abandoned, NotWhileTheRecorderIsStoppedHoweverLong) {
  start_recorder();
  kill(recorder_, SIGSTOP);
  age_file();
  auto session = TraceSession::open(path_);
  ASSERT_TRUE(session.ok()) << session.error().message;
  ASSERT_TRUE((*session)->refresh().ok());
  EXPECT_FALSE((*session)->trace().stop().has_value());
  end_recorder();
  ASSERT_TRUE((*session)->refresh().ok());
  ASSERT_TRUE((*session)->trace().stop().has_value());
  EXPECT_NE((*session)->trace().stop()->message.find("recorder is gone"), std::string::npos);
}

TEST_F(Abandoned, NotBeforeAParentHadTimeToRescueIt) {
  start_recorder();
  auto session = TraceSession::open(path_);
  ASSERT_TRUE(session.ok()) << session.error().message;
  end_recorder();
  std::filesystem::last_write_time(path_, std::filesystem::file_time_type::clock::now() + 1h);  // clocks may disagree
  ASSERT_TRUE((*session)->refresh().ok());
  EXPECT_FALSE((*session)->trace().stop().has_value());
  std::this_thread::sleep_for(1100ms);
  ASSERT_TRUE((*session)->refresh().ok());
  EXPECT_TRUE((*session)->trace().stop().has_value());
}

TEST_F(Abandoned, TwoRecordersOfOneTraceAreOneTooMany) {
  start_recorder();
  const auto second = TraceFileWriter::resume(path_);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("another recorder"), std::string::npos) << second.error().message;
  end_recorder();
  EXPECT_TRUE(TraceFileWriter::resume(path_).ok());
}

}  // namespace
}  // namespace fiberscope::core
