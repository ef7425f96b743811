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
}

}  // namespace
}  // namespace fiberscope::tests
