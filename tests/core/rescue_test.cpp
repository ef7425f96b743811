// What a dead recorder left: chunks in the file, raw words in the ring. Together they are the whole run.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "core/trace_session.h"
#include "core/worker.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

/// Fills one ring buffer after the other, as a recorder would, but keeps still when told.
class RingSink final : public emu::StepSink {
 public:
  explicit RingSink(StepRing& ring) : ring_(ring) {}
  emu::StepBuffer* acquire(std::uint64_t first_step) override {
    emu::StepBuffer& buffer = ring_.buffers[sequence_ % StepRing::kBuffers];
    buffer.used = 0;
    buffer.steps = 0;
    buffer.first_step = first_step;
    buffer.sequence = ++sequence_;
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
  const std::string path = (std::filesystem::temp_directory_path() / ("fiberscope-rescue-" + std::to_string(getpid()) + ".fscope")).string();
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
      if (i <= safe) (*file)->append(encoder.encode({buffer.words, buffer.used.load()}, StepIndex{buffer.first_step.load()}, buffer.rip_after.load()));
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

}  // namespace
}  // namespace fiberscope::core
