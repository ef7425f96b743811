// The JSON of the command line is a contract: names, types, and that its parts agree with each other.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/cli/program.h"

namespace fiberscope::tests {
namespace {

using Json = nlohmann::json;

class Contract : public ::testing::Test {
 protected:
  Json json(std::vector<std::string> words, int code = 0) const {
    words.emplace_back("--json");
    const Outcome outcome = run_program(words, scratch_.path());
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return Json::parse(outcome.out);
  }
  static std::set<std::string> keys(const Json& object) {
    std::set<std::string> names;
    for (const auto& [name, value] : object.items()) names.insert(name);
    return names;
  }
  static void expect_keys(const Json& object, const std::set<std::string>& wanted) {
    for (const std::string& name : wanted)
      EXPECT_TRUE(object.contains(name)) << name << " is missing in " << object.dump().substr(0, 200);
  }
  static std::uint64_t number(const Json& text) { return std::stoull(text.get<std::string>(), nullptr, 16); }
  static bool is_word(const Json& text) {
    const auto& string = text.get_ref<const std::string&>();
    return string.size() == 18 && string.rfind("0x", 0) == 0;
  }

  ScratchFolder scratch_;
};

TEST_F(Contract, List) {
  const Json list = json({"list"});
  EXPECT_EQ(list["schema"], "fiberscope.list/1");
  ASSERT_GE(list["scenarios"].size(), 1U);
  for (const Json& scenario : list["scenarios"])
    expect_keys(scenario,
                {"name", "kind", "title", "note", "profile", "threads", "native", "ends", "fault", "explore"});
  const auto named = [&](const std::string& name) {
    for (const Json& scenario : list["scenarios"])
      if (scenario["name"] == name) return scenario;
    return Json();
  };
  EXPECT_EQ(named("switch-to-context")["ends"], "exit");
  EXPECT_EQ(named("switch-to-context")["fault"], nullptr);
  EXPECT_EQ(named("windowed-misaligned")["ends"], "fault");
  EXPECT_EQ(named("windowed-misaligned")["fault"], "#GP");
  EXPECT_EQ(named("windowed-flags-first")["ends"], "limit");
}

/// Those that are there to go wrong say so, and whether they did.
TEST_F(Contract, ARunSaysWhetherItEndedAsItsScenarioSays) {
  const auto closing = [&](const std::vector<std::string>& words, int code) {
    const Outcome outcome = run_program(words, scratch_.path());
    EXPECT_EQ(outcome.code, code) << outcome.err;
    const std::size_t at = outcome.out.rfind("This is ");
    return at == std::string::npos ? std::string() : outcome.out.substr(at);
  };
  EXPECT_EQ(closing({"run", "switch-to-context"}, 0), "This is as the scenario says.\n");
  EXPECT_EQ(closing({"run", "windowed-misaligned"}, 3), "This is as the scenario says.\n");
  EXPECT_EQ(
      closing({"run", "windowed-misaligned", "--max-steps", "100"}, 3).find("This is not as the scenario says: #GP"),
      0U);
  EXPECT_EQ(closing({"run", "interleaved-statements", "--schedule", "T3x2 T2x2 T1x2"}, 0),
            "This is as the scenario says, but with another output.\n");
  const std::string list = run_program({"list"}, scratch_.path()).out;
  EXPECT_NE(list.find("(meant to end with #GP in "), std::string::npos) << list;
  EXPECT_NE(list.find("(meant to end with its step limit)"), std::string::npos) << list;
}

TEST_F(Contract, AScheduleIsFollowedOrRefused) {
  const Json run = json({"run", "interleaved-statements", "--schedule", "T3x2 T2x2 T1x2"});
  EXPECT_EQ(run["stdout"].get<std::string>().find("order zzyyxx"), 0U);
  const auto refused = [&](const std::vector<std::string>& words, const std::string& why) {
    const Outcome outcome = run_program(words, scratch_.path());
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err.find(why), std::string::npos) << outcome.err;
  };
  refused({"run", "interleaved-statements", "--schedule", "T1x1 T9x1"}, "turn 2 of the schedule is thread 9's");
  refused({"run", "interleaved-statements", "--schedule", "T1"}, "'T1' is no item");
  refused({"run", "userthread-library", "--schedule", "T1x1"}, "a schedule is for bare guests");
  refused({"run", "fiber-swtch", "--schedule", "T1x1"}, "the guest asked 0 times");
}

TEST_F(Contract, ShowNamesTheContextsThatAreAskedFor) {
  const Json show = json({"show", "userthread-jmp-buf", "--step", "12090", "--contexts"});
  ASSERT_FALSE(show["contexts"].empty());
  for (const Json& object : show["contexts"]) {
    expect_keys(object, {"kind", "name", "type", "address", "size", "alignment", "thread", "built_by_hand", "fields"});
    for (const Json& field : object["fields"])
      expect_keys(field, {"name", "offset", "address", "size", "value", "text", "demangled", "meaning", "written_at",
                          "changed"});
  }
  EXPECT_FALSE(json({"show", "userthread-jmp-buf", "--step", "1"}).contains("contexts"));
}

TEST_F(Contract, RunOfTheFirstScenario) {
  const Json run = json({"run", "switch-to-context", "-o", "run.fscope"});
  expect_keys(run, {"schema", "complete", "exit", "profile", "trace", "steps", "stdout", "stdout_base64", "threads",
                    "switches", "handoffs", "findings"});
  EXPECT_EQ(run["schema"], "fiberscope.run/1");
  EXPECT_EQ(run["complete"], true);
  EXPECT_EQ(run["exit"]["reason"], "exit");
  EXPECT_EQ(run["exit"]["code"], 0);
  EXPECT_EQ(run["trace"], "run.fscope");
  EXPECT_GE(run["switches"].size(), 12U);
  ASSERT_EQ(run["threads"].size(), 3U);
  std::uint64_t switches_in = 0;
  for (const Json& thread : run["threads"]) {
    expect_keys(thread, {"id", "name", "kind", "state", "stack", "switches_in"});
    EXPECT_TRUE(is_word(thread["stack"]["low"]) && is_word(thread["stack"]["high"]));
    switches_in += thread["switches_in"].get<std::uint64_t>();
  }
  EXPECT_EQ(switches_in, run["switches"].size());
  // Who left is who had come: the switches form one chain, from main on.
  Json on_cpu = 0;
  for (const Json& entry : run["switches"]) {
    expect_keys(entry, {"step", "from", "to", "reason", "at", "address"});
    EXPECT_EQ(entry["from"], on_cpu);
    on_cpu = entry["to"];
  }
  EXPECT_EQ(json({"run", "switch-to-context"})["trace"], nullptr);
}

TEST_F(Contract, ShowAtEachSwitch) {
  const Json run = json({"run", "switch-to-context", "-o", "run.fscope"});
  std::map<int, std::pair<std::uint64_t, std::uint64_t>> stacks;
  for (const Json& thread : run["threads"])
    stacks[thread["id"]] = {number(thread["stack"]["low"]), number(thread["stack"]["high"])};
  const auto inside = [&](const Json& value, const Json& thread) {
    return number(value) >= stacks.at(thread).first && number(value) < stacks.at(thread).second;
  };
  for (const Json& entry : run["switches"]) {
    const Json show = json({"show", "run.fscope", "--step", std::to_string(entry["step"].get<std::uint64_t>())});
    expect_keys(show, {"schema", "step", "steps", "cpu", "thread", "on_cpu", "instruction", "next", "caption",
                       "registers", "flags", "changed", "rsp_thread", "rbp_thread", "threads", "stacks"});
    EXPECT_EQ(show["schema"], "fiberscope.show/1");
    EXPECT_TRUE(inside(show["registers"]["rsp"], entry["to"]));
    EXPECT_TRUE(inside(show["registers"]["rbp"], entry["from"]));
    EXPECT_EQ(show["rsp_thread"], entry["to"]);
    EXPECT_EQ(show["rbp_thread"], entry["from"]);
    EXPECT_EQ(show["instruction"]["address"], entry["address"]);
    EXPECT_EQ(show["next"]["address"], show["registers"]["rip"]);
    EXPECT_EQ(show["registers"]["xmm"].size(), 16U);
    for (const Json& stack : show["stacks"]) {
      expect_keys(stack, {"thread", "low", "high", "rsp", "omitted", "chain", "cells", "frames"});
      EXPECT_EQ(stack["chain"]["complete"], true);
      for (const Json& frame : stack["frames"])
        expect_keys(frame, {"function", "frame_base", "saved_rbp", "return_address", "return_symbol", "method"});
      std::uint64_t above = number(stack["high"]);
      for (const Json& cell : stack["cells"]) {
        expect_keys(cell, {"address", "size", "value", "role", "symbol", "live", "frame", "written_at"});
        EXPECT_EQ(number(cell["address"]) + cell["size"].get<std::uint64_t>(), above);
        above = number(cell["address"]);
      }
    }
  }
}

TEST_F(Contract, AtTheStartNothingHasRun) {
  const Json show = json({"show", "switch-to-context", "--step", "0"});
  EXPECT_EQ(show["instruction"], nullptr);
  EXPECT_EQ(show["thread"], nullptr);
  EXPECT_EQ(show["changed"], Json::array());
  EXPECT_EQ(show["on_cpu"], 0);
  EXPECT_EQ(show["next"]["symbol"], "_start");
}

TEST_F(Contract, ARunThatIsCutShortSaysSo) {
  const Json run = json({"run", "switch-to-context", "--max-steps", "100"}, 3);
  EXPECT_EQ(run["complete"], false);
  EXPECT_EQ(run["exit"]["reason"], "limit");
  EXPECT_EQ(run["exit"]["code"], nullptr);
  EXPECT_EQ(run["steps"], 100);
}

TEST_F(Contract, CostOfTheFirstScenario) {
  const Json run = json({"run", "switch-to-context", "-o", "run.fscope"});
  const Json cost = json({"cost", "run.fscope"});
  expect_keys(
      cost, {"schema", "name", "note", "profile", "complete", "summary", "switches", "model", "budget", "comparison"});
  EXPECT_EQ(cost["schema"], "fiberscope.cost/1");
  EXPECT_EQ(cost["complete"], true);
  EXPECT_EQ(cost["budget"], nullptr);  // it is note 001's
  EXPECT_EQ(cost["summary"]["routine_steps"], (Json{{"min", 16}, {"median", 16}, {"max", 16}}));
  ASSERT_EQ(cost["switches"].size(), run["switches"].size());
  for (std::size_t i = 0; i < cost["switches"].size(); ++i) {
    const Json& entry = cost["switches"][i];
    expect_keys(entry,
                {"first", "last", "complete", "from", "to", "reason", "by_interrupt", "first_run", "stack_switches",
                 "steps", "routine_steps", "kernel_entries", "kernel_steps", "saved_words", "phases", "model"});
    EXPECT_EQ(entry["stack_switches"], Json::array({run["switches"][i]["step"]}));
    EXPECT_EQ(entry["from"], run["switches"][i]["from"]);
    std::uint64_t steps = 0;
    for (const auto& [name, phase] : entry["phases"].items()) {
      expect_keys(phase, {"steps", "reads", "writes", "bytes_read", "bytes_written", "model"});
      steps += phase["steps"].get<std::uint64_t>();
    }
    EXPECT_EQ(entry["steps"], steps);
  }
  for (const char* policy : {"same_space", "full_flush", "pcid"})
    EXPECT_EQ(cost["model"]["tlb"][policy].size(), run["switches"].size()) << policy;
  EXPECT_EQ(cost, json({"cost", "switch-to-context"}));
}

TEST_F(Contract, CompareHasOneValueARun) {
  json({"run", "switch-to-context", "-o", "run.fscope"});
  const Json compare = json({"compare", "run.fscope", "switch-to-context"});
  EXPECT_EQ(compare["schema"], "fiberscope.compare/1");
  ASSERT_EQ(compare["targets"].size(), 2U);
  const Json cost = json({"cost", "run.fscope"});
  ASSERT_EQ(compare["rows"].size(), cost["summary"].size());
  for (const Json& row : compare["rows"]) {
    expect_keys(row, {"key", "label", "model", "values"});
    ASSERT_EQ(row["values"].size(), 2U);
    EXPECT_EQ(row["values"][0], row["values"][1]) << row["key"];
    EXPECT_EQ(row["values"][0], cost["summary"][row["key"].get<std::string>()]);
  }
}

TEST_F(Contract, CostOfARunThatWasCutShortIsIncomplete) {
  const Json run = json({"run", "switch-to-context", "--max-steps", "1000", "-o", "cut.fscope"}, 3);
  EXPECT_EQ(json({"cost", "cut.fscope"}, 3)["complete"], false);
  const Json compare = json({"compare", "switch-to-context", "cut.fscope"}, 3);
  EXPECT_EQ(compare["targets"][0]["complete"], true);
  EXPECT_EQ(compare["targets"][1]["complete"], false);
}

TEST_F(Contract, JsonLinesHaveOneStepLineAStep) {
  const Outcome outcome = run_program({"export", "switch-to-context", "--format", "jsonl"}, scratch_.path());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::uint64_t steps = 0;
  std::size_t begin = 0;
  for (std::size_t end; (end = outcome.out.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const Json line = Json::parse(outcome.out.substr(begin, end - begin));
    if (line["kind"] != "step") continue;
    EXPECT_EQ(line["step"], ++steps);
  }
  EXPECT_EQ(steps, json({"run", "switch-to-context"})["steps"]);
}

TEST_F(Contract, VersionAndHelpAreNoErrors) {
  EXPECT_EQ(run_program({"--help"}, scratch_.path()).code, 0);
  EXPECT_EQ(run_program({"--version"}, scratch_.path()).code, 0);
  for (const char* command : {"open", "list", "run", "show", "cost", "compare", "export", "screenshot"})
    EXPECT_EQ(run_program({command, "--help"}, scratch_.path()).code, 0) << command;
}

}  // namespace
}  // namespace fiberscope::tests
