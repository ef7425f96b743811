// What a scenario says: a caption at every step of a switch, questions, places and names that exist.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/snapshot_builder.h"
#include "tests/scenarios/scenario_run.h"

namespace fiberscope::tests {
namespace {

using core::StepIndex;

class ScenarioTexts : public testing::TestWithParam<std::string> {};

/// Function and instruction (AT&T) of every step, each once.
std::set<std::pair<std::string, std::string>> places(core::Trace& trace) {
  const emu::Disassembler disassembler;
  std::set<std::pair<std::string, std::string>> result;
  for (const core::StepTemplate& step : trace.templates()) {
    const auto decoded = disassembler.decode(emu::Address{step.address}, {step.bytes.data(), step.size});
    const auto symbol = trace.image().symbol_at(emu::Address{step.address});
    if (decoded && symbol)
      result.emplace(symbol->name, core::instruction_text(decoded->att_mnemonic, decoded->att_operands));
  }
  return result;
}

TEST_P(ScenarioTexts, HaveACaptionAtEveryStepOfASwitch) {
  ScenarioRun& run = scenario_run(GetParam());
  core::Trace& trace = *run.trace;
  const core::Scenario& scenario = run.scenario();
  const std::vector<std::string>& watched = scenario.watch.functions;
  for (const core::Switch& entry : trace.switches()) {
    // A processor that is started comes from nowhere.
    if (entry.at.empty() && entry.reason == core::SwitchReason::start) continue;
    EXPECT_TRUE(std::find(watched.begin(), watched.end(), entry.at) != watched.end())
        << "step " << entry.step.value << " switches in " << entry.at << ", which is not watched";
  }
  for (const auto& [function, instruction] : places(trace)) {
    if (std::find(watched.begin(), watched.end(), function) == watched.end()) continue;
    EXPECT_NE(scenario.caption_for(function, instruction), nullptr) << function << ": " << instruction;
  }
}

TEST_P(ScenarioTexts, FillEveryPlaceholder) {
  ScenarioRun& run = scenario_run(GetParam());
  core::Trace& trace = *run.trace;
  core::SnapshotBuilder builder(trace, &run.scenario(), "en");
  const std::vector<std::string>& watched = run.scenario().watch.functions;
  std::uint64_t looked_at = 0;
  for (std::uint64_t step = 1; step <= trace.steps().value && looked_at < 600; ++step) {
    const core::StepTemplate& ran = trace.templates()[trace.effects_of(StepIndex{step}).instruction];
    const auto symbol = trace.image().symbol_at(emu::Address{ran.address});
    if (!symbol || std::find(watched.begin(), watched.end(), symbol->name) == watched.end()) continue;
    ++looked_at;
    const std::string sentence = builder.build(StepIndex{step}).caption.sentence;
    EXPECT_FALSE(sentence.empty()) << "step " << step;
    EXPECT_EQ(sentence.find('{'), std::string::npos) << "step " << step << ": " << sentence;
    EXPECT_EQ(sentence.find("  "), std::string::npos) << "step " << step << ": " << sentence;
    EXPECT_EQ(sentence.find(" ()"), std::string::npos) << "step " << step << ": " << sentence;
  }
}

TEST_P(ScenarioTexts, SpeakOfCodeThatRuns) {
  ScenarioRun& run = scenario_run(GetParam());
  const auto ran = places(*run.trace);
  const auto runs = [&](const core::CodePlace& place) {
    if (!place.instruction.empty())
      return std::any_of(ran.begin(), ran.end(), [&](const auto& instruction) {
        return instruction.first == place.function && place.names(instruction.second);
      });
    const auto first = ran.lower_bound({place.function, ""});
    return first != ran.end() && first->first == place.function;
  };
  for (const core::CaptionText& caption : run.scenario().captions)
    EXPECT_TRUE(runs(caption.place)) << "caption of " << caption.place.function << ": " << caption.place.instruction;
  for (const core::Question& question : run.scenario().questions) {
    if (!question.place) continue;
    EXPECT_TRUE(runs(*question.place)) << "question of " << question.place->function << ": "
                                       << question.place->instruction;
  }
}

TEST_P(ScenarioTexts, AskAtLeastThreeQuestions) {
  EXPECT_GE(scenario_run(GetParam()).scenario().questions.size(), 3U);
}

TEST_P(ScenarioTexts, NameSymbolsThatExist) {
  ScenarioRun& run = scenario_run(GetParam());
  for (const std::string& name : run.scenario().watch.symbols)
    EXPECT_TRUE(run.trace->image().symbol(name).has_value()) << name;
  for (const std::string& name : run.scenario().watch.functions)
    EXPECT_TRUE(run.trace->image().symbol(name).has_value()) << name;
}

TEST_P(ScenarioTexts, BelongToANoteAndHaveASummary) {
  const core::Scenario& scenario = scenario_run(GetParam()).scenario();
  const std::set<std::string> notes = {"000", "001", "002", "003", "004"};
  EXPECT_TRUE(scenario.note && notes.contains(*scenario.note));
  EXPECT_TRUE(scenario.summary.has_value());
}

INSTANTIATE_TEST_SUITE_P(All, ScenarioTexts, testing::ValuesIn(run_names()), ScenarioRun::test_name);

}  // namespace
}  // namespace fiberscope::tests
