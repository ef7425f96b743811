// Every outcome that `explore` tells of can be had: its witness runs through the guest's own scheduler to that outcome.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
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
/// and the drains of store buffers, where thread N has processor N.
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
      text += (text.empty() ? "D" : " D") + std::to_string(line["cpu"].get<int>());
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

// Expected values by hand: 4000000000 + 2, and an address is another one in another image.
TEST_F(Replay, ItPrintsValuesByTheirTypes) {
  std::ofstream(scratch_.path() / "types.c")
      << "unsigned u = 4000000000u; unsigned char c = 200; unsigned short h;\n"
         "signed char s; unsigned long l; int *p; _Bool b;\n"
         "void thread_1(void) { static unsigned own[2]; own[1]--; u += 2; c++; h = 65535; }\n"
         "void thread_2(void) { s = -55; l = 5000000000; p = (int *)&u; b = 1; }\n";
  for (const Words& machine : {Words{"--cpus", "one"}, Words{"--memory", "tso"}}) {
    const Words program = joined({"explore", scratch_.file("types.c")}, machine);
    const Outcome explored = run(joined(program, {"--json", "--assert", "u>4000000001", "--assert", "c==201"}));
    ASSERT_EQ(explored.code, 0) << explored.err;
    const Json values = Json::parse(explored.out)["outcomes"].at(0)["values"];
    EXPECT_EQ(values["u"], 4000000002);
    EXPECT_GT(values["p"], 0);
    const Outcome replayed = run(joined(program, {"--replay", "1", "--json"}));
    ASSERT_EQ(replayed.code, 0) << replayed.err;
    std::istringstream line(Json::parse(replayed.out)["stdout"].get<std::string>());
    std::set<std::string> words;
    for (std::string word; line >> word;) words.insert(word);
    EXPECT_EQ(words, (std::set<std::string>{"u=4000000002", "c=201", "h=65535", "s=-55", "l=5000000000", "b=1",
                                            "own.0[0]=0", "own.0[1]=4294967295"}));
  }
}

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
            "fiberscope: item 2 of 2, T2x9, cannot be followed: thread 2 has only 3 steps\n");
  EXPECT_EQ(
      refused({"--replay", "T1x2 T2x3 T1x9"}),
      "fiberscope: item 3 of 3, T1x9, cannot be followed: thread 1 has only 3 steps, 2 of them before this item\n");
  EXPECT_EQ(
      refused({"--replay", "T1x2 T2x3 T1x9", "--cpus", "many"}),
      "fiberscope: item 3 of 3, T1x9, cannot be followed: thread 1 has only 3 steps, 2 of them before this item\n");
  EXPECT_NE(refused({"--replay", ""}).find("this is empty"), std::string::npos);
  EXPECT_NE(refused({"--path", " "}).find("this is empty"), std::string::npos);
  EXPECT_EQ(refused({"--replay", "9"}), "fiberscope: --replay 9: there are outcomes 1 to 2\n");
  EXPECT_EQ(refused({"--replay", "T3x1"}), "fiberscope: schedule, item 1: 'T3x1': there are threads 1 to 2\n");
  EXPECT_NE(refused({"--replay", "1", "--cpus", "many", "--lowering", "statement"}).find("or --lowering textbook"),
            std::string::npos);
  EXPECT_EQ(refused({"--replay", "T1x3 D1 D1 T2x3 D2", "--memory", "tso"}),
            "fiberscope: item 3 of 5, D1, cannot be followed: thread 1's store buffer is empty\n");
  EXPECT_NE(refused({"--replay", "D1"}).find("D1"), std::string::npos);
  EXPECT_NE(refused({"-o", "x.fscope"}).find("--replay"), std::string::npos);
}

TEST_F(Replay, WhoHasToWaitIsSaidToWait) {
  const Outcome both = run({"explore", example("join.c"), "--replay", "T2x9"});
  EXPECT_EQ(both.code, 2);
  EXPECT_NE(both.err.find("T2x9, cannot be followed: thread 2 has to wait after "), std::string::npos) << both.err;
}

/// x=1; a=y and y=1; b=x: each thread has three steps, of which the first and the last store.
TEST_F(Replay, EachDrainHasAStepOfItsOwn) {
  ASSERT_EQ(run({"explore", "--thread", "x=1; a=y", "--thread", "y=1; b=x", "--memory", "tso", "--replay",
                 "T1x3 T2x3 D1 D2 D1 D2", "-o", "drains.fscope"})
                .code,
            0);
  std::vector<std::uint64_t> steps;
  std::vector<int> cpus;
  Json step;
  for (const Json& line : trace_lines("drains.fscope")) {
    if (line["kind"] == "step") step = line;
    if (line["kind"] != "event" || line["event"] != "drain") continue;
    EXPECT_EQ(line["step"], step["step"]);
    EXPECT_EQ(step["cpu"], 0) << "the processor that only waits";
    EXPECT_EQ(step["symbol"].get<std::string>().rfind("wait_for_bodies", 0), 0U);
    steps.push_back(line["step"]);
    cpus.push_back(line["cpu"]);
  }
  EXPECT_EQ(cpus, (std::vector<int>{1, 2, 1, 2}));
  ASSERT_EQ(steps.size(), 4U);
  const char* const stored[] = {"0x1 to x by T1", "0x1 to y by T2", "0x0 to a by T1", "0x0 to b by T2"};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(steps[i], steps[0] + i) << "one step after the other";
    const Json shown = Json::parse(run({"show", "drains.fscope", "--step", std::to_string(steps[i]), "--json"}).out);
    const auto sentence = shown["caption"].get<std::string>();
    EXPECT_EQ(sentence.rfind(std::string("The store of ") + stored[i], 0), 0U) << sentence;
    EXPECT_EQ(sentence.find("has reached memory"), sentence.rfind("has reached memory")) << "one of them: " << sentence;
    std::size_t waiting = 0;
    for (const Json& cpu : shown["cpus"]) waiting += cpu["stores"].size();
    EXPECT_EQ(waiting, 3 - i);
  }
}

TEST_F(Replay, BuffersAreToldByThreadAndElement) {
  ASSERT_EQ(
      run({"explore", example("peterson.c"), "--memory", "tso", "--replay", "T1x1 T2x1 D2", "-o", "p.fscope"}).code, 0);
  std::vector<std::string> told;
  for (const Json& line : trace_lines("p.fscope"))
    if (line["kind"] == "event" && (line["event"] == "buffer" || line["event"] == "drain") && told.size() < 3)
      told.push_back(line["text"]);
  EXPECT_EQ(told,
            (std::vector<std::string>{
                "the store of 0x1 to want[0] by T1 (processor 1) waits in its store buffer",
                "the store of 0x1 to want[1] by T2 (processor 2) waits in its store buffer",
                "the store of 0x1 to want[1] by T2 (processor 2) has reached memory; its store buffer is empty"}));
}

/// Assembly says nothing of elements: those of the store's size.
TEST_F(Replay, AnArrayOfAssemblyHasElementsToo) {
  std::ofstream(scratch_.file("array.S"))
      << ".globl thread_1, thread_2\n.type thread_1,@function\n.type thread_2,@function\n.text\n"
         "thread_1: movl $1, array+4(%rip)\n ret\n.size thread_1, .-thread_1\n"
         "thread_2: movw $2, array+10(%rip)\n ret\n.size thread_2, .-thread_2\n"
         ".data\n.globl array\n.type array,@object\n.size array,12\narray: .long 0, 0, 0\n";
  ASSERT_EQ(run({"explore", "array.S", "--memory", "tso", "--replay", "T1x1 T2x1 D2 D1", "-o", "a.fscope"}).code, 0);
  std::string told;
  for (const Json& line : trace_lines("a.fscope"))
    if (line["kind"] == "event" && line["event"] == "buffer") told += line["text"].get<std::string>() + "\n";
  EXPECT_EQ(told,
            "the store of 0x1 to array[1] by T1 (processor 1) waits in its store buffer\n"
            "the store of 0x2 to array[5] by T2 (processor 2) waits in its store buffer\n");
}

/// Each holds what the other wants, on one processor and on two.
TEST_F(Replay, ADeadlockEndsWithWhoWaitsForWhom) {
  for (const char* cpus : {"one", "many"}) {
    const Json found = Json::parse(run({"explore", example("philosophers.c"), "--cpus", cpus, "--json"}).out);
    const auto witness = found["deadlocks"][0]["witness"].get<std::string>();
    const Outcome stuck = run({"explore", example("philosophers.c"), "--cpus", cpus, "--replay", witness});
    EXPECT_EQ(stuck.code, 3) << stuck.err;
    EXPECT_NE(
        stuck.out.find("Deadlock: T1 waits for lock(&fork[1]), held by T2 (philosophers.c:8: call lock); T2 waits"),
        std::string::npos)
        << stuck.out;
  }
}

/// Eight threads have a processor each, and main one of its own.
TEST_F(Replay, EightThreadsHaveAProcessorEach) {
  Words words{"explore"};
  std::string schedule;
  for (int i = 8; i >= 1; --i) schedule += "T" + std::to_string(i) + "x1 ";
  for (int i = 0; i < 8; ++i) words.insert(words.end(), {"--thread", "x=" + std::to_string(i + 1)});
  words.insert(words.end(), {"--memory", "tso", "--replay", schedule + "D1 D2 D3 D8 D4 D5 D7 D6", "--json"});
  const Outcome replayed = run(words);
  ASSERT_EQ(replayed.code, 0) << replayed.err;
  EXPECT_EQ(Json::parse(replayed.out)["stdout"], "x=6\n") << "the last drain is thread 6's";
}

/// A schedule with no end is not followed for ever: 200,000 steps, and 20,000 for each of its own.
TEST(LivelockReplay, StopsSoonBehindTheSchedule) {
  const ScratchFolder folder;
  const Outcome run =
      run_program({"explore", "example:livelock.c", "--replay", "T1x3", "-o", folder.file("l.fscope")}, folder.path());
  EXPECT_EQ(run.code, 3);
  EXPECT_NE(run.out.find("the limit of 260000 steps is reached"), std::string::npos) << run.out;
}

}  // namespace
}  // namespace fiberscope::tests
