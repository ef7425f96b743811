// The lessons about all interleavings on the command line, and `run` of what is explored.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/cli/program.h"

namespace fiberscope::tests {
namespace {

using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;

class Lesson : public ::testing::Test {
 protected:
  Outcome run(const Words& words) const { return run_program(words, scratch_.path()); }
  Json json(Words words, int code) const {
    words.emplace_back("--json");
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    return Json::parse(outcome.out, nullptr, false);
  }
  void expect_refused(const Words& words, const Words& parts) const {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2) << outcome.out;
    EXPECT_EQ(outcome.out, "");
    for (const std::string& part : parts) EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
  }
  ScratchFolder scratch_;
};

TEST_F(Lesson, StandsInTheList) {
  std::set<std::string> lessons;
  const Json list = json({"list"}, 0);
  for (const Json& one : list["scenarios"]) {
    if (one["kind"] == "run") {
      EXPECT_EQ(one["explore"], nullptr);
      EXPECT_TRUE(one["profile"].is_string());
      continue;
    }
    EXPECT_EQ(one["kind"], "explore");
    EXPECT_EQ(one["profile"], nullptr);
    EXPECT_EQ(one["threads"], nullptr);
    lessons.insert(one["name"]);
    if (one["name"] == "store-buffering") {
      EXPECT_EQ(one["explore"]["program"], "store_buffering.litmus");
      EXPECT_EQ(one["explore"]["memory"], "tso");
      EXPECT_EQ(one["explore"]["expected"]["observation"], "Sometimes");
    }
  }
  const std::set<std::string> known = {"all-interleavings",   "peterson-lock",  "ticket-lock",    "broken-lock",
                                       "dining-philosophers", "bounded-buffer", "store-buffering"};
  for (const std::string& name : known) EXPECT_TRUE(lessons.contains(name)) << name;
  EXPECT_NE(run({"list"}).out.find("peterson-lock-tso           -     explore  Peterson"), std::string::npos);
}

TEST_F(Lesson, IsExploredAsItsWordsSay) {
  const Json named = json({"explore", "peterson-lock-tso"}, 1);
  const Json spelled = json({"explore", example("peterson.c"), "--memory", "tso", "--cpus", "many", "--assert",
                             "count==2", "--sync", "want[0]", "--sync", "want[1]", "--sync", "turn"},
                            1);
  EXPECT_EQ(named, spelled);
  EXPECT_EQ(named["violations"][0]["assertion"], "count==2");
  // What is said stands in the place of the lesson's own word.
  const Json sequential = json({"explore", "peterson-lock-tso", "--memory", "sc"}, 0);
  EXPECT_EQ(sequential["memory"], "sc");
  EXPECT_EQ(sequential["cpus"], "many");
  EXPECT_EQ(sequential["violations"].size(), 0U);
  const Json typed = json({"explore", "all-interleavings"}, 1);
  EXPECT_EQ(typed["schedules"], "924");
  EXPECT_EQ(typed["outcomes"].size(), 6U);
}

TEST_F(Lesson, OfAFileIsExploredToo) {
  std::ofstream(scratch_.file("mine.toml")) << "name = \"mine\"\n[title]\nen = \"Mine\"\n[explore]\nprogram = "
                                               "\"mine.S\"\n[expected]\noutcomes = 1\n";
  std::ifstream in(example("increments.S"));
  std::ofstream(scratch_.file("mine.S")) << in.rdbuf();
  EXPECT_EQ(json({"explore", "mine.toml"}, 0)["schedules"], "2");
  EXPECT_EQ(json({"run", "mine.toml"}, 0)["stdout"], "x=2\n");
}

TEST_F(Lesson, RunsWhatItsVerdictIsAbout) {
  EXPECT_EQ(json({"run", "broken-lock", "-o", "broken.fscope"}, 0)["stdout"], "taken=0 count=1\n");
  EXPECT_EQ(json({"run", "all-interleavings"}, 0)["stdout"], "x=1 y=1\n");
  EXPECT_EQ(json({"run", "bounded-buffer"}, 0)["exit"]["reason"], "exit");
  const Json stuck = json({"run", "dining-philosophers", "-o", "stuck.fscope"}, 3);
  EXPECT_EQ(stuck["exit"]["reason"], "deadlock");
  // The source of an example is part of the trace, as no file has it.
  std::istringstream lines(run({"export", "broken.fscope", "--format", "jsonl"}).out);
  std::uint64_t step = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json one = Json::parse(line);
    if (one["kind"] == "step" && one["symbol"] == "thread_1" && one["text"] != "ret") step = one["step"];
  }
  ASSERT_NE(step, 0U);
  const Json shown = json({"show", "broken.fscope", "--step", std::to_string(step)}, 0);
  EXPECT_EQ(shown["instruction"]["file"], "./broken_lock.c");
  EXPECT_EQ(shown["instruction"]["line"], 4);
}

TEST_F(Lesson, RunsAScheduleThatIsSaid) {
  EXPECT_EQ(json({"run", "all-interleavings", "--schedule", "T1x6 T2x6"}, 0)["stdout"], "x=2 y=3\n");
  const Json run_file = json({"run", example("increments.S"), "--schedule", "T2x1 T1x1", "-o", "run.fscope"}, 0);
  const Json replayed = json({"explore", example("increments.S"), "--replay", "T2x1 T1x1", "-o", "run.fscope"}, 0);
  EXPECT_EQ(run_file, replayed);
  EXPECT_EQ(run_file["trace"], "run.fscope");
  EXPECT_EQ(json({"run", example("join.c"), "--schedule", "T1x1", "--max-steps", "500"}, 3)["exit"]["reason"], "limit");
  expect_refused({"run", "all-interleavings", "--schedule", "T1x9"}, {"T1x9", "cannot be followed"});
  expect_refused({"run", example("join.c"), "--schedule", "T3x1"}, {"there are threads 1 to 2"});
  expect_refused({"run", example("join.c")}, {"--schedule", "fiberscope explore"});
  expect_refused({"run", "absent.c", "--schedule", "T1x1"}, {"absent.c", "no such file"});
  expect_refused({"run", "all-interleavings", "--", "word"}, {"arguments are for Linux programs"});
}

TEST_F(Lesson, RunsOnProcessorsWithStoreBuffersWhatBreaksThere) {
  const Json found = json({"explore", "peterson-lock-tso"}, 1);
  const Json broken = found["violations"][0]["outcomes"][0];
  std::string values;
  for (const Json& outcome : found["outcomes"])
    if (outcome["id"] == broken)
      for (const auto& [name, value] : outcome["values"].items())
        values += (values.empty() ? "" : " ") + name + "=" + value.dump();
  ASSERT_NE(values, "");
  EXPECT_EQ(json({"run", "peterson-lock-tso"}, 0)["stdout"], values + "\n");
  // Sometimes: both loads read what was there before. Without store buffers never.
  EXPECT_EQ(json({"run", "store-buffering", "--schedule", "T1x2 T2x2 D1 D2"}, 0)["stdout"], "0:rax=0 1:rax=0\n");
  EXPECT_EQ(json({"run", "store-buffering-sc", "--schedule", "T1x2 T2x2"}, 0)["stdout"], "0:rax=0 1:rax=1\n");
  expect_refused({"run", "store-buffering-mfence", "--schedule", "T1x3 T2x3"}, {"D1 comes first"});
}

TEST_F(Lesson, SaysWhatToDoWhereNoRunCanShowIt) {
  expect_refused({"show", "peterson-lock", "--step", "1"}, {"fiberscope run peterson-lock"});
  expect_refused({"explore", "switch-to-context"}, {"fiberscope run switch-to-context"});
  expect_refused({"screenshot", "peterson-lock", "--step", "3", "-o", "x.png"}, {"--path"});
  expect_refused({"screenshot", "switch-to-context", "--states", "-o", "x.png"}, {"--explore"});
  expect_refused({"screenshot", "switch-to-context", "--memory", "tso", "-o", "x.png"}, {"--explore"});
  expect_refused({"screenshot", "peterson-lock", "--thread", "x=1", "--thread", "x=1", "-o", "x.png"}, {"only one of"});
  expect_refused({"explore", "peterson-lock", "--thread", "x=1", "--thread", "x=1"}, {"not two of them"});
}

TEST_F(Lesson, IsDrawnWithItsQuestionAsked) {
  const Outcome drawn = run({"screenshot", "broken-lock", "--size", "640x360", "-o", "lesson.png"});
  EXPECT_EQ(drawn.code, 0) << drawn.err;
  EXPECT_EQ(run({"screenshot", "broken-lock", "--size", "640x360", "--figure", "questions", "-o", "q.png"}).code, 0);
  const auto bytes = [&](const char* name) {
    std::ifstream in(scratch_.file(name), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_EQ(bytes("lesson.png").substr(1, 3), "PNG");
  EXPECT_NE(bytes("lesson.png"), bytes("q.png"));
}

}  // namespace
}  // namespace fiberscope::tests
