// The trace file: what is written is read back; damage is told, never shown and never a crash; what was committed
// survives.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "core/trace_session.h"
#include "core/varint.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

class TraceFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("fiberscope-test-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    path_ = (folder_ / "run.fscope").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void record_file(std::uint64_t max_steps = 1'000'000) {
    auto machine = emu::Machine::boot(image_);
    auto file = TraceFileWriter::create(path_, make_header(**machine, image_, {{"target", "test"}}));
    ASSERT_TRUE(file.ok());
    const auto ring = std::make_unique<StepRing>();
    Recorder recorder(**machine, image_, *ring, **file);
    recorder.run(max_steps);
  }

  static std::string bytes_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  void write_bytes(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }

  /// Opens the file and asks everything; returns the error's message, or nothing where all went well.
  std::string use() const {
    auto session = TraceSession::open(path_);
    if (!session) return session.error().message;
    Trace& trace = (*session)->trace();
    try {
      for (std::uint64_t step = 0; step <= trace.steps().value; step += 501) trace.state_at(StepIndex{step});
      trace.state_at(trace.steps());
    } catch (const CorruptData& failure) {
      return failure.what();
    }
    return {};
  }

  emu::Image image_ = scenario_image("switch_to_context.elf");
  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(TraceFileTest, HoldsWhatTheRecorderSaw) {
  record_file();
  const auto expected = record(image_);
  auto session = TraceSession::open(path_);
  ASSERT_TRUE(session.ok()) << session.error().message;
  Trace& trace = (*session)->trace();
  ASSERT_EQ(trace.steps(), expected->steps());
  ASSERT_TRUE(trace.stop().has_value());
  EXPECT_EQ(trace.stop()->reason, emu::Stop::Reason::exited);
  ASSERT_EQ(trace.switches().size(), expected->switches().size());
  for (std::size_t i = 0; i < trace.switches().size(); ++i) {
    EXPECT_EQ(trace.switches()[i].step, expected->switches()[i].step);
    EXPECT_EQ(trace.switches()[i].from, expected->switches()[i].from);
    EXPECT_EQ(trace.switches()[i].reason, expected->switches()[i].reason);
  }
  for (std::uint64_t step = 0; step <= trace.steps().value; step += 13) {
    const MachineState& state = trace.state_at(StepIndex{step});
    ASSERT_TRUE(state == expected->state_at(StepIndex{step})) << "step " << step;
  }
  EXPECT_FALSE(std::filesystem::exists(path_ + "-journal"));
}

TEST_F(TraceFileTest, TruncationAnywhereIsToldOrHarmless) {
  record_file(2000);
  const std::string whole = bytes_of(path_);
  std::mt19937 random(1);
  for (int i = 0; i < 60; ++i) {
    const std::size_t size = random() % whole.size();
    write_bytes(whole.substr(0, size));
    const std::string message = use();
    ASSERT_FALSE(message.empty()) << "a trace of " << size << " of " << whole.size() << " bytes passed for whole";
    ASSERT_NE(message.find("run.fscope"), std::string::npos) << message;
  }
}

TEST_F(TraceFileTest, FlippedBitsNeverChangeWhatIsShown) {
  record_file(2000);
  const std::string whole = bytes_of(path_);
  const auto reference = record(image_, 2000);
  std::mt19937 random(2);
  int told = 0;
  for (int i = 0; i < 250; ++i) {
    std::string damaged = whole;
    damaged[random() % damaged.size()] ^= static_cast<char>(1 << (random() % 8));
    write_bytes(damaged);
    auto session = TraceSession::open(path_);
    if (!session) {
      ++told;
      continue;
    }
    Trace& trace = (*session)->trace();
    if (trace.steps() != reference->steps()) {
      ADD_FAILURE() << "flip " << i << " shortened the trace in silence";
      continue;
    }
    for (std::uint64_t step = 0; step <= 2000; step += 400)
      ASSERT_TRUE(trace.state_at(StepIndex{step}) == reference->state_at(StepIndex{step})) << "flip " << i;
  }
  // The rest fell into the unused ends of pages.
  EXPECT_GT(told, 40);
}

TEST_F(TraceFileTest, OtherFilesAreRefusedByName) {
  path_ = (folder_ / "text.fscope").string();
  write_bytes("hello, this is no database at all, but long enough to be looked at");
  EXPECT_NE(use().find("not a readable trace"), std::string::npos) << use();
  path_ = (folder_ / "empty.fscope").string();
  write_bytes("");
  EXPECT_NE(use().find("not a readable trace"), std::string::npos) << use();
  path_ = (folder_ / "absent.fscope").string();
  EXPECT_NE(use().find("no such file"), std::string::npos) << use();
  path_ = (folder_ / "other.fscope").string();
  Database(path_, Database::Mode::create).execute("CREATE TABLE t (x)");
  EXPECT_NE(use().find("some other SQLite database"), std::string::npos) << use();
  path_ = (folder_ / "newer.fscope").string();
  Database(path_, Database::Mode::create)
      .execute("PRAGMA application_id=" + std::to_string(kTraceApplicationId) +
               "; PRAGMA user_version=2; CREATE TABLE t (x)");
  EXPECT_NE(use().find("version 2"), std::string::npos) << use();
}

TEST_F(TraceFileTest, AGrowingTraceCanBeReadAndGoesOn) {
  auto machine = emu::Machine::boot(image_);
  auto file = TraceFileWriter::create(path_, make_header(**machine, image_, {}));
  ASSERT_TRUE(file.ok());
  BatchEncoder encoder(image_, {(*machine)->registers(), (*machine)->memory()}, {});
  (*file)->append(encoder.begin());
  (*file)->idle();
  auto session = TraceSession::open(path_);
  ASSERT_TRUE(session.ok()) << session.error().message;
  EXPECT_EQ((*session)->trace().steps().value, 0U);
  EXPECT_FALSE((*session)->trace().stop().has_value());
  EXPECT_EQ((*session)->trace().state_at(StepIndex{0}).registers, (*machine)->registers());

  // One buffer at a time, read after each.
  class OneBuffer final : public emu::StepSink {
   public:
    emu::StepBuffer* acquire(std::uint64_t first_step) override {
      buffer->begin(1, first_step);
      return buffer.get();
    }
    void publish(emu::StepBuffer&) override {}
    std::unique_ptr<emu::StepBuffer> buffer = std::make_unique<emu::StepBuffer>();
  } sink;
  (*machine)->set_sink(&sink);
  for (std::uint64_t limit = 700; limit <= 2800; limit += 700) {
    (*machine)->run(limit);
    (*file)->append(
        encoder.encode({sink.buffer->words, sink.buffer->used()}, StepIndex{limit - 700}, sink.buffer->rip_after()));
    (*file)->idle();
    const auto grew = (*session)->refresh();
    ASSERT_TRUE(grew.ok()) << grew.error().message;
    ASSERT_TRUE(*grew);
    ASSERT_EQ((*session)->trace().steps().value, limit);
    ASSERT_TRUE((*session)->trace().state_at(StepIndex{limit}).memory == (*machine)->memory());
    ASSERT_EQ((*session)->trace().state_at(StepIndex{limit}).registers, (*machine)->registers());
  }
  (*machine)->set_sink(nullptr);
  (*file)->finish(emu::Stop{});
  ASSERT_TRUE((*session)->refresh().ok());
  EXPECT_TRUE((*session)->trace().stop().has_value());
}

}  // namespace
}  // namespace fiberscope::core
