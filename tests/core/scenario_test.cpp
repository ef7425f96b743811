#include "core/scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "core/builtin_files.h"

namespace fiberscope::core {
namespace {

const std::string kGood = R"toml(name = "two-threads"
profile = "bare"
image = "two_threads.elf"
threads = ["main", "other"]
max_steps = 100

[title]
en = "Two threads"
es = "Dos hilos"

[expected]
exit_code = 3
stdout = "ok\n"

[[caption]]
function = "f"
instruction = "movq  %rsp,(%rdi)"
en = "{value} to {cell}"

[[caption]]
function = "f"
en = "in f"

[[question]]
[question.ask]
en = "Why?"
[question.answer]
en = "Because."
)toml";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "the test replaces what is not there: " << from;
  return text.replace(at, from.size(), to);
}

/// The message for the good scenario with one change.
std::string message_after(std::string_view from, std::string_view to) {
  const auto scenario = parse_scenario(replaced(kGood, from, to), "two.toml");
  return scenario.ok() ? "no error" : scenario.error().message;
}

TEST(ParseScenario, SaysHowALinuxProgramIsRun) {
  const std::string text = replaced(replaced(kGood, "\"bare\"", "\"linux\""), "[expected]",
                                    "[run]\nquantum = 500\narguments = [\"3\", \"fast\"]\n\n[expected]");
  const auto scenario = parse_scenario(text, "two.toml");
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  EXPECT_EQ(scenario->run.quantum, 500U);
  EXPECT_EQ(scenario->run.arguments, (std::vector<std::string>{"3", "fast"}));
  EXPECT_FALSE(parse_scenario(kGood, "two.toml")->run.quantum);
  EXPECT_NE(message_after("[expected]", "[run]\nquantum = 5\n[expected]").find("'quantum' is for profile"),
            std::string::npos);
  EXPECT_NE(message_after("[expected]", "[run]\narguments = [\"x\"]\n[expected]").find("'arguments' is for profile"),
            std::string::npos);
  EXPECT_NE(message_after("[expected]", "[run]\nquantums = 5\n[expected]").find("quantum"), std::string::npos);
}

TEST(ParseScenario, ACaptionMayHoldAtSomeStepsOnly) {
  const std::string first =
      "[[caption]]\nfunction = \"f\"\nwhen = \"first-run\"\nen = \"the first time\"\n\n[[question]]";
  const std::string struck =
      "[[caption]]\nfunction = \"f\"\ninstruction = \"retq\"\nwhen = \"interrupted\"\nen = \"struck\"\n\n"
      "[[caption]]\nfunction = \"f\"\ninstruction = \"retq\"\nen = \"returns\"\n\n"
      "[[caption]]\nfunction = \"f\"\nwhen = \"back\"\nen = \"here again\"\n\n"
      "[[caption]]\nfunction = \"thread_yield\"\nen = \"gives way\"\n\n[[question]]";
  const auto scenario =
      parse_scenario(replaced(replaced(kGood, "[[question]]", first), "[[question]]", struck), "t.toml");
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  const auto text = [&](std::string_view instruction, CaptionMoment moment) {
    return scenario->caption_for("f", instruction, moment)->text.in("en");
  };
  EXPECT_EQ(text("nop", {}), "in f");
  EXPECT_EQ(text("nop", {.first_run = true}), "the first time");
  EXPECT_EQ(text("nop", {.interrupted = true}), "in f");
  EXPECT_EQ(text("nop", {.back = true}), "here again");
  EXPECT_EQ(text("nop", {.interrupted = true, .back = true}), "here again") << "f has none for interrupted";
  EXPECT_EQ(text("nop", {.first_run = true, .back = true}), "the first time");
  EXPECT_EQ(text("retq", {.back = true}), "returns");
  EXPECT_TRUE(scenario->caption_varies("thread_yield", "nop")) << "on the way back it would be false";
  EXPECT_EQ(text("retq", {}), "returns");
  EXPECT_EQ(text("retq", {.interrupted = true}), "struck");
  EXPECT_EQ(text("retq", {.first_run = true}), "returns") << "the instruction's own goes before the function's";
  EXPECT_TRUE(scenario->caption_varies("f", "nop"));
  EXPECT_FALSE(scenario->caption_varies("g", "nop"));
  EXPECT_FALSE(parse_scenario(kGood, "t.toml")->caption_varies("f", "nop"));
  EXPECT_NE(message_after("en = \"in f\"", "when = \"later\"\nen = \"in f\"").find("there is no moment 'later'"),
            std::string::npos);
  EXPECT_NE(message_after("en = \"in f\"", "when = \"first-run\"\nen = \"in f\"").find("some of its steps only"),
            std::string::npos);
}

TEST(ParseScenario, ReadsEveryKey) {
  const auto parsed = parse_scenario(kGood, "two.toml");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const Scenario& scenario = *parsed;
  EXPECT_EQ(scenario.name, "two-threads");
  EXPECT_FALSE(scenario.note.has_value());
  EXPECT_EQ(scenario.profile, Profile::bare);
  EXPECT_EQ(scenario.image, "two_threads.elf");
  EXPECT_FALSE(scenario.native);
  EXPECT_EQ(scenario.threads, (std::vector<std::string>{"main", "other"}));
  EXPECT_EQ(scenario.max_steps, 100u);
  EXPECT_EQ(scenario.title.in("es"), "Dos hilos");
  EXPECT_EQ(scenario.title.in("zh"), "Two threads");
  EXPECT_EQ(scenario.expected.exit_code, 3);
  EXPECT_EQ(scenario.expected.output, "ok\n");
  ASSERT_EQ(scenario.questions.size(), 1u);
  EXPECT_EQ(scenario.questions[0].answer.in("en"), "Because.");
  EXPECT_FALSE(scenario.questions[0].place.has_value());
}

TEST(ParseScenario, FindsTheCaptionOfAnInstruction) {
  const auto scenario = parse_scenario(kGood, "two.toml");
  ASSERT_TRUE(scenario.ok());
  const CaptionText* own = scenario->caption_for("f", "movq %rsp, (%rdi)");
  ASSERT_NE(own, nullptr);
  EXPECT_EQ(own->text.in("en"), "{value} to {cell}");
  const CaptionText* general = scenario->caption_for("f", "retq");
  ASSERT_NE(general, nullptr);
  EXPECT_EQ(general->text.in("en"), "in f");
  EXPECT_EQ(scenario->caption_for("g", "retq"), nullptr);
}

TEST(ParseScenario, SaysWhereAndWhat) {
  EXPECT_EQ(message_after("max_steps = 100", "max_stesp = 100"),
            "two.toml:5:1: unknown key 'max_stesp' in the scenario; did you mean 'max_steps'?");
  EXPECT_EQ(message_after("image = \"two_threads.elf\"", "image = 7"),
            "two.toml:3:9: 'image' in the scenario must be a text (\"…\"), not a whole number");
  EXPECT_EQ(message_after("exit_code = 3\n", ""),
            "two.toml:11:1: [expected] lacks the key 'exit_code', which is a whole number; add it");
  EXPECT_EQ(message_after("profile = \"bare\"", "profile = \"bear\""),
            "two.toml:2:11: there is no profile 'bear'; expected \"bare\" or \"linux\"");
  EXPECT_EQ(message_after("{cell}", "{cel}").substr(0, 74),
            "two.toml:18:6: unknown placeholder '{cel}'; did you mean 'cell'? Known: rs");
  EXPECT_EQ(message_after("[[question]]", "colour = \"red\"\n[[question]]").substr(0, 56),
            "two.toml:24:1: unknown key 'colour' in [[caption]]. Know");
  EXPECT_EQ(message_after("threads = [\"main\", \"other\"]", "threads = [\"main\", 2]").substr(0, 61),
            "two.toml:4:20: 'threads' in the scenario must be an array of ");
  EXPECT_EQ(message_after("two-threads", "Two Threads").substr(0, 16), "two.toml:1:8: 'T");
  EXPECT_EQ(message_after("instruction = \"movq  %rsp,(%rdi)\"\n", "").substr(0, 48),
            "two.toml:20:12: a second caption for '' of f; ke");
  EXPECT_EQ(message_after("max_steps = 100", "max_steps = 0").substr(0, 41),
            "two.toml:5:13: 'max_steps' is 0; expected");
}

TEST(ParseScenario, BadTomlHasAPlaceToo) {
  const std::string message = message_after("max_steps = 100", "max_steps = = 100");
  EXPECT_EQ(message.substr(0, 14), "two.toml:5:13:") << message;
  EXPECT_NE(message.find("not valid TOML"), std::string::npos) << message;
}

TEST(ParseScenario, NoPrefixOfAScenarioCrashes) {
  for (std::size_t size = 0; size < kGood.size(); ++size) {
    const auto parsed = parse_scenario(std::string_view(kGood).substr(0, size), "cut.toml");
    if (parsed.ok()) continue;
    EXPECT_EQ(parsed.error().message.substr(0, 9), "cut.toml:") << parsed.error().message;
  }
}

constexpr const char* kLesson = R"(name = "lesson"
[title]
en = "Lesson"
[explore]
program = "peterson.c"
cpus = "one"
asserts = ["count==2", "turn<2"]
sync = ["turn"]
[expected]
outcomes = 2
violated = ["turn<2"]
races = ["want[1]", "count"]
[[question]]
ask = { en = "Why?" }
answer = { en = "So." }
)";

std::string lesson_with(const std::string& part, const std::string& instead) {
  std::string text = kLesson;
  const std::size_t at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return text.replace(at, part.size(), instead);
}

TEST(ParseLesson, TakesQuestionAndVerdict) {
  const auto scenario = parse_scenario(kLesson, "lesson.toml");
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  ASSERT_TRUE(scenario->lesson.has_value());
  const auto& [question, expected] = *scenario->lesson;
  EXPECT_EQ(question.target, "peterson.c");
  EXPECT_EQ(question.cpus, "one");
  EXPECT_EQ(question.memory, "");
  EXPECT_EQ(question.assertions, (std::vector<std::string>{"count==2", "turn<2"}));
  EXPECT_EQ(question.sync, (std::vector<std::string>{"turn"}));
  EXPECT_EQ(expected.outcomes, 2u);
  EXPECT_EQ(expected.violated, (std::vector<std::string>{"turn<2"}));
  EXPECT_EQ(expected.races, (std::vector<std::string>{"count", "want[1]"}));
  EXPECT_EQ(expected.deadlocks, 0u);
  EXPECT_EQ(scenario->questions.size(), 1u);
}

TEST(ParseLesson, SaysWhatIsWrongWithIt) {
  const auto error = [](const std::string& text) {
    const auto scenario = parse_scenario(text, "l.toml");
    return scenario ? std::string("nothing") : scenario.error().message;
  };
  EXPECT_EQ(error(lesson_with("program = \"peterson.c\"", "program = \"peterson.c\"\nthreads = [\"x=1\", \"x=2\"]")),
            "l.toml:6:11: [explore] has either 'program', the name of a .c, .S or .litmus file, or 'threads', typed "
            "statements");
  EXPECT_NE(error(lesson_with("program = \"peterson.c\"", "")).find("has either 'program'"), std::string::npos);
  EXPECT_NE(error(lesson_with("peterson.c", "asm/peterson.c")).find("has a folder"), std::string::npos);
  EXPECT_NE(error(lesson_with("outcomes = 2", "")).find("lacks the key 'outcomes'"), std::string::npos);
  EXPECT_NE(error(lesson_with("outcomes = 2", "outcomes = -2")).find("expected 0 or more"), std::string::npos);
  EXPECT_NE(error(lesson_with("[\"turn<2\"]", "[\"turn<3\"]")).find("none of the 'asserts'"), std::string::npos);
  EXPECT_NE(error(lesson_with("outcomes = 2", "outcomes = 2\nobservation = \"Never\"")).find("for a litmus test"),
            std::string::npos);
  EXPECT_NE(error(lesson_with("peterson.c", "sb.litmus")).find("lacks the key 'observation'"), std::string::npos);
  EXPECT_NE(error(lesson_with("outcomes = 2", "outcomes = 2\nschedules = \"many\"")).find("decimal digits"),
            std::string::npos);
  EXPECT_NE(error(lesson_with("cpus = ", "cpu = ")).find("unknown key 'cpu'"), std::string::npos);
  EXPECT_NE(error(lesson_with("[title]", "image = \"x.elf\"\n[title]")).find("unknown key 'image'"), std::string::npos);
  EXPECT_NE(error(lesson_with("ask = ", "function = \"main\"\nask = ")).find("has no place"), std::string::npos);
}

TEST(FindScenario, OffersNearNames) {
  const auto missing = find_scenario("swich-to-context");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message,
            "no scenario 'swich-to-context'; did you mean 'switch-to-context'? `fiberscope list` shows all");
  const auto strange = find_scenario("zzz");
  ASSERT_FALSE(strange.ok());
  EXPECT_EQ(strange.error().message, "no scenario 'zzz'; `fiberscope list` shows all");
}

TEST(FillPlaceholders, ReplacesWhatItKnows) {
  const auto value = [](std::string_view name) { return std::string("<").append(name).append(">"); };
  EXPECT_EQ(fill_placeholders("{to}'s {rsp}, {else} and {", value), "<to>'s <rsp>, {else} and {");
  EXPECT_EQ(fill_placeholders("", value), "");
}

class BuiltinScenario : public testing::TestWithParam<std::string> {};

TEST_P(BuiltinScenario, IsReadableAndComplete) {
  const auto scenario = find_scenario(GetParam());
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  EXPECT_EQ(scenario->name, GetParam());
  EXPECT_GE(scenario->questions.size(), 3u);
  if (scenario->lesson) {
    const std::string& program = scenario->lesson->question.target;
    EXPECT_TRUE(program.empty() || builtin_file("asm/interleavings/" + program).has_value()) << program;
    return;
  }
  const auto image = builtin_file("images/" + scenario->image);
  ASSERT_TRUE(image.has_value()) << scenario->image;
  ASSERT_GT(image->size(), 64u);
  EXPECT_EQ(std::string(image->begin(), image->begin() + 4),
            "\x7f"
            "ELF");
  EXPECT_FALSE(scenario->expected.output.empty());
}

INSTANTIATE_TEST_SUITE_P(All, BuiltinScenario, testing::ValuesIn(scenario_names()), [](const auto& test_info) {
  std::string name = test_info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(SwitchToContext, EveryInstructionHasItsOwnCaption) {
  const auto scenario = find_scenario("switch-to-context");
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  const auto source = builtin_text("asm/runtime/switch_to_context.S");
  ASSERT_TRUE(source.has_value());
  int instructions = 0;
  std::size_t begin = source->find("switch_to_context:\n");
  ASSERT_NE(begin, std::string_view::npos);
  while (begin < source->size()) {
    const std::size_t end = std::min(source->find('\n', begin), source->size());
    const std::string_view line = source->substr(begin, end - begin);
    begin = end + 1;
    if (line.find_first_of(".:/") != std::string_view::npos || line.find_first_not_of(' ') == std::string_view::npos)
      continue;
    ++instructions;
    const CaptionText* caption = scenario->caption_for("switch_to_context", line);
    ASSERT_NE(caption, nullptr) << line;
    EXPECT_FALSE(caption->place.instruction.empty()) << line;
  }
  EXPECT_EQ(instructions, 16);
}

TEST(BuiltinFiles, AreTheWholeFiles) {
  const auto names = builtin_file_names();
  EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size());
  for (const std::string_view name : names) {
    const auto bytes = builtin_file(name);
    ASSERT_TRUE(bytes.has_value()) << name;
    EXPECT_FALSE(bytes->empty()) << name;
  }
  const auto header = builtin_text("asm/runtime/tcb.h");
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->substr(0, 2), "/*");
  EXPECT_EQ(header->substr(header->size() - 7), "#endif\n");
  EXPECT_FALSE(builtin_file("asm/runtime").has_value());
  EXPECT_FALSE(builtin_file("").has_value());
}

TEST(Scenario, OfAReplaySaysWhatItsScheduleIsOneOf) {
  const std::string replay = kGood + R"toml(
[watch]
updates = ["x", "y"]

[explored]
lowering = "textbook"
scheduler = "rr=2"
cpus = "one"
memory = "sc"
)toml";
  const auto scenario = parse_scenario(replay, "replay.toml");
  ASSERT_TRUE(scenario) << scenario.error().message;
  EXPECT_EQ(scenario->watch.updates, (std::vector<std::string>{"x", "y"}));
  ASSERT_TRUE(scenario->explored);
  EXPECT_EQ(scenario->explored->lowering, "textbook");
  EXPECT_EQ(scenario->explored->scheduler, "rr=2");
  EXPECT_EQ(scenario->explored->cpus, "one");
  EXPECT_EQ(scenario->explored->memory, "sc");
  EXPECT_FALSE(parse_scenario(kGood, "good.toml")->explored);
  const auto incomplete = parse_scenario(kGood + "\n[explored]\nlowering = \"O0\"\n", "replay.toml");
  ASSERT_FALSE(incomplete);
  EXPECT_NE(incomplete.error().message.find("scheduler"), std::string::npos) << incomplete.error().message;
}

}  // namespace
}  // namespace fiberscope::core
