// `explore` as a process: the JSON that is a contract, exit codes, messages, Ctrl-C.
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/program.h"

namespace fiberscope::tests {
namespace {

using Json = nlohmann::ordered_json;

class Explore : public ::testing::Test {
 protected:
  [[nodiscard]] Outcome explore(std::vector<std::string> words) const {
    words.insert(words.begin(), "explore");
    return run_program(words, scratch_.path());
  }
  ScratchFolder scratch_;
};

TEST_F(Explore, TheTableOfKnownAnswers) {
  const Outcome outcome =
      explore({"--thread", "x=x+1; y=y+x", "--thread", "x=x+1; y=y+x", "--lowering", "textbook", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  const Json json = Json::parse(outcome.out);
  const std::vector<std::string> promised = {"schema",   "lowering",    "scheduler",      "cpus",      "memory",
                                             "threads",  "complete",    "complete_for",   "bound",     "stop_reason",
                                             "states",   "transitions", "emulated_steps", "schedules", "executions",
                                             "outcomes", "races",       "deadlocks",      "livelocks", "violations"};
  for (const std::string& name : promised) EXPECT_TRUE(json.contains(name)) << name;
  EXPECT_EQ(json["schema"], "fiberscope.explore/1");
  EXPECT_EQ(json["threads"][0]["body_steps"], 6);
  EXPECT_EQ(json["complete"], true);
  EXPECT_EQ(json["bound"], nullptr);
  EXPECT_EQ(json["schedules"], "924");
  EXPECT_EQ(json["executions"], "28");
  std::string table;
  for (const Json& one : json["outcomes"]) {
    table += one["values"].dump() + " " + one["schedules"].get<std::string>() + " " +
             std::to_string(one["preemptions"].get<int>()) + " " + one["probability_exact"].get<std::string>() + "\n";
  }
  // Numbers of schedules and preemptions: docs/interleavings.md; fractions: those decimals times powers of two.
  EXPECT_EQ(table,
            "{\"x\":1,\"y\":1} 630 2 105/256\n{\"x\":1,\"y\":2} 126 1 87/256\n{\"x\":2,\"y\":1} 12 1 3/512\n"
            "{\"x\":2,\"y\":2} 114 1 39/512\n{\"x\":2,\"y\":3} 32 0 19/128\n{\"x\":2,\"y\":4} 10 1 5/256\n");
  EXPECT_EQ(json["outcomes"][0]["witness"], "T1x2 T2x4 T1x4 T2x2");
}

TEST_F(Explore, TheTextSaysWhatWasCounted) {
  const Outcome outcome = explore({"--thread", "x=x+1", "--thread", "x=x+1"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.rfind("lowering textbook, scheduler any, cpus one, memory sc\n", 0), 0U) << outcome.out;
  EXPECT_NE(outcome.out.find("2 outcomes, 20 schedules"), std::string::npos) << outcome.out;
  const Outcome one = explore({"--thread", "x=1", "--thread", "y=1", "--scheduler", "rr=5"});
  EXPECT_NE(one.out.find("1 outcome, 1 schedule, 1 execution (program order"), std::string::npos) << one.out;
}

TEST_F(Explore, ExitCodes) {
  const Outcome broken = explore({"--thread", "x=x+1", "--thread", "x=x+1", "--assert", "x==2", "--json"});
  EXPECT_EQ(broken.code, 1);
  EXPECT_EQ(Json::parse(broken.out)["violations"][0]["assertion"], "x==2");
  const Outcome kept = explore({"--thread", "x=x+1", "--thread", "x=x+1", "--assert", "x>=1", "--assert", "x<=2"});
  EXPECT_EQ(kept.code, 0) << kept.out;
  EXPECT_EQ(explore({FIBERSCOPE_INTERLEAVINGS "/philosophers.c"}).code, 1);
  EXPECT_EQ(explore({FIBERSCOPE_INTERLEAVINGS "/store_buffering.litmus"}).code, 0);
  const Outcome wrong = explore({"--thread", "x=x/2", "--thread", "x=1"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_EQ(wrong.out, "");
  EXPECT_EQ(wrong.err.rfind("fiberscope: thread 1, column 4: ", 0), 0U) << wrong.err;
  EXPECT_EQ(explore({"--max-states", "many"}).code, 2);
  const Outcome cut = explore({"--thread", "x=x+1; y=y+x", "--thread", "x=x+1; y=y+x", "--max-states", "20", "--json"});
  EXPECT_EQ(cut.code, 3);
  const Json json = Json::parse(cut.out);
  EXPECT_EQ(json["complete"], false);
  EXPECT_EQ(json["schedules"], nullptr);
  EXPECT_NE(json["stop_reason"], nullptr);
}

TEST_F(Explore, CtrlCGivesWhatIsThere) {
  std::vector<std::string> words = {"explore", "--json", "--max-states", "1000000000", "--max-memory", "100000"};
  for (int i = 0; i < 5; ++i) words.insert(words.end(), {"--thread", "x=x+1; y=y+x; z=x+5*y; x=z"});
  RunningProgram program(words, scratch_.path());
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  program.signal(SIGINT);
  const Outcome outcome = program.wait();
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  const Json json = Json::parse(outcome.out);
  EXPECT_EQ(json["complete"], false);
  EXPECT_EQ(json["stop_reason"], "interrupted");
  EXPECT_GT(json["states"], 100);
  // Breadth first no end is reached in that time; those that are told are real.
  ASSERT_GT(json["outcomes"].size(), 0U);
  EXPECT_NE(json["bound"].get<std::string>().find("there may be more outcomes"), std::string::npos);
  const Json told = json["outcomes"][json["outcomes"].size() / 2];
  std::vector<std::string> again{"--json", "--max-states", "1", "--path", told["witness"].get<std::string>()};
  for (int i = 0; i < 5; ++i) again.insert(again.end(), {"--thread", "x=x+1; y=y+x; z=x+5*y; x=z"});
  const Json followed = Json::parse(explore(again).out);
  EXPECT_EQ(followed["path"]["end"], "outcome");
  EXPECT_EQ(followed["path"]["values"], told["values"]);
}

/// What is asked about a schedule, and what must be answered.
struct Path {
  std::vector<std::string> program;
  std::string schedule;
  std::string end;
  std::string answer;  ///< values, or words of `why`
  int item = 0;
};

class ExplorePath : public Explore, public ::testing::WithParamInterface<Path> {};

TEST_P(ExplorePath, IsAnswered) {
  std::vector<std::string> words = GetParam().program;
  words.insert(words.end(), {"--path", GetParam().schedule, "--json"});
  const Outcome outcome = explore(words);
  ASSERT_TRUE(outcome.code == 0 || outcome.code == 1) << outcome.err;
  const Json path = Json::parse(outcome.out)["path"];
  EXPECT_EQ(path["end"], GetParam().end) << path;
  EXPECT_EQ(path["schedule"], GetParam().schedule);
  if (GetParam().end == "outcome") {
    EXPECT_EQ(path["values"].dump(), GetParam().answer);
    EXPECT_EQ(path["why"], nullptr);
    const Json all = Json::parse(outcome.out)["outcomes"];
    ASSERT_NE(path["outcome"], nullptr);
    EXPECT_EQ(all[path["outcome"].get<std::size_t>() - 1]["values"], path["values"]);
    EXPECT_EQ(path["execution"]["outcome"], path["outcome"]);
  } else {
    EXPECT_NE(path["why"].get<std::string>().find(GetParam().answer), std::string::npos) << path["why"];
    EXPECT_EQ(path["outcome"], nullptr);
  }
  if (GetParam().end == "impossible") {
    EXPECT_EQ(path["item"], GetParam().item);
  } else {
    EXPECT_EQ(path["item"], nullptr);
    EXPECT_EQ(path["execution"]["schedule"], GetParam().schedule);
  }
  words.pop_back();
  EXPECT_NE(explore(words).out.find("path " + GetParam().schedule + ": "), std::string::npos);
}

const std::vector<std::string> kBuffering = {"--thread", "x=1; a=y", "--thread", "y=1; b=x", "--memory", "tso"};
const std::vector<std::string> kTurns = {"--thread", "x=x+1", "--thread", "x=x+1", "--scheduler", "rr=2"};
const std::vector<std::string> kFence = {FIBERSCOPE_INTERLEAVINGS "/store_buffering_mfence.litmus"};
const std::vector<std::string> kForks = {FIBERSCOPE_INTERLEAVINGS "/philosophers.c"};

// Each thread of kBuffering has three steps: its first and its last store.
INSTANTIATE_TEST_SUITE_P(
    Schedules, ExplorePath,
    ::testing::Values(
        Path{kBuffering, "T1x3 T2x3 D1 D2 D1 D2", "outcome", R"({"x":1,"y":1,"a":0,"b":0})"},
        Path{kBuffering, "T1x1 D1 T1x2 T2x3 D2 D2 D1", "outcome", R"({"x":1,"y":1,"a":0,"b":1})"},
        Path{kBuffering, "T2x1 T1x1 D1 T2x1 D2 T1x2 T2x1 D2 D1", "outcome", R"({"x":1,"y":1,"a":1,"b":1})"},
        Path{kBuffering, "T1x3", "stops", "T2 would go on at y=1: mov dword ptr [y], 1"},
        Path{kBuffering, "T1x3", "stops", "2 stores are in T1's buffer: D1"},
        Path{kBuffering, "T1x3 T2x3 D1 D1 D2", "stops", "1 store is in T2's buffer: D2"},
        Path{kBuffering, "T1x3 D1 T1x1", "impossible", "thread 1 has only 3 steps, 3 of them before this item", 3},
        Path{kBuffering, "T1x99", "impossible", "thread 1 has only 3 steps", 1},
        Path{kBuffering, "T2x1 T1x3 D1 D1 D1", "impossible", "thread 1's store buffer is empty", 5},
        Path{kFence, "T1x2 T2x1", "impossible", "waits until its store buffer is empty: D1 comes first", 1},
        Path{kTurns, "T1x2 T2x2 T1x1 T2x1", "outcome", R"({"x":1})"},
        Path{kTurns, "T1x3 T2x3", "impossible", "the scheduler gives the turn to T2", 1},
        Path{kForks, "T1x1", "stops", "T2 would go on at philosophers.c:"}));

TEST_F(Explore, ADeadlockIsToldOfASchedule) {
  const Json found = Json::parse(explore({FIBERSCOPE_INTERLEAVINGS "/philosophers.c", "--json"}).out);
  const auto witness = found["deadlocks"][0]["witness"].get<std::string>();
  const Outcome told = explore({FIBERSCOPE_INTERLEAVINGS "/philosophers.c", "--path", witness});
  EXPECT_NE(told.out.find("path " + witness +
                          ": deadlock: T1 waits for lock(&fork[1]), held by T2 (philosophers.c:8: "
                          "call lock)"),
            std::string::npos)
      << told.out;
}

TEST_F(Explore, HexadecimalNumbers) {
  const Json found = Json::parse(explore({"--thread", "x=0x10", "--thread", "y=5e; y=0Xff*2", "--json"}).out);
  EXPECT_EQ(found["outcomes"][0]["values"].dump(), R"({"x":16,"e":0,"y":510})");
}

}  // namespace
}  // namespace fiberscope::tests
