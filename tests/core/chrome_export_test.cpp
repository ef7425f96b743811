#include "core/export/chrome_export.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/export/trace_export.h"
#include "tests/core/event_run.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

using nlohmann::json;

json exported(Trace& trace) {
  std::stringstream text;
  const auto done = export_trace(trace, ExportFormat::chrome, text);
  EXPECT_TRUE(done.ok());
  return json::parse(text.str());
}

std::vector<json> of_phase(const json& file, const std::string& phase) {
  std::vector<json> found;
  for (const json& event : file.at("traceEvents"))
    if (event.at("ph") == phase) found.push_back(event);
  return found;
}

/// What any viewer relies on.
void expect_well_formed(const json& file) {
  std::uint64_t now = 0;
  std::map<std::uint64_t, std::uint64_t> free_from;
  for (const json& event : file.at("traceEvents")) {
    ASSERT_TRUE(event.contains("name") && event.contains("pid") && event.contains("tid")) << event;
    if (event.at("ph") == "M") continue;
    const auto time = event.at("ts").get<std::uint64_t>();
    ASSERT_GE(time, now) << "time goes back at " << event;
    now = time;
    if (event.at("ph") == "X") {
      const auto tid = event.at("tid").get<std::uint64_t>();
      ASSERT_GE(time, free_from[tid]) << "slices overlap at " << event;
      ASSERT_GT(event.at("dur").get<std::uint64_t>(), 0U);
      free_from[tid] = time + event.at("dur").get<std::uint64_t>();
    }
  }
}

TEST(ChromeExport, HasATrackAThreadAndASliceATimeOnTheCpu) {
  const auto trace = record(scenario_image("switch_to_context.elf"));
  const json file = exported(*trace);
  ASSERT_NO_FATAL_FAILURE(expect_well_formed(file));
  std::map<std::uint64_t, std::string> tracks;
  for (const json& event : of_phase(file, "M"))
    if (event.at("name") == "thread_name") tracks[event.at("tid")] = event.at("args").at("name");
  EXPECT_EQ(tracks, (std::map<std::uint64_t, std::string>{{1, "main"}, {2, "producer"}, {3, "consumer"}}));
  std::uint64_t now = 0;
  for (const json& slice : of_phase(file, "X")) {
    EXPECT_EQ(slice.at("ts"), now) << "one CPU: each slice begins where the last one ended";
    for (std::uint64_t step = now + 1; step <= now + slice.at("dur").get<std::uint64_t>(); ++step)
      ASSERT_EQ(slice.at("tid"), trace->thread_of_step(StepIndex{step})->value + 1) << "step " << step;
    now += slice.at("dur").get<std::uint64_t>();
    EXPECT_EQ(slice.at("args").at("steps"), slice.at("dur"));
  }
  EXPECT_EQ(now, trace->steps().value);
  const auto slices = of_phase(file, "X");
  EXPECT_EQ(slices.front().at("args").at("came_by"), json());
  EXPECT_EQ(slices.front().at("args").at("left_by"), "start");
  EXPECT_EQ(slices.back().at("args").at("left_by"), json());
}

TEST(ChromeExport, AnArrowASwitchFromSliceToSlice) {
  const auto trace = record(scenario_image("switch_to_context.elf"));
  const json file = exported(*trace);
  const std::vector<json> slices = of_phase(file, "X");
  const std::vector<json> starts = of_phase(file, "s");
  const std::vector<json> ends = of_phase(file, "f");
  ASSERT_EQ(starts.size(), trace->switches().size());
  ASSERT_EQ(ends.size(), starts.size());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const Switch& entry = trace->switches()[i];
    EXPECT_EQ(starts[i].at("id"), ends[i].at("id"));
    EXPECT_EQ(starts[i].at("name"), ends[i].at("name"));
    EXPECT_EQ(starts[i].at("cat"), ends[i].at("cat"));
    EXPECT_EQ(ends[i].at("bp"), "e");
    EXPECT_EQ(starts[i].at("name"), to_string(entry.reason));
    EXPECT_EQ(ends[i].at("ts"), entry.step.value);
    const auto encloses = [](const json& slice, const json& point) {
      const auto time = point.at("ts").get<std::uint64_t>();
      const auto from = slice.at("ts").get<std::uint64_t>();
      return slice.at("tid") == point.at("tid") && from <= time && time < from + slice.at("dur").get<std::uint64_t>();
    };
    EXPECT_TRUE(encloses(slices[i], starts[i])) << starts[i];
    EXPECT_TRUE(encloses(slices[i + 1], ends[i])) << ends[i];
  }
}

TEST(ChromeExport, EventsAreInstantsOnTheTrackTheyInterrupt) {
  EventRun run = record_events();
  const json file = exported(*run.trace);
  ASSERT_NO_FATAL_FAILURE(expect_well_formed(file));
  std::vector<json> events;
  for (const json& event : of_phase(file, "i"))
    if (event.at("cat") == "event") events.push_back(event);
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(events[1].at("name"), "interrupt 32");
  EXPECT_EQ(events[1].at("ts"), 1);
  EXPECT_EQ(events[1].at("tid"), 1);
  EXPECT_EQ(events[1].at("s"), "t");
  EXPECT_EQ(of_phase(file, "s").size(), 2U);
  EXPECT_EQ(of_phase(file, "i").back().at("name"), "#UD invalid opcode");
}

}  // namespace
}  // namespace fiberscope::core
