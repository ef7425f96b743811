// What a dead recorder left: chunks in the file, raw words in the ring. Together they are the whole run.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <random>

#include "core/trace_session.h"
#include "core/worker.h"
#include "tests/core/recorded_file.h"

namespace fiberscope::core {
namespace {

/// Fills one ring buffer after the other, as a recorder would, but keeps still when told.
class RingSink final : public emu::StepSink {
 public:
  explicit RingSink(StepRing& ring) : ring_(ring) {}
  emu::StepBuffer* acquire(std::uint64_t first_step) override {
    emu::StepBuffer& buffer = ring_.buffers[sequence_ % StepRing::kBuffers];
    buffer.begin(++sequence_, first_step);
    newest_ = &buffer;
    return &buffer;
  }
  void publish(emu::StepBuffer&) override {}
  [[nodiscard]] const emu::StepBuffer& newest() const { return *newest_; }

 private:
  StepRing& ring_;
  std::uint64_t sequence_ = 0;
  emu::StepBuffer* newest_ = nullptr;
};

class Rescue : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Rescue, GivesEveryStepThatWasLogged) {
  constexpr std::uint64_t kStepsPerBuffer = 40;
  constexpr std::uint64_t kLost = 5;  // buffers that never reached the file
  const std::uint64_t safe = GetParam();
  const std::string path =
      (std::filesystem::temp_directory_path() / ("fiberscope-rescue-" + std::to_string(getpid()) + ".fscope")).string();
  const emu::Image image = scenario_image("switch_to_context.elf");
  auto machine = emu::Machine::boot(image);
  const auto ring = std::make_unique<StepRing>();
  {
    auto file = TraceFileWriter::create(path, make_header(**machine, image, {}));
    ASSERT_TRUE(file.ok());
    BatchEncoder encoder(image, {(*machine)->registers(), (*machine)->memory()}, {});
    (*file)->append(encoder.begin());
    RingSink sink(*ring);
    (*machine)->set_sink(&sink);
    for (std::uint64_t i = 1; i <= safe + kLost; ++i) {
      (*machine)->run(i * kStepsPerBuffer);
      const emu::StepBuffer& buffer = sink.newest();
      if (i <= safe)
        (*file)->append(
            encoder.encode({buffer.words, buffer.used()}, StepIndex{buffer.first_step.load()}, buffer.rip_after()));
    }
    (*file)->idle();
    (*machine)->set_sink(nullptr);
  }
  const auto rescued = rescue_trace(path, *ring, "killed");
  ASSERT_TRUE(rescued.ok()) << rescued.error().message;
  auto session = TraceSession::open(path);
  ASSERT_TRUE(session.ok()) << session.error().message;
  Trace& trace = (*session)->trace();
  ASSERT_EQ(trace.steps().value, (safe + kLost) * kStepsPerBuffer);
  ASSERT_EQ(trace.stop()->reason, emu::Stop::Reason::crashed);
  const auto whole = record(image, trace.steps().value);
  ASSERT_EQ(trace.switches().size(), whole->switches().size());
  // Backwards, so that every cursor is a fresh seek.
  for (std::uint64_t step = trace.steps().value + 1; step-- > 0;)
    ASSERT_TRUE(trace.state_at(StepIndex{step}) == whole->state_at(StepIndex{step})) << "step " << step;
  std::filesystem::remove(path);
}

// Around the checkpoints, which come every 16 chunks.
INSTANTIATE_TEST_SUITE_P(SafeChunks, Rescue, ::testing::Values(0, 1, 12, 15, 16, 17, 31, 32, 33));

/// A trace with a few chunks in its file, and a ring that goes on from there.
class RescueOfDamage : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kStepsPerBuffer = 300;
  static constexpr std::uint64_t kSafe = 2;
  static constexpr std::uint64_t kLost = 4;

  void SetUp() override {
    auto machine = emu::Machine::boot(image_);
    auto file = TraceFileWriter::create(folder_.file("begun.fscope"), make_header(**machine, image_, {}));
    ASSERT_TRUE(file.ok());
    BatchEncoder encoder(image_, {(*machine)->registers(), (*machine)->memory()}, {});
    (*file)->append(encoder.begin());
    RingSink sink(*ring_);
    (*machine)->set_sink(&sink);
    for (std::uint64_t i = 1; i <= kSafe + kLost; ++i) {
      (*machine)->run(i * kStepsPerBuffer);
      const emu::StepBuffer& buffer = sink.newest();
      if (i <= kSafe)
        (*file)->append(
            encoder.encode({buffer.words, buffer.used()}, StepIndex{buffer.first_step.load()}, buffer.rip_after()));
    }
    (*machine)->set_sink(nullptr);
  }
  emu::StepBuffer& lost(std::uint64_t i) { return ring_->buffers[kSafe + i]; }

  /// The rescued trace must open, follow the true one up to the damage, and be readable at every cursor.
  std::uint64_t rescue(const std::string& name, std::uint64_t true_steps) {
    const std::string path = folder_.file(name + ".fscope");
    std::filesystem::copy_file(folder_.file("begun.fscope"), path);
    const auto rescued = rescue_trace(path, *ring_, "killed");
    EXPECT_TRUE(rescued.ok()) << name << ": " << rescued.error().message;
    auto session = TraceSession::open(path);
    if (!session) {
      ADD_FAILURE() << name << ": " << session.error().message;
      return 0;
    }
    Trace& trace = (*session)->trace();
    EXPECT_TRUE(trace.stop().has_value());
    EXPECT_GE(trace.steps().value, true_steps) << name;
    EXPECT_TRUE(trace.state_at(StepIndex{true_steps}) == whole_->state_at(StepIndex{true_steps})) << name;
    for (std::uint64_t step = 0; step <= trace.steps().value; step += 97) trace.state_at(StepIndex{step});
    const bool all = trace.steps().value >= (kSafe + kLost) * kStepsPerBuffer;
    EXPECT_TRUE(all || trace.stop()->message.find("makes no sense") != std::string::npos) << trace.stop()->message;
    std::filesystem::remove(path);
    return trace.steps().value;
  }

  emu::Image image_ = scenario_image("switch_to_context.elf");
  std::unique_ptr<Trace> whole_ = record(image_);
  std::unique_ptr<StepRing> ring_ = std::make_unique<StepRing>();
  TestFolder folder_;
};

TEST_F(RescueOfDamage, RandomWordsAreNoRecords) {
  std::mt19937_64 random(5);
  constexpr std::uint64_t kBefore = (kSafe + 1) * kStepsPerBuffer;
  for (int round = 0; round < 60; ++round) {
    emu::StepBuffer& buffer = lost(1);
    buffer.commit(round % 5 == 0 ? random() >> 1 : 1 + random() % 4000, buffer.rip_after());
    for (std::uint64_t& word : buffer.words) {
      word = random();
      // Mostly something that looks like the head of a record, with lengths of all magnitudes.
      if (random() % 2 == 0)
        word =
            (1 + random() % 3) | (random() % 16) << 8 | (random() % 4) << 16 | (random() >> (32 + random() % 32)) << 32;
      if (random() % 4 == 0) word = 0x400000 + random() % 0x40000;
    }
    rescue("random-" + std::to_string(round), kBefore);
  }
}

TEST_F(RescueOfDamage, FlippedRecordsAreToldOrAtLeastHarmless) {
  std::mt19937_64 random(6);
  const auto good = std::make_unique<emu::StepBuffer>();
  std::memcpy(good->words, lost(1).words, sizeof good->words);
  constexpr std::uint64_t kBefore = (kSafe + 1) * kStepsPerBuffer;
  for (int round = 0; round < 120; ++round) {
    emu::StepBuffer& buffer = lost(1);
    std::memcpy(buffer.words, good->words, sizeof good->words);
    for (int i = 0; i < 1 + round % 7; ++i)
      buffer.words[random() % buffer.used()] ^= std::uint64_t{1} << (random() % 64);
    rescue("flipped-" + std::to_string(round), kBefore);
  }
}

TEST_F(RescueOfDamage, CountersAreNotBelieved) {
  constexpr std::uint64_t kBefore = (kSafe + 1) * kStepsPerBuffer;
  lost(1).first_step = 7;
  EXPECT_EQ(rescue("first-step", kBefore), kBefore);
  lost(1).first_step = kBefore;
  lost(1).commit(lost(1).used(), 1);
  EXPECT_EQ(rescue("rip-after", kBefore), (kSafe + kLost) * kStepsPerBuffer) << "the next record tells it again";
  lost(1).commit(lost(1).used() - 1, lost(1).rip_after());
  EXPECT_EQ(rescue("cut", kBefore), kBefore);
}

TEST_F(RescueOfDamage, RecordsThatReachBeyondWhatIsThereAreRefused) {
  constexpr std::uint64_t kBefore = (kSafe + 1) * kStepsPerBuffer;
  constexpr std::uint64_t kEvent = static_cast<std::uint64_t>(emu::RecordTag::event) | 1 << 8;
  constexpr std::uint64_t kStep = static_cast<std::uint64_t>(emu::RecordTag::step) | 1 << 8;
  constexpr std::uint64_t kOutput = static_cast<std::uint64_t>(emu::RecordTag::output);
  constexpr std::uint64_t kFar = std::uint64_t{1} << 40;
  constexpr std::uint64_t kBlock = emu::kBlockWrite << 56;
  const std::uint64_t rip = whole_->state_at(StepIndex{kBefore}).registers[emu::Register::rip];
  const std::vector<std::vector<std::uint64_t>> logs = {
      {kStep},  // nothing but a head
      {kEvent, 0},
      {kStep | std::uint64_t{0xffffffff} << 32, rip},  // writes beyond the end
      {kOutput | std::uint64_t{0xffffffff} << 32},
      {kEvent | std::uint64_t{0xffff} << 16, 0, rip},                         // registers beyond the end
      {kEvent | 1 << 16, 0, rip, kFar, 1},                                    // a register that does not exist
      {kEvent | std::uint64_t{2} << 32, 0, rip, kBlock, kFar},                // a block of a terabyte
      {kEvent | std::uint64_t{2} << 32, 0, rip, 9ULL << 56, 0},               // a write of 9 bytes
      {kEvent | std::uint64_t{1} << 32, 0, rip, 8ULL << 56},                  // a write without its value
      {static_cast<std::uint64_t>(emu::RecordTag::event) | 31 << 8, 0, rip},  // an event that does not exist
      {static_cast<std::uint64_t>(emu::RecordTag::step) | 16 << 8, 0x1234},
      {0xee}};
  for (std::size_t i = 0; i < logs.size(); ++i) {
    std::copy(logs[i].begin(), logs[i].end(), lost(1).words);
    lost(1).commit(logs[i].size(), lost(1).rip_after());
    EXPECT_EQ(rescue("record-" + std::to_string(i), kBefore), kBefore);
  }
}

TEST_F(RescueOfDamage, MoreStepsThanAChunkHoldsAreRefused) {
  emu::StepBuffer& buffer = lost(1);
  constexpr std::uint64_t kBefore = (kSafe + 1) * kStepsPerBuffer;
  const std::uint64_t used = buffer.used();
  const std::uint64_t copies = kChunkSteps / kStepsPerBuffer + 1;
  ASSERT_LT(used * copies, emu::StepBuffer::kWords);
  for (std::uint64_t i = 1; i < copies; ++i)
    std::memcpy(buffer.words + i * used, buffer.words, used * sizeof(std::uint64_t));
  buffer.commit(used * copies, buffer.rip_after());
  EXPECT_EQ(rescue("steps", kBefore), kBefore);
}

TEST_F(RescueOfDamage, ATraceThatHasEndedKeepsItsEnding) {
  const std::string path = folder_.file("ended.fscope");
  record_file(image_, path);
  ASSERT_TRUE(rescue_trace(path, *ring_, "killed").ok());
  auto session = TraceSession::open(path);
  ASSERT_TRUE(session.ok()) << session.error().message;
  EXPECT_EQ((*session)->trace().stop()->reason, emu::Stop::Reason::exited);
  EXPECT_EQ((*session)->trace().steps(), whole_->steps());
}

}  // namespace
}  // namespace fiberscope::core
