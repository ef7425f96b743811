#include "core/scenario.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <utility>

#include "core/builtin_files.h"
#include "core/near_names.h"
#include "core/switch_reason.h"
#include "core/toml_reader.h"
#include "emu/machine.h"
#include "emu/registers.h"

namespace fiberscope::core {
namespace {

constexpr std::string_view kFolder = "scenarios/";
constexpr std::string_view kSuffix = ".toml";
constexpr std::array<std::string_view, 4> kLanguages = {"en", "es", "fr", "zh"};
constexpr auto kOptional = TomlTable::Presence::optional;
constexpr auto kRequired = TomlTable::Presence::required;

/// One blank between the words, none at the ends: "pushq   %rbp " is "pushq %rbp".
std::string normalized(std::string_view text) {
  std::string result;
  bool blank = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t') {
      blank = true;
      continue;
    }
    if (blank && !result.empty() && c != ',' && c != ')') result += ' ';
    blank = c == ',';
    result += c;
  }
  return result;
}

/// Calls visit(begin, end) for each {word} of the text; begin is the index of the brace, end that behind the other one.
template <typename Visit>
void for_each_braced(std::string_view text, Visit visit) {
  std::size_t open = text.find('{');
  while (open != std::string_view::npos) {
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) return;
    visit(open, close + 1);
    open = text.find('{', close);
  }
}

Text read_languages(TomlTable& table) {
  Text text;
  for (const std::string_view language : kLanguages) {
    if (auto words = table.text(language, language == "en" ? kRequired : kOptional)) {
      if (words->empty())
        table.report(language, fmt::format("the text '{}' is empty; write it or leave the key out", language));
      text.by_language.emplace(language, std::move(*words));
    }
  }
  return text;
}

std::optional<Text> read_text(TomlTable& parent, std::string_view key, TomlTable::Presence presence) {
  auto table = parent.table(key, presence);
  if (!table) return std::nullopt;
  Text text = read_languages(*table);
  table->finish();
  return text;
}

std::optional<CodePlace> read_place(TomlTable& table, TomlTable::Presence presence) {
  auto function = table.text("function", presence);
  auto instruction = table.text("instruction", kOptional);
  if (!function) {
    if (instruction) table.report("instruction", "an 'instruction' needs the 'function' that it is in; add it");
    return std::nullopt;
  }
  return CodePlace{std::move(*function), normalized(instruction.value_or(""))};
}

void check_placeholders(TomlTable& table, const Text& text) {
  for (const auto& [language, words] : text.by_language) {
    for_each_braced(words, [&, &key = language, &pattern = words](std::size_t begin, std::size_t end) {
      const std::string name = pattern.substr(begin + 1, end - begin - 2);
      const std::vector<std::string>& known = caption_placeholders();
      if (std::find(known.begin(), known.end(), name) != known.end()) return;
      table.report(key, fmt::format("unknown placeholder '{{{}}}'{} Known: {}", name,
                                    nearest_name(name, known).empty() ? "." : did_you_mean(name, known),
                                    fmt::join(known, ", ")));
    });
  }
}

CaptionWhen read_when(TomlTable& table) {
  const auto name = table.text("when", kOptional);
  if (!name) return CaptionWhen::always;
  if (*name == "first-run") return CaptionWhen::first_run;
  if (*name == "interrupted") return CaptionWhen::interrupted;
  if (*name == "back") return CaptionWhen::back;
  table.report("when",
               fmt::format("there is no moment '{}'; expected \"first-run\", \"interrupted\" or \"back\"", *name));
  return CaptionWhen::always;
}

bool same_place(const CaptionText& caption, const CodePlace& place) {
  return caption.place.function == place.function && caption.place.instruction == place.instruction;
}

void read_captions(TomlTable& file, Scenario& scenario) {
  std::vector<TomlTable> tables = file.tables("caption");
  for (TomlTable& table : tables) {
    auto place = read_place(table, kRequired);
    const CaptionWhen when = read_when(table);
    Text text = read_languages(table);
    table.finish();
    check_placeholders(table, text);
    if (!place) continue;
    const auto same = [&](const CaptionText& other) { return other.when == when && same_place(other, *place); };
    if (std::any_of(scenario.captions.begin(), scenario.captions.end(), same)) {
      table.report("function",
                   fmt::format("a second caption for '{}' of {}; keep one", place->instruction, place->function));
    }
    scenario.captions.push_back({std::move(*place), when, std::move(text)});
  }
  for (const CaptionText& caption : scenario.captions) {
    const auto general = [&](const CaptionText& other) {
      return other.when == CaptionWhen::always && same_place(other, caption.place);
    };
    if (std::any_of(scenario.captions.begin(), scenario.captions.end(), general)) continue;
    file.report("caption", fmt::format("'{}' of {} has a caption for some of its steps only; add one without 'when'",
                                       caption.place.instruction, caption.place.function));
  }
}

void read_questions(TomlTable& file, Scenario& scenario) {
  for (TomlTable& table : file.tables("question")) {
    Question question;
    question.place = read_place(table, kOptional);
    question.ask = read_text(table, "ask", kRequired).value_or(Text{});
    question.answer = read_text(table, "answer", kRequired).value_or(Text{});
    table.finish();
    scenario.questions.push_back(std::move(question));
  }
}

void read_profile(TomlTable& file, Scenario& scenario) {
  const auto name = file.text("profile");
  if (!name) return;
  const std::vector<std::string> known = {std::string(to_string(Profile::bare)),
                                          std::string(to_string(Profile::linux_user))};
  if (*name == known[0]) {
    scenario.profile = Profile::bare;
  } else if (*name == known[1]) {
    scenario.profile = Profile::linux_user;
  } else {
    file.report("profile", fmt::format("there is no profile '{}'; expected \"bare\" or \"linux\"", *name));
  }
}

void read_expected(TomlTable& file, Scenario& scenario) {
  auto table = file.table("expected");
  if (!table) return;
  ExpectedRun& expected = scenario.expected;
  expected.output = table->text("stdout").value_or("");
  const std::string ends = table->text("ends", kOptional).value_or("exit");
  const std::int64_t exit_code = table->integer("exit_code", ends == "exit" ? kRequired : kOptional).value_or(0);
  const auto presence = ends == "fault" ? kRequired : kOptional;
  expected.fault = table->text("fault", presence).value_or("");
  expected.fault_at = table->text("at", presence).value_or("");
  table->finish();
  const auto reason = emu::stop_reason_by_name(ends);
  if (!reason) {
    table->report("ends", fmt::format("a run cannot end with '{}'; expected \"exit\", \"fault\", \"halt\", "
                                      "\"deadlock\" or \"limit\"",
                                      ends));
  } else {
    expected.ends = *reason;
  }
  if (exit_code < 0 || exit_code > 255)
    table->report("exit_code", fmt::format("exit code {} is not in 0 … 255", exit_code));
  expected.exit_code = static_cast<int>(exit_code);
}

void read_opening(TomlTable& file, Scenario& scenario) {
  const auto name = file.text("opening", kOptional);
  if (!name) return;
  if (const auto figure = figure_by_name(*name)) {
    scenario.opening = *figure;
  } else {
    file.report("opening",
                fmt::format("there is no figure '{}'; expected one of {}", *name, fmt::join(figure_names(), ", ")));
  }
}

void read_watch(TomlTable& file, Scenario& scenario) {
  auto table = file.table("watch", kOptional);
  if (!table) return;
  scenario.watch.functions = table->texts("functions", kOptional);
  scenario.watch.registers = table->texts("registers", kOptional);
  scenario.watch.symbols = table->texts("symbols", kOptional);
  scenario.watch.contexts = table->texts("contexts", kOptional);
  scenario.watch.updates = table->texts("updates", kOptional);
  table->finish();
  for (const std::string& name : scenario.watch.registers) {
    if (!emu::register_by_name(name)) {
      table->report("registers",
                    fmt::format("there is no register '{}'; expected names like \"rsp\" or \"rbx\"", name));
    }
  }
}

void read_explored(TomlTable& file, Scenario& scenario) {
  auto table = file.table("explored", kOptional);
  if (!table) return;
  const auto word = [&](std::string_view key) { return table->text(key).value_or(""); };
  scenario.explored = ExploredAs{word("lowering"), word("scheduler"), word("cpus"), word("memory")};
  table->finish();
}

/// A bare machine has no kernel that could take turns or hand over arguments.
void read_run(TomlTable& file, Scenario& scenario) {
  auto table = file.table("run", kOptional);
  if (!table) return;
  const std::int64_t quantum = table->integer("quantum", kOptional).value_or(0);
  if (quantum < 0) table->report("quantum", fmt::format("'quantum' is {}; expected 0 or more steps", quantum));
  if (table->has("quantum")) scenario.run.quantum = static_cast<std::uint64_t>(std::max<std::int64_t>(quantum, 0));
  scenario.run.arguments = table->texts("arguments", kOptional);
  scenario.run.schedule = table->text("schedule", kOptional).value_or("");
  for (const std::string_view key : {"quantum", "arguments"})
    if (scenario.profile == Profile::bare && table->has(key))
      table->report(key, fmt::format("'{}' is for profile = \"linux\"; remove it", key));
  if (scenario.profile == Profile::linux_user && table->has("schedule"))
    table->report("schedule", "'schedule' is for profile = \"bare\"; remove it");
  table->finish();
}

void read_name(TomlTable& file, Scenario& scenario) {
  scenario.name = file.text("name").value_or("");
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (file.has("name") &&
      (scenario.name.empty() || !std::all_of(scenario.name.begin(), scenario.name.end(), allowed))) {
    file.report("name",
                fmt::format("'{}' is no name for a scenario; use lower-case letters, digits and '-'", scenario.name));
  }
  scenario.note = file.text("note", kOptional);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (scenario.note &&
      (scenario.note->size() != 3 || !std::all_of(scenario.note->begin(), scenario.note->end(), is_digit))) {
    file.report("note", fmt::format("'{}' is no seed note; expected three digits like \"000\"", *scenario.note));
  }
}

void read_limits(TomlTable& file, Scenario& scenario) {
  scenario.threads = file.texts("threads");
  if (file.has("threads") && scenario.threads.empty())
    file.report("threads", "'threads' names no thread; list all by id");
  const std::int64_t max_steps = file.integer("max_steps").value_or(1);
  if (max_steps < 1) file.report("max_steps", fmt::format("'max_steps' is {}; expected at least 1", max_steps));
  scenario.max_steps = static_cast<std::uint64_t>(std::max<std::int64_t>(max_steps, 1));
}

void read_processors(TomlTable& file, Scenario& scenario) {
  const std::int64_t processors = file.integer("processors", kOptional).value_or(1);
  if (processors < 1 || processors > emu::kMaxProcessors) {
    file.report("processors", fmt::format("'processors' is {}; expected 1 to {}", processors, emu::kMaxProcessors));
    return;
  }
  if (processors > 1 && scenario.profile != Profile::bare)
    file.report("processors", "a Linux program runs on one processor; remove 'processors', or use profile \"bare\"");
  scenario.processors = static_cast<unsigned>(processors);
  const std::int64_t seed = file.integer("seed", kOptional).value_or(0);
  if (seed < 0) file.report("seed", fmt::format("'seed' is {}; expected 0 or more", seed));
  if (file.has("seed") && processors == 1)
    file.report("seed", "a 'seed' orders the turns of several processors; add 'processors', or remove it");
  scenario.seed = static_cast<std::uint64_t>(std::max<std::int64_t>(seed, 0));
  const std::string memory = file.text("memory", kOptional).value_or("sc");
  if (memory != "sc" && memory != "tso")
    file.report("memory", fmt::format("'memory' is \"{}\"; expected \"sc\" or \"tso\"", memory));
  scenario.store_buffers = memory == "tso";
  if (scenario.store_buffers && (processors == 1 || scenario.run.schedule.empty()))
    file.report("memory",
                "store buffers are for several processors under a schedule; add 'processors' and run.schedule");
}

}  // namespace

std::string_view to_string(Profile profile) {
  switch (profile) {
    case Profile::bare:
      return "bare";
    case Profile::linux_user:
      return "linux";
  }
  return "unknown";
}

const std::string& Text::in(std::string_view language) const {
  static const std::string kNone;
  auto found = by_language.find(language);
  if (found == by_language.end()) found = by_language.find(std::string_view("en"));
  return found == by_language.end() ? kNone : found->second;
}

bool CodePlace::names(std::string_view text) const {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == 'x' || c == '-'; };
  std::size_t at = 0;
  for (const char c : instruction) {
    if (c == '#') {
      while (at < text.size() && is_digit(text[at])) ++at;
    } else if (at >= text.size() || text[at++] != c) {
      return false;
    }
  }
  return at == text.size();
}

bool CaptionText::is_about_leaving() const {
  return when == CaptionWhen::always && place.instruction.empty() && leads_away(place.function);
}

bool CaptionMoment::is(CaptionWhen when) const {
  switch (when) {
    case CaptionWhen::first_run:
      return first_run;
    case CaptionWhen::interrupted:
      return interrupted;
    case CaptionWhen::back:
      return back;
    case CaptionWhen::always:
      break;
  }
  return true;
}

const CaptionText* Scenario::caption_for(std::string_view function, std::string_view instruction,
                                         CaptionMoment moment) const {
  const std::string wanted = normalized(instruction);
  // The nearest one: of the instruction before of the function, then in the order of the moments.
  const auto rank = [](const CaptionText& caption) {
    const int by_moment = caption.when == CaptionWhen::always ? 0 : 4 - static_cast<int>(caption.when);
    return (caption.place.instruction.empty() ? 0 : 4) + by_moment;
  };
  const CaptionText* nearest = nullptr;
  for (const CaptionText& caption : captions) {
    const bool is_here = caption.place.function == function &&
                         (caption.place.instruction.empty() || caption.place.names(wanted)) && moment.is(caption.when);
    if (is_here && (nearest == nullptr || rank(caption) > rank(*nearest))) nearest = &caption;
  }
  return nearest;
}

bool Scenario::caption_varies(std::string_view function, std::string_view instruction) const {
  const std::string wanted = normalized(instruction);
  return std::any_of(captions.begin(), captions.end(), [&](const CaptionText& caption) {
    return (caption.when != CaptionWhen::always || caption.is_about_leaving()) && caption.place.function == function &&
           (caption.place.instruction.empty() || caption.place.names(wanted));
  });
}

emu::Result<Scenario> parse_scenario(std::string_view toml, std::string_view filename) {
  TomlProblem problem(filename);
  const toml::parse_result parsed = toml::parse(toml, filename);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    problem.report(error.source(), fmt::format("not valid TOML: {}", error.description()));
    return emu::Error{problem.message()};
  }
  Scenario scenario;
  TomlTable file(parsed.table(), "the scenario", problem);
  read_name(file, scenario);
  scenario.title = read_text(file, "title", kRequired).value_or(Text{});
  scenario.summary = read_text(file, "summary", kOptional);
  if (file.has("explore")) {
    scenario.lesson = read_lesson(file);
    read_questions(file, scenario);
    for (const Question& question : scenario.questions)
      if (question.place) file.report("question", "a question about all interleavings has no place; remove 'function'");
    file.finish();
    if (problem.found()) return emu::Error{problem.message()};
    return scenario;
  }
  read_profile(file, scenario);
  scenario.image = file.text("image").value_or("");
  scenario.native = file.boolean("native", kOptional).value_or(false);
  read_limits(file, scenario);
  read_run(file, scenario);
  read_processors(file, scenario);
  read_opening(file, scenario);
  scenario.compare = file.text("compare", kOptional);
  read_expected(file, scenario);
  read_watch(file, scenario);
  read_explored(file, scenario);
  read_captions(file, scenario);
  read_questions(file, scenario);
  file.finish();
  if (problem.found()) return emu::Error{problem.message()};
  return scenario;
}

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (std::string_view file : builtin_file_names()) {
    if (!file.starts_with(kFolder) || !file.ends_with(kSuffix)) continue;
    file.remove_prefix(kFolder.size());
    file.remove_suffix(kSuffix.size());
    names.emplace_back(file);
  }
  std::sort(names.begin(), names.end());
  return names;
}

emu::Result<Scenario> find_scenario(std::string_view name) {
  const std::string filename = fmt::format("{}{}{}", kFolder, name, kSuffix);
  if (const auto text = builtin_text(filename)) return parse_scenario(*text, filename);
  const std::vector<std::string> names = scenario_names();
  const std::string tail = did_you_mean(name, names);
  return emu::Error{fmt::format("no scenario '{}'{} `fiberscope list` shows all", name, tail.empty() ? ";" : tail)};
}

const std::vector<std::string>& caption_placeholders() {
  static const std::vector<std::string> kNames = {"rsp",    "rbp",  "register", "value",    "cell",   "owner",
                                                  "thread", "from", "to",       "function", "caller", "return"};
  return kNames;
}

std::string fill_placeholders(std::string_view text, const std::function<std::string(std::string_view)>& value) {
  const std::vector<std::string>& known = caption_placeholders();
  std::string result;
  std::size_t done = 0;
  for_each_braced(text, [&](std::size_t begin, std::size_t end) {
    const std::string_view name = text.substr(begin + 1, end - begin - 2);
    if (std::find(known.begin(), known.end(), name) == known.end()) return;
    result += text.substr(done, begin - done);
    result += value(name);
    done = end;
  });
  result += text.substr(done);
  return result;
}

}  // namespace fiberscope::core
