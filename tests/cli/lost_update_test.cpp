// A lost update is told at the store that overwrites and at the store that is lost, in a replay and in a scenario.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/program.h"

namespace fiberscope::tests {
namespace {

using Json = nlohmann::ordered_json;

class LostUpdate : public ::testing::Test {
 protected:
  [[nodiscard]] Json show(const std::string& trace, std::uint64_t step) {
    const Outcome run = run_program({"show", trace, "--step", std::to_string(step), "--json"}, folder_.path());
    EXPECT_EQ(run.code, 0) << run.err;
    return Json::parse(run.out);
  }
  /// The steps of thread bodies that store into memory: "1: mov dword ptr [0x405c80], eax" by step.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, std::string>> stores(const std::string& trace) {
    const Outcome run = run_program({"export", trace, "--format", "jsonl"}, folder_.path());
    EXPECT_EQ(run.code, 0) << run.err;
    std::vector<std::pair<std::uint64_t, std::string>> found;
    std::istringstream lines(run.out);
    for (std::string line; std::getline(lines, line);) {
      const Json one = Json::parse(line);
      if (one["kind"] != "step" || !one["symbol"].is_string() || one["memory"].empty()) continue;
      const auto symbol = one["symbol"].get<std::string>();
      if (symbol.rfind("thread_1", 0) == 0 || symbol.rfind("thread_2", 0) == 0)
        found.emplace_back(one["step"].get<std::uint64_t>(), symbol.substr(7, 1));
    }
    return found;
  }
  [[nodiscard]] std::string replay(std::vector<std::string> words) {
    const std::string trace = folder_.file("run.fscope");
    words.insert(words.begin(), "explore");
    words.insert(words.end(), {"-o", trace});
    const Outcome run = run_program(words, folder_.path());
    EXPECT_EQ(run.code, 0) << run.err;
    return trace;
  }

  ScratchFolder folder_;
};

TEST_F(LostUpdate, IsToldInTheReplayOfEveryOutcomeOfTheExample) {
  // By hand, from the witnesses: which stores overwrite, numbered in the order in which the four of them run, with the
  // variable and the number of the store that is lost.
  struct Lost {
    std::size_t store;
    const char* variable;
    std::size_t lost;
    int value;  // that is lost
  };
  const std::vector<std::vector<Lost>> expected = {
      {{1, "x", 0, 1}, {3, "y", 2, 1}},  // T1x2 T2x4 T1x4 T2x2
      {{2, "x", 0, 1}},                  // T1x2 T2x6 T1x4
      {{3, "y", 2, 2}},                  // T1x5 T2x6 T1x1
      {{3, "y", 2, 2}},                  // T1x4 T2x6 T1x2
      {},                                // T1x6 T2x6
      {},                                // T1x3 T2x6 T1x3
  };
  for (std::size_t id = 1; id <= expected.size(); ++id) {
    const std::string trace =
        replay({"--thread", "x=x+1; y=y+x", "--thread", "x=x+1; y=y+x", "--replay", std::to_string(id)});
    const auto steps = stores(trace);
    ASSERT_EQ(steps.size(), 4U) << id;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const Json shown = show(trace, steps[i].first);
      std::size_t told = 0;
      for (const Lost& lost : expected[id - 1]) {
        if (lost.store != i && lost.lost != i) continue;
        ++told;
        ASSERT_EQ(shown["lost_updates"].size(), 1U) << id << ", store " << i + 1;
        const Json& one = shown["lost_updates"][0];
        EXPECT_EQ(one["variable"], lost.variable);
        EXPECT_EQ(one["store"]["step"], steps[lost.store].first);
        EXPECT_EQ(one["lost"]["step"], steps[lost.lost].first);
        EXPECT_EQ(one["lost"]["value"], lost.value);
        EXPECT_LT(one["load"]["step"], one["lost"]["step"]);
        EXPECT_EQ(one["store"]["thread"].dump(), steps[lost.store].second);
        EXPECT_EQ(one["load"]["thread"], one["store"]["thread"]);
        EXPECT_EQ(one["lost"]["thread"].dump(), steps[lost.lost].second);
        const auto caption = shown["caption"].get<std::string>();
        EXPECT_EQ(caption.rfind("Lost update: ", 0) == 0, lost.store == i) << caption;
        EXPECT_EQ(caption.rfind("This update will be lost: ", 0) == 0, lost.lost == i) << caption;
      }
      if (told == 0) {
        EXPECT_TRUE(shown["lost_updates"].empty()) << id << ", store " << i + 1;
        EXPECT_EQ(shown["caption"].get<std::string>().find("lost"), std::string::npos);
      }
    }
  }
}

TEST_F(LostUpdate, OfAStoreBufferIsToldWhereTheStoreReachesMemory) {
  // Both have read 0 and buffered 1; T1's 1 reaches memory, then T2's over it.
  const std::string trace =
      replay({"--thread", "x=x+1", "--thread", "x=x+1", "--memory", "tso", "--replay", "T1x3 T2x3 D1 D2"});
  const Outcome run = run_program({"export", trace, "--format", "jsonl"}, folder_.path());
  std::vector<std::uint64_t> drains;
  std::istringstream lines(run.out);
  for (std::string line; std::getline(lines, line);) {
    const Json one = Json::parse(line);
    if (one["kind"] == "event" && one["event"] == "drain") drains.push_back(one["step"].get<std::uint64_t>());
  }
  ASSERT_EQ(drains.size(), 2U);
  const Json shown = show(trace, drains[1]);
  const Json* update = nullptr;
  for (const Json& one : shown["lost_updates"])
    if (one["store"]["step"] == drains[1]) update = &one;
  ASSERT_NE(update, nullptr) << shown["lost_updates"].dump();
  EXPECT_EQ((*update)["variable"], "x");
  EXPECT_EQ((*update)["drained"], true);
  EXPECT_EQ((*update)["lost"]["step"], drains[0]);
  EXPECT_EQ((*update)["lost"]["value"], 1);
  EXPECT_EQ((*update)["load"]["value"], 0);
  EXPECT_NE((*update)["store"]["thread"], (*update)["lost"]["thread"]);
}

TEST_F(LostUpdate, OfTheScenarioAreThoseWhereTheMemoryChangedBehindTheLoad) {
  const std::string trace = folder_.file("run.fscope");
  ASSERT_EQ(run_program({"run", "lost-update", "-o", trace}, folder_.path()).code, 0);
  const Outcome run = run_program({"export", trace, "--format", "jsonl"}, folder_.path());
  // A store over something else than was loaded: an update is lost. (The other way round holds too as long as x only
  // grows, which it does where both take turns.)
  std::vector<std::pair<std::uint64_t, bool>> stores;
  std::istringstream lines(run.out);
  std::map<std::string, Json> registers;
  for (std::string line; std::getline(lines, line);) {
    const Json one = Json::parse(line);
    if (one["kind"] != "step" || !one["symbol"].is_string()) continue;
    if (one["symbol"].get<std::string>().rfind("add_plain", 0) != 0) continue;
    const std::string thread = one["thread"].dump();
    if (one["text"] == "inc rax") registers[thread] = one["registers"]["rax"];
    if (one["text"] != "mov qword ptr [rdi], rax") continue;
    const auto stored = std::stoull(registers[thread].get<std::string>(), nullptr, 16);
    const auto old = std::stoull(one["memory"][0]["old"].get<std::string>(), nullptr, 16);
    stores.emplace_back(one["step"].get<std::uint64_t>(), old != stored - 1);
  }
  ASSERT_EQ(stores.size(), 40U);
  std::size_t lost = 0;
  for (const auto& [step, is_lost] : stores) {
    const Json shown = show(trace, step);
    bool told = false;
    for (const Json& one : shown["lost_updates"]) told = told || one["store"]["step"] == step;
    EXPECT_EQ(told, is_lost) << step;
    lost += is_lost ? 1 : 0;
  }
  EXPECT_GT(lost, 0U);
}

}  // namespace
}  // namespace fiberscope::tests
