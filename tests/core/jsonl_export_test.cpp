#include "core/export/jsonl_export.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/export/trace_export.h"
#include "tests/core/event_run.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

using nlohmann::json;

std::vector<json> exported(Trace& trace) {
  std::stringstream text;
  const auto done = export_trace(trace, ExportFormat::jsonl, text);
  if (!done) throw std::runtime_error(done.error().message);
  std::vector<json> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
  return lines;
}

std::uint64_t word(const json& value) {
  const std::string text = value.get<std::string>();
  EXPECT_EQ(text.size(), 18U) << text;
  return std::stoull(text, nullptr, 16);
}

std::vector<std::string> kinds(const std::vector<json>& lines) {
  std::vector<std::string> kinds;
  for (const json& line : lines) kinds.push_back(line.at("kind"));
  return kinds;
}

/// A machine rebuilt from the lines alone, as an assignment in another language would do it.
class Rebuilt {
 public:
  explicit Rebuilt(const json& start) {
    for (const auto& [name, value] : start.at("registers").items()) registers_[name] = word(value);
    for (const json& region : start.at("memory")) {
      std::vector<std::uint8_t>& bytes = memory_[word(region.at("address"))];
      const std::string hex = region.at("bytes");
      for (std::size_t i = 0; i < hex.size(); i += 2)
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
      bytes.resize(region.at("size").get<std::size_t>());
    }
  }

  void apply(const json& line) {
    if (!line.contains("registers") || line.at("kind") == "end") return;
    for (const auto& [name, value] : line.at("registers").items()) registers_.at(name) = word(value);
    for (const json& write : line.at("memory")) {
      const auto size = write.at("size").get<std::size_t>();
      const std::uint64_t address = word(write.at("address"));
      auto region = std::prev(memory_.upper_bound(address));
      std::uint8_t* const bytes = region->second.data() + (address - region->first);
      ASSERT_LE(address - region->first + size, region->second.size());
      std::uint64_t old = 0;
      std::memcpy(&old, bytes, size);
      ASSERT_EQ(old, word(write.at("old"))) << line;
      const std::uint64_t value = word(write.at("new"));
      std::memcpy(bytes, &value, size);
    }
  }

  void expect_equal(const emu::RegisterFile& registers, const emu::Memory& memory) const {
    ASSERT_EQ(registers_.size(), emu::kRegisterSlots);
    for (const auto& [name, value] : registers_)
      ASSERT_EQ(value, registers[emu::register_by_name(name).value()]) << name;
    ASSERT_EQ(memory_.size(), memory.regions().size());
    for (const auto& [address, bytes] : memory_) {
      const auto actual = memory.bytes_at(emu::Address{address});
      ASSERT_EQ(actual.size(), bytes.size());
      ASSERT_EQ(std::memcmp(actual.data(), bytes.data(), bytes.size()), 0) << "region at " << std::hex << address;
    }
  }

 private:
  std::map<std::string, std::uint64_t> registers_;
  std::map<std::uint64_t, std::vector<std::uint8_t>> memory_;
};

TEST(JsonlExport, RebuildsTheMachineAtEveryCursor) {
  const emu::Image image = scenario_image("switch_to_context.elf");
  const auto trace = record(image);
  const std::vector<json> lines = exported(*trace);
  auto oracle = std::move(emu::Machine::boot(image)).value();
  ASSERT_EQ(lines.front().at("schema"), "fiberscope.jsonl/1");
  Rebuilt rebuilt(lines.front());
  rebuilt.expect_equal(oracle->registers(), oracle->memory());
  std::uint64_t steps = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    ASSERT_NO_FATAL_FAILURE(rebuilt.apply(lines[i])) << "line " << i + 1;
    if (lines[i].at("kind") == "step") {
      ASSERT_EQ(lines[i].at("step"), ++steps);
    }
    // What follows is the next step, so this line is the last of its cursor. The oracle is a run of the machine itself.
    const bool ends_cursor = i + 1 == lines.size() || lines[i + 1].at("kind") == "step";
    if (!ends_cursor) continue;
    oracle->run(steps);
    ASSERT_NO_FATAL_FAILURE(rebuilt.expect_equal(oracle->registers(), oracle->memory())) << "cursor " << steps;
  }
  EXPECT_EQ(steps, trace->steps().value);
  const MachineState& last = trace->state_at(trace->steps());
  rebuilt.expect_equal(last.registers, last.memory);
}

TEST(JsonlExport, TellsOfEachStepWhatItIs) {
  const auto trace = record(scenario_image("switch_to_context.elf"));
  const std::vector<json> lines = exported(*trace);
  std::uint64_t steps = 0;
  for (const json& line : lines) {
    if (line.at("kind") != "step") continue;
    ++steps;
    const auto thread = trace->thread_of_step(StepIndex{steps});
    ASSERT_EQ(line.at("thread"), thread ? json(thread->value) : json());
    const MachineState& before = trace->state_at(StepIndex{steps - 1});
    ASSERT_EQ(word(line.at("address")), before.registers[emu::Register::rip]);
    std::string hex;
    const std::string bytes = line.at("bytes");
    for (const std::uint8_t byte : before.memory.copy(emu::Address{word(line.at("address"))}, bytes.size() / 2))
      hex += fmt::format("{:02x}", byte);
    ASSERT_EQ(bytes, hex);
    ASSERT_EQ(line.at("cpu"), 0);
    ASSERT_FALSE(line.at("text").get<std::string>().empty());
    for (const auto& [name, value] : line.at("registers").items()) {
      if (name == "rip") continue;
      ASSERT_NE(word(value), before.registers[emu::register_by_name(name).value()]) << "unchanged " << name;
    }
  }
  EXPECT_EQ(steps, trace->steps().value);
}

TEST(JsonlExport, SwitchesStandBehindTheStepThatMadeThem) {
  const auto trace = record(scenario_image("switch_to_context.elf"));
  const std::vector<json> lines = exported(*trace);
  std::size_t found = 0;
  std::string output;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].at("kind") == "output") output += lines[i].at("text");
    if (lines[i].at("kind") != "switch") continue;
    const Switch& expected = trace->switches().at(found++);
    EXPECT_EQ(lines[i].at("step"), expected.step.value);
    EXPECT_EQ(lines[i].at("from"), expected.from->value);
    EXPECT_EQ(lines[i].at("to"), expected.to->value);
    EXPECT_EQ(lines[i].at("reason"), to_string(expected.reason));
    EXPECT_EQ(lines[i].at("at"), "switch_to_context");
    EXPECT_EQ(lines[i - 1].at("step"), expected.step.value);
    EXPECT_EQ(lines[i - 1].at("address"), lines[i].at("address"));
    EXPECT_EQ(lines[i].at("to_rsp"), lines[i - 1].at("registers").at("rsp"));
    EXPECT_EQ(word(lines[i].at("from_rsp")), trace->state_at(expected.step - 1).registers[emu::Register::rsp]);
    EXPECT_EQ(lines[i + 1].at("step"), expected.step.value + 1);
  }
  EXPECT_EQ(found, trace->switches().size());
  EXPECT_GE(found, 12U);
  EXPECT_EQ(output, "3 slots, 8 items\n+++-+-+-+-+-+---\nsum 36\n");
}

TEST(JsonlExport, BeginsWithTheThreadsAndEndsWithTheEnd) {
  const auto trace = record(scenario_image("switch_to_context.elf"));
  const std::vector<json> lines = exported(*trace);
  const json& threads = lines.front().at("threads");
  ASSERT_EQ(threads.size(), 3U);
  EXPECT_EQ(threads[1].at("name"), "producer");
  EXPECT_EQ(word(threads[1].at("stack").at("high")), trace->threads()[1].thread.stack.high.value);
  const json& end = lines.back();
  EXPECT_EQ(end.at("kind"), "end");
  EXPECT_EQ(end.at("steps"), trace->steps().value);
  EXPECT_EQ(end.at("exit").at("reason"), "exit");
  EXPECT_EQ(end.at("exit").at("code"), 0);
  const emu::RegisterFile& last = trace->state_at(trace->steps()).registers;
  for (const auto& [name, value] : end.at("registers").items())
    EXPECT_EQ(word(value), last[emu::register_by_name(name).value()]);
}

TEST(JsonlExport, EventsCarryTheirOwnChanges) {
  EventRun run = record_events();
  const std::vector<json> lines = exported(*run.trace);
  const std::vector<std::string> expected = {"start",  "event", "step",   "output", "event",  "switch", "event", "step",
                                             "output", "event", "switch", "step",   "output", "event",  "end"};
  ASSERT_EQ(kinds(lines), expected);
  EXPECT_TRUE(lines[1].at("registers").empty()) << "an event before the first step is part of the start";
  EXPECT_EQ(lines[1].at("event"), "exception");
  EXPECT_EQ(lines[2].at("registers").size(), 2U) << lines[2];
  EXPECT_TRUE(lines[2].at("memory").empty());
  EXPECT_EQ(lines[4].at("registers").size(), 3U) << lines[4];
  EXPECT_EQ(lines[4].at("memory").size(), 2U);
  EXPECT_EQ(lines[4].at("rip"), lines[2].at("registers").at("rip"));
  EXPECT_EQ(lines[5].at("reason"), "timer");
  EXPECT_EQ(lines[5].at("to_rsp"), lines[4].at("registers").at("rsp"));
  EXPECT_EQ(lines[6].at("memory").size(), 1U);
  EXPECT_EQ(lines[6].at("thread"), 1);
  EXPECT_EQ(lines[9].at("step"), 2) << "the head of a chunk belongs to the step before";
  EXPECT_EQ(lines.back().at("exit").at("code"), json());

  Rebuilt rebuilt(lines.front());
  rebuilt.expect_equal(run.states[0].registers, run.states[0].memory);
  std::size_t cursor = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    rebuilt.apply(lines[i]);
    if (i + 1 < lines.size() && lines[i + 1].at("kind") != "step" && lines[i + 1].at("kind") != "end") continue;
    if (i + 1 == lines.size()) break;
    rebuilt.expect_equal(run.states.at(cursor).registers, run.states.at(cursor).memory);
    ++cursor;
  }
  EXPECT_EQ(cursor, run.states.size());
}

TEST(JsonlExport, TextThatIsNotUtf8IsReplacedAndKeptAsBytes) {
  EventRun run = record_events();
  const std::vector<json> lines = exported(*run.trace);
  EXPECT_EQ(lines[3].at("text"), "a,\"b\"\r\n\xef\xbf\xbd=1");
  EXPECT_EQ(lines[3].at("bytes"), "612c2262220d0aff3d31");
  EXPECT_EQ(lines.front().at("meta").at("title"), "A \"quoted\" title");
}

}  // namespace
}  // namespace fiberscope::core
