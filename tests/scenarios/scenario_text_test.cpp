// What a scenario says: a caption at every step of a switch, questions, places and names that exist.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/expected_end.h"
#include "core/snapshot_builder.h"
#include "core/story.h"
#include "core/switch_reason.h"
#include "tests/scenarios/scenario_run.h"

namespace fiberscope::tests {
namespace {

using core::StepIndex;

/// The instruction at this address in AT&T syntax.
std::string att_at(core::Trace& trace, emu::Address address) {
  for (const core::StepTemplate& step : trace.templates()) {
    if (step.address != address.value) continue;
    const auto decoded = emu::Disassembler().decode(address, {step.bytes.data(), step.size});
    if (decoded) return core::instruction_text(decoded->att_mnemonic, decoded->att_operands);
  }
  return {};
}

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

/// Behind a switch the first step in a function that leads away from a thread is on its way back, but for its very first
/// instruction, by which it is called.
TEST_P(ScenarioTexts, SayOnTheWayBackWhoHasTheCpuAgain) {
  ScenarioRun& run = scenario_run(GetParam());
  core::Trace& trace = *run.trace;
  core::SnapshotBuilder builder(trace, &run.scenario(), "en");
  constexpr std::uint64_t kWayBack = 40;  // steps
  for (const core::Switch& entry : trace.switches()) {
    for (std::uint64_t step = entry.step.value + 1; step <= trace.steps().value; ++step) {
      const core::Switch* last = trace.last_switch(StepIndex{step}, entry.cpu);
      if (step > entry.step.value + kWayBack || last == nullptr || last->step != entry.step) break;
      if (trace.cpu_of_step(StepIndex{step}) != entry.cpu) continue;
      const emu::Address address{trace.templates()[trace.effects_of(StepIndex{step}).instruction].address};
      const auto symbol = trace.image().symbol_at(address);
      if (!symbol || symbol->name == entry.at || !core::leads_away(symbol->name)) continue;
      const core::CaptionText* caption = run.scenario().caption_for(symbol->name, att_at(trace, address));
      if (caption == nullptr || !caption->is_about_leaving()) break;
      const std::string sentence = builder.build(StepIndex{step}).caption.sentence;
      const bool says = sentence.find("has the CPU again and is back in " + symbol->name) != std::string::npos;
      EXPECT_EQ(says, address != symbol->address) << "step " << step << ": " << sentence;
      break;
    }
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
  ASSERT_TRUE(scenario.summary.has_value());
  const bool says = scenario.summary->in("en").find("This run is meant to ") != std::string::npos;
  EXPECT_EQ(says, core::is_meant_to_fail(scenario.expected)) << "whoever is meant to go wrong says so";
}

/// Every step of that instruction: what is said, and which switch comes next or has just come.
struct Said {
  std::string sentence;
  StepIndex step;
  core::Snapshot snapshot;
};
std::vector<Said> said_at(ScenarioRun& run, const std::string& function, const std::string& instruction) {
  core::Trace& trace = *run.trace;
  core::SnapshotBuilder builder(trace, &run.scenario(), "en");
  std::vector<Said> result;
  for (StepIndex step{1}; step <= trace.steps(); step = step + 1) {
    const core::StepTemplate& ran = trace.templates()[trace.effects_of(step).instruction];
    const auto symbol = trace.image().symbol_at(emu::Address{ran.address});
    if (!symbol || symbol->name != function) continue;
    core::Snapshot snapshot = builder.build(step);
    if (snapshot.instruction->att != instruction) continue;
    std::string sentence = snapshot.caption.sentence;
    result.push_back({std::move(sentence), step, std::move(snapshot)});
  }
  return result;
}

/// Where the routine returns to the very start of a thread's first function, that thread has never run.
TEST(ScenarioMoments, AThreadsFirstRunIsCalledThat) {
  for (const char* name : {"cooperative-scheduling", "preemptive-scheduling", "one-processor", "two-processors"}) {
    ScenarioRun& run = scenario_run(name);
    const emu::Address entry = run.trace->image().symbol("thread_entry")->address;
    std::size_t first = 0;
    for (const Said& said : said_at(run, "switch_to_context", "retq")) {
      const auto scheduler = run.trace->image().symbol("scheduler_entry");
      const emu::Address rip{said.snapshot.registers[emu::Register::rip]};
      const bool begins = rip == entry || (scheduler && rip == scheduler->address);
      EXPECT_EQ(said.sentence.find("has never run") != std::string::npos, begins)
          << name << ", step " << said.step.value << ": " << said.sentence;
      first += begins ? 1 : 0;
    }
    EXPECT_GE(first, 3U) << name;
  }
}

/// Whether the timer made it leave the CPU is what the switch that follows says.
TEST(ScenarioMoments, AnInterruptedThreadIsCalledThat) {
  ScenarioRun& run = scenario_run("preemptive-scheduling");
  std::set<core::SwitchReason> reasons;
  for (const Said& said : said_at(run, "switch_to_context", "pushq %rbp")) {
    const core::Switch* next = nullptr;
    for (const core::Switch& entry : run.trace->switches())
      if (next == nullptr && entry.step > said.step) next = &entry;
    ASSERT_NE(next, nullptr);
    reasons.insert(next->reason);
    EXPECT_EQ(said.sentence.find("Still in the handler") == 0, next->reason == core::SwitchReason::timer)
        << "step " << said.step.value << ": " << said.sentence;
  }
  EXPECT_GE(reasons.size(), 3U);
}

/// Between two fibers rsp is on a context outside all stacks: two switches, one handoff and one reason.
TEST(ScenarioStory, OverNobodysStack) {
  ScenarioRun& run = scenario_run("fiber-pop-rsp");
  core::Trace& trace = *run.trace;
  const emu::Address routine = trace.image().symbol("fiber_pop_rsp")->address;
  std::size_t calls = 0;
  for (StepIndex step{1}; step <= trace.steps(); step = step + 1)
    calls += trace.templates()[trace.effects_of(step).instruction].address == routine.value ? 1 : 0;
  const std::string story = core::tell_story(trace, &run.scenario());
  EXPECT_NE(story.find(std::to_string(2 * calls) + " switches in " + std::to_string(calls) + " handoffs"),
            std::string::npos);
  EXPECT_EQ(story.find("unknown"), std::string::npos);
  EXPECT_EQ(story.find("not on its own stack"), std::string::npos) << "who leaves, leaves from there";
  EXPECT_NE(story.find("\nThis is as the scenario says.\n"), std::string::npos);
  ASSERT_EQ(trace.switches().size(), 2 * calls);
  for (std::size_t i = 0; i < trace.switches().size(); i += 2)
    EXPECT_EQ(trace.switches()[i].reason, trace.switches()[i + 1].reason);
}

INSTANTIATE_TEST_SUITE_P(All, ScenarioTexts, testing::ValuesIn(run_names()), ScenarioRun::test_name);

}  // namespace
}  // namespace fiberscope::tests
