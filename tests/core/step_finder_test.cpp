// Looking for steps by text: everything that can be found is found where it first shows, in portions of any size, and a
// long trace is searched without looking at its states.
#include "core/step_finder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/core/event_run.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

const std::function<bool()> kForEver = [] { return true; };
const std::function<bool()> kOnePortion = [] { return false; };

class StepFinderTest : public ::testing::Test {
 protected:
  /// The program's own, under the name that its line table gives it.
  static std::map<std::string, std::string> sources(const emu::Image& image) {
    const std::string name = "asm/programs/switch_to_context.c";
    const emu::DebugInfo debug(image);
    const auto line = debug.line_at(image.symbol("producer")->address);
    if (!line || !line->file.ends_with(name)) throw std::runtime_error("no source of producer");
    return {{line->file, std::string(*builtin_text(name))}};
  }

  emu::Image image_ = scenario_image("switch_to_context.elf");
  std::unique_ptr<Trace> trace_ = record(image_, 1'000'000, sources(image_));
  Scenario scenario_ = std::move(find_scenario("switch-to-context")).value();
  SnapshotBuilder builder_{*trace_, &scenario_};
  StepFinder finder_{*trace_, builder_, &scenario_};

  std::optional<StepIndex> find(std::string_view text, std::uint64_t first = 1) {
    return finder_.search(text, StepIndex{first}, trace_->steps(), kForEver).found;
  }
  [[nodiscard]] std::uint64_t rip(StepIndex step) { return trace_->effects_of(step).rip_before; }
};

TEST_F(StepFinderTest, AFunctionIsFoundWhereItIsEntered) {
  // Without the scenario, whose captions name callers.
  StepFinder plain(*trace_, builder_, nullptr);
  const auto find = [&](std::string_view text, std::uint64_t first = 1) {
    return plain.search(text, StepIndex{first}, trace_->steps(), kForEver).found;
  };
  const auto call = find("schedule");
  ASSERT_TRUE(call);
  EXPECT_EQ(builder_.build(*call).instruction->intel.substr(0, 4), "call");
  const auto entry = find("schedule", call->value + 1);
  ASSERT_TRUE(entry);
  EXPECT_EQ(*entry, *call + 1);
  EXPECT_EQ(rip(*entry), image_.symbol("schedule")->address.value);
  // Nothing within the function shows its name again, not even coming back into it.
  const auto next = find("schedule", entry->value + 1);
  ASSERT_TRUE(next);
  EXPECT_EQ(builder_.build(*next).instruction->intel.substr(0, 4), "call");
}

TEST_F(StepFinderTest, ALabelWithinAFunctionIsFound) {
  EXPECT_EQ(find("switch_point"), trace_->switches().front().step);
}

TEST_F(StepFinderTest, InstructionsAreFoundInBothSyntaxesByPlaceAndByAddress) {
  const StepIndex step = trace_->switches().front().step;
  const std::uint64_t address = image_.symbol("switch_point")->address.value;
  for (const std::string& text :
       {std::string("mov rsp, rsi"), std::string("movq %rsi, %rsp"), std::string("MOVQ %RSI, %rsp"),
        fmt::format("0x{:x}", address), fmt::format("{:x}", address)})
    EXPECT_EQ(find(text), step) << text;
  const Snapshot inside = builder_.build(step + 1);
  ASSERT_NE(inside.instruction->symbol.find('+'), std::string::npos);
  EXPECT_EQ(find(inside.instruction->symbol), step + 1);
}

TEST_F(StepFinderTest, ASourceLineIsFoundWhereItBegins) {
  // asm/programs/switch_to_context.c
  const auto line_of = [&](StepIndex step) { return builder_.build(step).instruction; };
  const auto entry = find("void* PRODUCER(void*");
  ASSERT_TRUE(entry);
  const auto view = line_of(*entry);
  const std::string place = view->file.substr(view->file.rfind('/') + 1) + ":" + std::to_string(view->line);
  EXPECT_EQ(find(place), entry);
  // Its further instructions are no new find.
  const auto again = find(place, entry->value + 1);
  if (again) {
    EXPECT_NE(line_of(*again - 1)->line, view->line);
  }
  EXPECT_EQ(line_of(*entry + 1)->line, view->line);
}

TEST_F(StepFinderTest, CaptionsAreFoundWithTheirValues) {
  const StepIndex step = trace_->switches()[3].step;
  const std::string sentence = builder_.build(step).caption.sentence;
  EXPECT_EQ(find(sentence), step) << sentence;
  // The words alone are known without the values: at the first switch.
  EXPECT_EQ(find("rsp moved to"), trace_->switches().front().step);
  EXPECT_EQ(find("there is no such thing in it"), std::nullopt);
}

TEST_F(StepFinderTest, PortionsFindTheSame) {
  int most = 0;
  for (const std::string text : {"schedule", "pop r15", "producer's made", "nothing of it", "consumer"}) {
    const StepSearch whole = finder_.search(text, StepIndex{700}, trace_->steps(), kForEver);
    StepSearch part{std::nullopt, StepIndex{700}};
    int portions = 0;
    while (!part.found && part.next <= trace_->steps()) {
      const StepIndex from = part.next;
      part = finder_.search(text, from, trace_->steps(), kOnePortion);
      ASSERT_GT(part.next, from) << "a search that does not go on";
      ASSERT_LT(++portions, 5000);
    }
    EXPECT_EQ(part.found, whole.found) << text;
    most = std::max(most, portions);
  }
  EXPECT_GT(most, 100) << "a snapshot is a portion";
}

TEST_F(StepFinderTest, StopsAtTheLastStepAsked) {
  const StepIndex step = trace_->switches().front().step;
  const StepSearch before = finder_.search("switch_point", StepIndex{1}, step - 1, kForEver);
  EXPECT_FALSE(before.found);
  EXPECT_EQ(before.next, step);
  EXPECT_EQ(finder_.search("switch_point", StepIndex{1}, step, kForEver).found, step);
  EXPECT_FALSE(finder_.search("switch_point", trace_->steps() + 1, trace_->steps() + 9, kForEver).found);
}

TEST(StepFinder, ALongTraceIsSearchedWithoutItsStates) {
  auto image = emu::Image::load(std::string(FIBERSCOPE_GUEST_IMAGES) + "/sorting.elf");
  ASSERT_TRUE(image) << image.error().message;
  const auto trace = record(*image, 300'000);
  SnapshotBuilder builder(*trace, nullptr);
  StepFinder finder(*trace, builder, nullptr);
  // The state is held where it is: had the search moved it, this reference would show another one.
  const std::uint64_t rip = trace->state_at(StepIndex{150'000}).registers[emu::Register::rip];
  const MachineState& held = trace->state_at(StepIndex{150'000});
  std::size_t portions = 0;
  const auto search = finder.search("no such thing", StepIndex{1}, trace->steps(), [&] { return ++portions > 0; });
  EXPECT_FALSE(search.found);
  EXPECT_EQ(held.registers[emu::Register::rip], rip);
  EXPECT_LE(portions, trace->steps().value / kChunkSteps + trace->templates().size() + 2);
  EXPECT_GE(portions, trace->steps().value / kChunkSteps);
}

TEST(InstructionsOf, AgreeWithPlayingTheChunks) {
  const EventRun run = record_events();
  const auto image = scenario_image("switch_to_context.elf");
  const auto scenario = record(image);
  for (Trace* trace : {run.trace.get(), scenario.get()}) {
    for (StepIndex step{1}; step <= trace->steps(); step = step + 1) {
      const Chunk& chunk = trace->chunk_of(step);
      ASSERT_LT(chunk.first, step);
      ASSERT_LE(step, chunk.last());
      const auto instructions = instructions_of(chunk, trace->templates().size());
      ASSERT_EQ(instructions.size(), chunk.steps);
      ASSERT_EQ(instructions[step.value - chunk.first.value - 1], trace->effects_of(step).instruction) << step.value;
    }
  }
}

}  // namespace
}  // namespace fiberscope::core
