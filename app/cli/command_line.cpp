#include "app/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/commands.h"
#include "app/cli/exit_code.h"
#include "core/explored_target.h"
#include "core/figure.h"
#include "core/trimmed.h"
#include "core/whole_number.h"
#include "core/worker.h"
#include "emu/machine.h"

namespace fiberscope::app {
namespace {

constexpr std::array<std::string_view, 9> kCommands = {"open",    "list",    "run",    "show",      "cost",
                                                       "compare", "explore", "export", "screenshot"};
constexpr const char* kTargetHelp =
    "a scenario (`fiberscope list`), a scenario file (.toml), a bare image (.elf) or a recorded trace (.fscope)";
constexpr const char* kShownHelp =
    "a scenario (`fiberscope list`), a scenario file (.toml), a bare image (.elf), a recorded trace (.fscope), or "
    "threads to explore (.c, .S, .litmus)";

constexpr const char* kChooseHelp =
    "choose by hand who runs next, behind these turns (as `run --schedule`; \"\" for none yet)";
constexpr const char* kRunnableHelp =
    "a scenario (`fiberscope list`), a scenario file (.toml), a bare image or a static Linux program (.elf); with "
    "--schedule a .c or .S file of threads";

/// A whole number of steps, with a message that says so.
CLI::Validator step_count(std::uint64_t least) {
  return CLI::Validator(
      [least](const std::string& text) {
        std::uint64_t value = 0;
        return core::read_whole_number(text, value) && value >= least
                   ? std::string()
                   : fmt::format("expected a whole number from {} on, not '{}'", least, text);
      },
      "STEPS");
}

/// Something that can be a schedule: nothing is none.
CLI::Validator schedule_text() {
  return CLI::Validator(
      [](const std::string& text) {
        return core::trimmed(text).empty() ? "expected items like \"T1x2 T2x4\", and this is empty" : std::string();
      },
      "SCHEDULE");
}

/// A question for the exploration in the window: asked with --explore, or by the target itself.
struct AskedQuestion {
  bool asked = false;
  ExploreQuestion question;

  void add(CLI::App& command) {
    command.add_flag("--explore", asked,
                     "all interleavings of the --thread options; needless for a scenario that asks for them and for a "
                     ".c, .S or .litmus file");
    const auto word = [&](const char* name, std::string& value, const char* help) {
      command.add_option(name, value, help);
    };
    const auto list = [&](const char* name, std::vector<std::string>& values, const char* help) {
      command.add_option(name, values, help)->allow_extra_args(false);
    };
    list("--thread", question.threads, "as in `fiberscope explore`");
    word("--init", question.initial, "likewise");
    word("--lowering", question.lowering, "likewise");
    word("--scheduler", question.scheduler, "likewise");
    word("--cpus", question.cpus, "likewise");
    word("--memory", question.memory, "likewise");
    list("--assert", question.assertions, "likewise");
    list("--sync", question.sync, "likewise");
  }
  /// Why its words would mean nothing; empty where they mean something. `target`: where one was named.
  [[nodiscard]] std::string problem(const std::string& target) const {
    if (!target.empty() && !question.threads.empty())
      return fmt::format("{} or --thread: only one of them can be explored", target);
    if (!asked && question != ExploreQuestion{} && !core::is_explored(target))
      return "--thread, --init, --lowering, --scheduler, --cpus, --memory, --assert and --sync need --explore";
    return {};
  }
  /// `target`: where one was named.
  [[nodiscard]] std::optional<AskedExploration> get(const std::string& target) const {
    if (!asked && !core::is_explored(target)) return std::nullopt;
    AskedExploration exploration;
    if (target.empty()) {
      ExploreQuestion said = question;
      if (said.threads.empty()) said.threads = typical_question().threads;
      exploration.question = with_defaults(std::move(said));
      return exploration;
    }
    exploration.question.target = target;  // what is wrong with it is shown in the window
    if (auto known = core::explored_target(target)) {
      exploration.question = std::move(known->question);
      exploration.lesson = std::move(known->lesson);
    }
    exploration.question = with_defaults(with_words(std::move(exploration.question), question));
    return exploration;
  }
};
void add_processors(CLI::App& command, core::ProcessorChoice& choice) {
  command.add_option("--processors", choice.processors, "run on so many, 1 … 8 (a bare machine)")
      ->check(CLI::Range(1U, emu::kMostChosenProcessors));
  command.add_option("--seed", choice.seed, "of the order in which several processors take turns; 0: one step each");
}

struct Parsed {
  ListOptions list;
  RunOptions run;
  ShowOptions show;
  CostOptions cost;
  CompareOptions compare;
  ExploreOptions explore;
  ExportOptions exporting;
  ScreenshotOptions screenshot;
  OpenOptions open;
  AskedQuestion explore_open;
  AskedQuestion explore_picture;
};

void add_open(CLI::App& app, OpenOptions& options, AskedQuestion& explore) {
  CLI::App* command = app.add_subcommand("open", "Show a run in the window");
  command->add_option("target", options.target, kShownHelp)->default_val("switch-to-context");
  command
      ->add_option("--step", options.step,
                   "the cursor to begin at (default: 0; of a replay, where its first statement begins)")
      ->check(step_count(0));
  command->add_flag("--play", options.play, "begin playing");
  command->add_option("-o,--output", options.trace_path, "keep the trace in this .fscope file");
  command->add_option("--choose", options.choose, kChooseHelp);
  command->add_option("--theme", options.theme, "dark or light")->check(CLI::IsMember({"dark", "light"}));
  command->add_option("--syntax", options.syntax, "intel or att")->check(CLI::IsMember({"intel", "att"}));
  command->add_option("--lang", options.language, "en, es, fr or zh")
      ->check(CLI::IsMember({"en", "es", "fr", "zh"}))
      ->capture_default_str();
  command->add_option("--size", options.size, "of the window, WIDTHxHEIGHT")->capture_default_str();
  explore.add(*command);
  command
      ->add_option("--path", options.schedule,
                   "of an exploration: the schedule that is shown at first, T1x2 T2x4 (default: a witness)")
      ->check(schedule_text());
  command->add_flag("--report-state", options.report_state,
                    "print the window's state as a line of JSON when it changes, and when it closes");
  add_processors(*command, options.choice);
}

void add_list(CLI::App& app, ListOptions& options) {
  CLI::App* command = app.add_subcommand("list", "Name the scenarios");
  command->add_flag("--json", options.json, "as fiberscope.list/1");
}

void add_run(CLI::App& app, RunOptions& options) {
  CLI::App* command = app.add_subcommand("run", "Run and record a target, and tell what happened");
  command->footer("Behind `--` stand the arguments of a Linux program: fiberscope run ./program -- one two");
  command->add_option("target", options.target, kRunnableHelp)->required();
  command->add_option("-o,--output", options.trace_path, "keep the trace in this .fscope file");
  command->add_option("--max-steps", options.max_steps, "stop after so many steps (default: the target's own limit)")
      ->check(step_count(1));
  command->add_option(
      "--schedule", options.schedule,
      "who runs next, wherever a bare guest's scheduler asks: \"T1x2 T2x1\" is thread 1 twice, then "
      "thread 2; behind its end the guest decides. Of a program of threads, and of a scenario about all "
      "interleavings: how many of whose steps run in turn");
  command->add_flag("--json", options.json, "as fiberscope.run/1");
  add_processors(*command, options.choice);
}

void add_show(CLI::App& app, ShowOptions& options) {
  CLI::App* command = app.add_subcommand("show", "Print everything about one moment: registers, stacks, chains");
  command->add_option("target", options.target, kTargetHelp)->required();
  command->add_option("--step", options.step, "the state after so many steps; 0 is the start")
      ->required()
      ->check(step_count(0));
  command->add_flag("--contexts", options.contexts, "with the structures and frames that a switch saves into");
  command->add_flag("--json", options.json, "as fiberscope.show/1");
  add_processors(*command, options.choice);
}

void add_cost(CLI::App& app, CostOptions& options) {
  CLI::App* command = app.add_subcommand("cost", "Count what each switch did: steps, bytes, accesses, kernel entries");
  command->add_option("target", options.target, kTargetHelp)->required();
  command->add_flag("--json", options.json, "as fiberscope.cost/1");
  add_processors(*command, options.choice);
}

void add_compare(CLI::App& app, CompareOptions& options) {
  CLI::App* command = app.add_subcommand("compare", "Put what the switches of two runs cost side by side");
  command->add_option("target", options.target, kTargetHelp)->required();
  command->add_option("other", options.other, "the other one, likewise")->required();
  command->add_flag("--json", options.json, "as fiberscope.compare/1");
}

void add_explore(CLI::App& app, ExploreOptions& options) {
  core::explore::ExploreRequest& request = options.request;
  CLI::App* command = app.add_subcommand(
      "explore", "Tell everything that can happen: all outcomes of all interleavings, counted exactly");
  command->footer(
      "What is counted, and how the code is made: docs/interleavings.md. For instance\n"
      "  fiberscope explore --thread \"x=x+1; y=y+x\" --thread \"x=x+1; y=y+x\"");
  command->add_option(
      "target", request.target,
      "a scenario that asks for it (`fiberscope list`), or a .c, .S or .litmus file with 2 to 8 threads");
  command->add_option("--thread", request.threads, "statements of a thread; once for each thread")
      ->allow_extra_args(false);
  command->add_option("--init", request.initial, "what variables hold at first, x=0,y=1 (default: 0)");
  command->add_option("--lowering", request.lowering, "statement, textbook (default for typed threads), O0 or O2");
  command->add_option("--scheduler", request.scheduler, "any (default), rr, or rr=Q");
  command->add_option("--cpus", request.cpus, "one or many (default: many for .litmus and tso)");
  command->add_option("--memory", request.memory, "sc or tso (default: tso for .litmus)");
  command->add_option("--assert", request.assertions, "a condition on the final values; may be given again")
      ->allow_extra_args(false);
  command->add_option("--sync", request.sync, "a variable that is accessed for synchronisation; may be given again")
      ->allow_extra_args(false);
  command->add_option("--max-states", request.limits.max_states, "stop after so many states")
      ->check(step_count(1))
      ->capture_default_str();
  command->add_option("--max-memory", options.max_memory, "stop where the states take so many MiB")
      ->check(step_count(1))
      ->capture_default_str();
  command
      ->add_option("--progress", options.progress,
                   "a line on standard error every so many milliseconds (default: 200 on a terminal, else 5000)")
      ->check(step_count(1));
  command
      ->add_option(
          "--path", request.path,
          "tell what one schedule comes to, items like \"T1x2 T2x4 D1\": its outcome, where it stops, or which "
          "item cannot be followed and why")
      ->check(schedule_text());
  CLI::Option* replay =
      command
          ->add_option("--replay", options.replay,
                       "run one schedule and record it: an outcome's id, for its witness, or items like "
                       "\"T1x2 T2x4 T1x4 T2x2\"")
          ->check(schedule_text());
  command->add_option("-o,--output", options.trace_path, "keep the trace of the replay in this .fscope file")
      ->needs(replay);
  command->add_flag("--json", options.json, "as fiberscope.explore/1; with --replay as fiberscope.run/1");
  command->add_flag("--pictures", request.pictures,
                    "with --json: progress_graph, state_graph and executions_drawn too, as data");
}

void add_export(CLI::App& app, ExportOptions& options) {
  CLI::App* command = app.add_subcommand("export", "Write the whole trace for other programs (docs/trace-format.md)");
  command->add_option("target", options.target, kTargetHelp)->required();
  command->add_option("--format", options.format, "jsonl, csv, chrome or text")
      ->required()
      ->check(CLI::IsMember({"jsonl", "csv", "chrome", "text"}));
  command->add_option("-o,--output", options.path,
                      "the file (csv: a name that ends in / makes a folder of tables); default: standard output");
  add_processors(*command, options.choice);
}

std::vector<std::string> figures() {
  const auto names = core::figure_names();
  return {names.begin(), names.end()};
}

void add_screenshot(CLI::App& app, ScreenshotOptions& options, AskedQuestion& explore) {
  CLI::App* command = app.add_subcommand("screenshot", "Draw the window into a PNG file, without a display");
  command->add_option("target", options.target, kShownHelp);
  command->add_option("--step", options.step, "the cursor (default: the first switch)")->check(step_count(0));
  command->add_option("--phase", options.phase, "of the step's film, 0 … 1")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--size", options.size, "WIDTHxHEIGHT")->capture_default_str();
  command->add_option("--theme", options.theme, "dark or light")
      ->check(CLI::IsMember({"dark", "light"}))
      ->capture_default_str();
  command->add_option("--lang", options.language, "en, es, fr or zh")
      ->check(CLI::IsMember({"en", "es", "fr", "zh"}))
      ->capture_default_str();
  command->add_option("--syntax", options.syntax, "intel or att")
      ->check(CLI::IsMember({"intel", "att"}))
      ->capture_default_str();
  command->add_flag("--focus", options.focus, "stacks and code only, larger");
  command->add_option("--figure", options.figure, "a figure in the place of code and stacks")
      ->check(CLI::IsMember(figures()))
      ->capture_default_str();
  command->add_option("--choose", options.choose, kChooseHelp);
  explore.add(*command);
  command
      ->add_option("--path", options.schedule,
                   "of an exploration: the schedule that is shown, T1x2 T2x4 (default: a witness)")
      ->check(schedule_text());
  command->add_flag("--states", options.states, "of an exploration: the state graph instead of the partial order");
  command->add_option("-o,--output", options.path, "the PNG file")->required();
  add_processors(*command, options.choice);
}

}  // namespace

int run_command_line(int argc, char** argv) {
  if (const std::optional<int> code = core::run_as_worker(argc, argv)) return *code;
  std::vector<std::string> words(argv + 1, argv + argc);
  // `fiberscope [open] [TARGET]`: the word may be left out.
  const bool named =
      !words.empty() && (words.front().rfind('-', 0) == 0 ||
                         std::find(kCommands.begin(), kCommands.end(), words.front()) != kCommands.end());
  const bool asks =
      !words.empty() && (words.front() == "-h" || words.front() == "--help" || words.front() == "--version");
  if (!named || (words.front().rfind('-', 0) == 0 && !asks)) words.insert(words.begin(), "open");

  CLI::App app(
      "Fiberscope shows real context switches on an emulated x86-64: registers, stacks and chains, step by step, "
      "forwards and backwards.",
      "fiberscope");
  app.set_version_flag("--version", "fiberscope " FIBERSCOPE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 1 a violated assertion, deadlock or livelock, 2 wrong usage or unreadable input, 3 not run "
      "or explored to the end.");
  Parsed parsed;
  // What stands behind `--` is for the program that runs.
  if (const auto end = std::find(words.begin(), words.end(), "--"); words.front() == "run" && end != words.end()) {
    parsed.run.arguments.assign(end + 1, words.end());
    words.erase(end, words.end());
  }
  add_open(app, parsed.open, parsed.explore_open);
  add_list(app, parsed.list);
  add_run(app, parsed.run);
  add_show(app, parsed.show);
  add_cost(app, parsed.cost);
  add_compare(app, parsed.compare);
  add_explore(app, parsed.explore);
  add_export(app, parsed.exporting);
  add_screenshot(app, parsed.screenshot, parsed.explore_picture);
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    const auto commands = app.get_subcommands();
    return complain(fmt::format("{}; `fiberscope {}--help` says what is possible", error.what(),
                                commands.empty() ? "" : commands.front()->get_name() + " "),
                    kUnusable);
  }
  const CLI::App& open = *app.get_subcommand("open");
  const std::string opened = open.count("target") > 0 ? parsed.open.target : "";
  for (const std::string& problem :
       {parsed.explore_open.problem(opened), parsed.explore_picture.problem(parsed.screenshot.target)})
    if (!problem.empty()) return complain(problem, kUnusable);
  parsed.open.explore = parsed.explore_open.get(opened);
  parsed.screenshot.explore = parsed.explore_picture.get(parsed.screenshot.target);
  if (app.got_subcommand("list")) return list_command(parsed.list);
  if (app.got_subcommand("run")) return run_command(parsed.run);
  if (app.got_subcommand("show")) return show_command(parsed.show);
  if (app.got_subcommand("cost")) return cost_command(parsed.cost);
  if (app.got_subcommand("compare")) return compare_command(parsed.compare);
  if (app.got_subcommand("explore")) return explore_command(parsed.explore);
  if (app.got_subcommand("export")) return export_command(parsed.exporting);
  if (app.got_subcommand("screenshot")) return screenshot_command(parsed.screenshot);
  return open_command(parsed.open);
}

}  // namespace fiberscope::app
