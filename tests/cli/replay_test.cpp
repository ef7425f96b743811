// Every outcome that `explore` tells of can be had: its witness runs through the guest's own scheduler to that outcome.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/program.h"

namespace fiberscope::tests {
namespace {

using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;

Words joined(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::string printed(const Json& values) {
  std::string text;
  for (const auto& [name, value] : values.items()) text += (text.empty() ? "" : " ") + name + "=" + value.dump();
  return text + "\n";
}

/// The trace's body steps as a schedule: those of the functions thread_1, thread_2, … but for their last, the return;
/// and the drains of store buffers, where thread N has processor N - 1.
std::string schedule_of(const std::vector<Json>& lines) {
  std::string text;
  std::string last;
  int count = 0;
  const auto close = [&] {
    if (count > 0) text += (text.empty() ? "" : " ") + last + "x" + std::to_string(count);
  };
  for (const Json& line : lines) {
    if (line["kind"] == "event" && line["event"] == "drain") {
      close();
      count = 0;
      last.clear();
      text += (text.empty() ? "D" : " D") + std::to_string(line["cpu"].get<int>() + 1);
    }
    if (line["kind"] != "step" || !line["symbol"].is_string()) continue;
    const auto symbol = line["symbol"].get<std::string>();
    if (symbol.rfind("thread_", 0) != 0 || !std::isdigit(static_cast<unsigned char>(symbol[7]))) continue;
    if (line["text"] == "ret") continue;
    const std::string thread = "T" + symbol.substr(7, 1);
    EXPECT_EQ(thread, "T" + line["thread"].dump());
    if (thread != last) {
      close();
      count = 0;
      last = thread;
    }
    ++count;
  }
  close();
  return text;
}

class Replay : public ::testing::TestWithParam<Words> {
 protected:
  Outcome run(const Words& words) const { return run_program(words, scratch_.path()); }
  std::vector<Json> trace_lines(const std::string& file) const {
    std::istringstream text(run({"export", file, "--format", "jsonl"}).out);
    std::vector<Json> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
    return lines;
  }
  ScratchFolder scratch_;
};

TEST_P(Replay, EveryWitnessLeadsToItsOutcome) {
  const Words program = joined({"explore"}, GetParam());
  const Outcome explored = run(joined(program, {"--json"}));
  ASSERT_EQ(explored.code, 0) << explored.err;
  const Json found = Json::parse(explored.out);
  ASSERT_GE(found["outcomes"].size(), 1U);
  for (const Json& outcome : found["outcomes"]) {
    const std::string id = outcome["id"].dump();
    const Outcome replayed = run(joined(program, {"--replay", id, "-o", "replay.fscope", "--json"}));
    ASSERT_EQ(replayed.code, 0) << replayed.err;
    const Json told = Json::parse(replayed.out);
    EXPECT_EQ(told["schema"], "fiberscope.run/1");
    EXPECT_EQ(told["stdout"], printed(outcome["values"]));
    if (found["lowering"] == "textbook") {
      EXPECT_EQ(schedule_of(trace_lines("replay.fscope")), outcome["witness"].get<std::string>());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Programs, Replay,
    ::testing::Values(Words{"--thread", "x=x+1; y=y+x", "--thread", "x=x+1; y=y+x"},
                      Words{"--thread", "x=x+1; y=y+x", "--thread", "x=x+1; y=y+x", "--lowering", "statement"},
                      Words{"--thread", "x=x+1", "--thread", "y=y+x", "--thread", "z=x+5y", "--init", "x=1,y=-2"},
                      Words{"--thread", "x=x+1; y=y+x", "--thread", "x=x+1; y=y+x", "--lowering", "O0"},
                      Words{example("broken_lock.c")}, Words{example("join.c")}, Words{example("bounded_buffer.c")},
                      Words{example("increments.S")}));

// Each thread on a processor of its own; under tso with a store buffer.
INSTANTIATE_TEST_SUITE_P(
    Processors, Replay,
    ::testing::Values(Words{"--thread", "x=1; a=y", "--thread", "y=1; b=x", "--memory", "tso"},
                      Words{"--thread", "x=x+1; y=y+x", "--thread", "x=x+1; y=y+x", "--memory", "tso"},
                      Words{"--thread", "x=1", "--thread", "y=1", "--thread", "a=x; b=y", "--memory", "tso"},
                      Words{"--thread", "x=x+1", "--thread", "x=x+2", "--thread", "x=x+4", "--cpus", "many"},
                      Words{"--thread", "x=x+1; y=x", "--thread", "x=5", "--memory", "tso", "--lowering", "O0"},
                      Words{"--thread", "x=x+1", "--thread", "x=x+3", "--cpus", "many", "--lowering", "O2"},
                      Words{example("store_buffering.litmus")}, Words{example("store_buffering_mfence.litmus")},
                      Words{example("store_buffering.litmus"), "--cpus", "one", "--memory", "sc"},
                      Words{example("increments.S"), "--cpus", "many"}, Words{example("peterson.c"), "--memory", "tso"},
                      Words{example("peterson_fence.c"), "--memory", "tso"},
                      Words{example("ticket_lock.c"), "--cpus", "many"},
                      Words{example("broken_lock.c"), "--memory", "tso"}, Words{example("join.c"), "--cpus", "many"},
                      Words{example("bounded_buffer.c"), "--cpus", "many"}));

TEST_F(Replay, ASourceLineOfABodyIsItsStatement) {
  ASSERT_EQ(run({"explore", "--thread", "x=x+1; y=y+x", "--thread", "z=2", "--replay", "1", "-o", "a.fscope"}).code, 0);
  std::uint64_t step = 0;
  for (const Json& line : trace_lines("a.fscope"))
    if (line["kind"] == "step" && line["symbol"] == "thread_1" && line["thread"] == 1) step = line["step"];
  ASSERT_NE(step, 0U);
  const Json shown = Json::parse(run({"show", "a.fscope", "--step", std::to_string(step), "--json"}).out);
  EXPECT_EQ(shown["instruction"]["file"], "thread 1");
  EXPECT_EQ(shown["instruction"]["line"], 1);
}

TEST_F(Replay, WhatCannotBeReplayedIsOneMessage) {
  const Words program = {"explore", "--thread", "x=x+1", "--thread", "x=x+1"};
  const auto refused = [&](const Words& more) {
    const Outcome outcome = run(joined(program, more));
    EXPECT_EQ(outcome.code, 2) << outcome.out;
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  };
  EXPECT_EQ(refused({"--replay", "T1x2 T2x9"}),
            "fiberscope: item 2 of 2, T2x9, cannot be followed: thread 2 gave the CPU away after 3 of these steps\n");
  EXPECT_EQ(refused({"--replay", "9"}), "fiberscope: --replay 9: there are outcomes 1 to 2\n");
  EXPECT_EQ(refused({"--replay", "T3x1"}), "fiberscope: schedule, item 1: 'T3x1': there are threads 1 to 2\n");
  EXPECT_NE(refused({"--replay", "1", "--cpus", "many", "--lowering", "statement"}).find("or --lowering textbook"),
            std::string::npos);
  EXPECT_EQ(refused({"--replay", "T1x3 D1 D1 T2x3 D2", "--memory", "tso"}),
            "fiberscope: item 3 of 5, D1, cannot be followed: thread 1's store buffer is empty\n");
  EXPECT_NE(refused({"--replay", "D1"}).find("D1"), std::string::npos);
  EXPECT_NE(refused({"-o", "x.fscope"}).find("--replay"), std::string::npos);
}

}  // namespace
}  // namespace fiberscope::tests
