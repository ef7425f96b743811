#include "core/export/text_export.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "core/export/trace_export.h"
#include "core/story.h"
#include "tests/core/event_run.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::stringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> exported(Trace& trace) {
  std::stringstream text;
  const auto done = export_trace(trace, ExportFormat::text, text);
  EXPECT_TRUE(done.ok());
  return lines_of(text.str());
}

TEST(TextExport, ALineAStepAndSwitchesThatStandOut) {
  const auto trace = record(scenario_image("switch_to_context.elf"));
  const std::vector<std::string> lines = exported(*trace);
  std::uint64_t steps = 0;
  std::size_t switches = 0;
  for (const std::string& line : lines) {
    EXPECT_FALSE(line.ends_with(' ')) << line;
    if (line.starts_with("======= ")) {
      const Switch& entry = trace->switches().at(switches++);
      EXPECT_NE(line.find(fmt::format("switch {} at step {}: ", switches, steps)), std::string::npos) << line;
      EXPECT_EQ(entry.step.value, steps);
      const std::uint64_t left = trace->state_at(entry.step - 1).registers[emu::Register::rsp];
      EXPECT_NE(line.find(fmt::format("left at rsp 0x{:016x}", left)), std::string::npos) << line;
    } else if (line.find("  0x") != std::string::npos && line.find("thread ") != 0) {
      EXPECT_EQ(std::stoull(line), ++steps) << line;
    }
  }
  EXPECT_EQ(steps, trace->steps().value);
  EXPECT_EQ(switches, trace->switches().size());
  const auto has = [&](const std::string& part) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return line.find(part) != std::string::npos; });
  };
  EXPECT_TRUE(has("printed: +++-+-+-+-+-+---"));
  EXPECT_TRUE(has("main -> producer (start) in switch_to_context"));
  EXPECT_TRUE(has("mov rsp, rsi"));
  EXPECT_EQ(lines.back(), "the run ends: exit code 0");
}

TEST(TextExport, EventsHaveTheirOwnLineAndChanges) {
  EventRun run = record_events();
  const std::vector<std::string> lines = exported(*run.trace);
  std::vector<std::string> events;
  for (const std::string& line : lines)
    if (line.find(" ** ") != std::string::npos) events.push_back(line);
  ASSERT_EQ(events.size(), 5U);
  EXPECT_NE(events[1].find("interrupt 32 delivered at"), std::string::npos) << events[1];
  EXPECT_NE(events[1].find("rsp 0x"), std::string::npos) << events[1];
}

TEST(Story, TellsEachSwitchWithBothStackPointers) {
  const auto trace = record(scenario_image("switch_to_context.elf"));
  const std::string story = tell_story(*trace);
  std::size_t at = 0;
  for (std::size_t i = 0; i < trace->switches().size(); ++i) {
    const Switch& entry = trace->switches()[i];
    at = story.find(fmt::format("\nswitch {} at step {}: ", i + 1, entry.step.value), at);
    ASSERT_NE(at, std::string::npos) << "switch " << i + 1;
    const std::string part = story.substr(at, story.find("\n\n", at) - at);
    EXPECT_NE(
        part.find(fmt::format("left at rsp 0x{:016x}", trace->state_at(entry.step - 1).registers[emu::Register::rsp])),
        std::string::npos)
        << part;
    EXPECT_NE(
        part.find(fmt::format("goes on at rsp 0x{:016x}", trace->state_at(entry.step).registers[emu::Register::rsp])),
        std::string::npos)
        << part;
    EXPECT_EQ(part.find("not on its own stack"), std::string::npos) << part;
    EXPECT_EQ(part.find("in 0x"), std::string::npos) << part;
  }
  EXPECT_NE(story.find("in _start > main > run_market > thread_start > schedule > switch_to_context"),
            std::string::npos);
  EXPECT_NE(story.find("printed from step 21 on: 3 slots, 8 items"), std::string::npos);
  EXPECT_NE(story.find(": the run ends: exit code 0"), std::string::npos);
}

TEST(Story, TellsSwitchesThatEventsMake) {
  EventRun run = record_events();
  const std::string story = tell_story(*run.trace);
  EXPECT_NE(story.find("switch 1 at step 1: main -> say \"hi\", =1 (timer: the timer interrupted it)"),
            std::string::npos)
      << story;
  EXPECT_EQ(story.find("not on its own stack"), std::string::npos) << story;
  const std::uint64_t pushed = run.trace->threads()[1].thread.stack.high.value - 24;
  EXPECT_NE(story.find(fmt::format("=1 left at rsp 0x{:016x}", pushed)), std::string::npos)
      << "the push of step 2 came first: " << story;
  EXPECT_NE(story.find("the run ends: #UD invalid opcode"), std::string::npos);
}

}  // namespace
}  // namespace fiberscope::core
