#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/builtin_files.h"
#include "core/scenario.h"
#include "emu/bare_machine.h"
#include "emu/image.h"
#include "tests/guests/native_run.h"

namespace fiberscope::tests {
namespace {

/// The market of asm/programs/switch_to_context.c told a second time, without stacks: each thread is what it does
/// between two calls of the scheduler.
class Market {
 public:
  explicit Market(std::vector<std::uint32_t> picks) : picks_(picks.begin(), picks.end()) {}

  /// The line of '+' and '-' that the program prints.
  std::string run() {
    ready_ = {kProducer, kConsumer, kMain};  // main starts the producer, and joins the end of the queue
    while (!main_done_) {
      const int thread = next();
      if (thread == kMain) wait_for_both();
      if (thread == kProducer) produce();
      if (thread == kConsumer) consume();
    }
    return journal_;
  }

 private:
  static constexpr int kMain = 0, kProducer = 1, kConsumer = 2;
  static constexpr int kItems = 8, kSlots = 3;

  int next() {
    auto chosen = ready_.begin();
    if (!picks_.empty()) {
      const auto named = std::find(ready_.begin(), ready_.end(), static_cast<int>(picks_.front()));
      if (named != ready_.end()) chosen = named;
      picks_.pop_front();
    }
    const int thread = *chosen;
    ready_.erase(chosen);
    return thread;
  }

  void wait_for_both() {
    for (const int thread : {kProducer, kConsumer}) {
      if (finished_.at(static_cast<std::size_t>(thread))) continue;
      main_waits_for_ = thread;
      return;
    }
    main_done_ = true;
  }

  void produce() {
    while (made_ < kItems) {
      if (made_ - taken_ == kSlots) return ready_.push_back(kProducer);
      made_ += 1;
      journal_ += '+';
    }
    finish(kProducer);
  }

  void consume() {
    if (taken_ == kItems) return finish(kConsumer);
    if (made_ > taken_) {
      taken_ += 1;
      journal_ += '-';
    }
    ready_.push_back(kConsumer);
  }

  void finish(int thread) {
    finished_.at(static_cast<std::size_t>(thread)) = true;
    if (main_waits_for_ == thread) ready_.push_back(kMain);
  }

  std::deque<std::uint32_t> picks_;
  std::deque<int> ready_;
  std::array<bool, 3> finished_{};
  int main_waits_for_ = -1;
  bool main_done_ = false;
  int made_ = 0;
  int taken_ = 0;
  std::string journal_;
};

std::string output_with(const std::string& journal) {
  return "3 slots, 8 items\n" + journal + "\nsum 36\n";
}

TEST(SwitchToContextNative, DoesWhatTheScenarioPromises) {
  const auto scenario = core::find_scenario("switch-to-context");
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  const NativeRun run = run_native("switch_to_context");
  EXPECT_EQ(run.exit_code, scenario->expected.exit_code);
  EXPECT_EQ(run.output, scenario->expected.output);
  EXPECT_EQ(run.report, (std::vector<std::uint64_t>{8, 36}));
}

TEST(SwitchToContextNative, AgreesWithTheModel) {
  EXPECT_EQ(run_native("switch_to_context").output, output_with(Market({}).run()));
}

TEST(SwitchToContextNative, AgreesWithTheModelUnderAnySchedule) {
  const bool agreed = rc::check("any answers of the scheduler port", [] {
    const auto picks = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, 4));
    const NativeRun run = run_native("switch_to_context", picks);
    RC_ASSERT(run.exit_code == 0);
    RC_ASSERT(run.output == output_with(Market(picks).run()));
    RC_ASSERT(run.report == (std::vector<std::uint64_t>{8, 36}));
  });
  EXPECT_TRUE(agreed);
}

/// The image on the machine, with the same answers of the scheduler port.
NativeRun run_emulated(const std::vector<std::uint32_t>& picks) {
  const auto file = core::builtin_file("images/switch_to_context.elf");
  if (!file) return {};
  const auto image = emu::Image::parse({file->begin(), file->end()}, "switch_to_context.elf");
  if (!image) return {-1, image.error().message, {}};
  const auto machine = emu::Machine::boot(*image);
  if (!machine) return {-1, machine.error().message, {}};
  std::deque<std::uint32_t> answers(picks.begin(), picks.end());
  (*machine)->set_picker([&] {
    if (answers.empty()) return emu::port::kNoOpinion;
    const std::uint32_t answer = answers.front();
    answers.pop_front();
    return answer;
  });
  const emu::Stop stop = (*machine)->run(100'000);
  NativeRun run{stop.reason == emu::Stop::Reason::exited ? stop.code : -1, (*machine)->console(), {}};
  const auto report = image->symbol("report");
  for (std::uint64_t offset = 0; report && offset < report->size; offset += 8)
    run.report.push_back((*machine)->memory().read(report->address + offset, 8).value_or(~0ull));
  return run;
}

TEST(SwitchToContextEmulated, AgreesWithTheProcessUnderAnySchedule) {
  const bool agreed = rc::check("native and emulated", [] {
    const auto picks = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, 4));
    const NativeRun native = run_native("switch_to_context", picks);
    const NativeRun emulated = run_emulated(picks);
    RC_ASSERT(emulated.output == native.output);
    RC_ASSERT(emulated.exit_code == native.exit_code);
    RC_ASSERT(emulated.report == native.report);
  });
  EXPECT_TRUE(agreed);
}

}  // namespace
}  // namespace fiberscope::tests
