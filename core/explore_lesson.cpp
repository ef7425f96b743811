#include "core/explore_lesson.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/toml_reader.h"

namespace fiberscope::core {
namespace {

constexpr auto kOptional = TomlTable::Presence::optional;

explore::ExploreQuestion read_question(TomlTable& file) {
  explore::ExploreQuestion question;
  auto table = file.table("explore");
  if (!table) return question;
  question.target = table->text("program", kOptional).value_or("");
  question.threads = table->texts("threads", kOptional);
  if (question.target.empty() == question.threads.empty())
    table->report(question.target.empty() ? "program" : "threads",
                  "[explore] has either 'program', the name of a .c, .S or .litmus file, or 'threads', typed "
                  "statements");
  if (question.target.find('/') != std::string::npos)
    table->report("program", fmt::format("'{}' has a folder; expected a file's name alone", question.target));
  question.initial = table->text("initial", kOptional).value_or("");
  question.lowering = table->text("lowering", kOptional).value_or("");
  question.scheduler = table->text("scheduler", kOptional).value_or("");
  question.cpus = table->text("cpus", kOptional).value_or("");
  question.memory = table->text("memory", kOptional).value_or("");
  question.assertions = table->texts("asserts", kOptional);
  question.sync = table->texts("sync", kOptional);
  table->finish();
  return question;
}

std::uint64_t read_count(TomlTable& table, std::string_view key, TomlTable::Presence presence) {
  const std::int64_t count = table.integer(key, presence).value_or(0);
  if (count < 0) table.report(key, fmt::format("'{}' is {}; expected 0 or more", key, count));
  return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
}

std::string read_big_count(TomlTable& table, std::string_view key) {
  std::string count = table.text(key, kOptional).value_or("");
  if (count != "infinite" && count.find_first_not_of("0123456789") != std::string::npos)
    table.report(key, fmt::format("'{}' is '{}'; expected decimal digits or \"infinite\"", key, count));
  return count;
}

ExpectedVerdict read_verdict(TomlTable& file, const explore::ExploreQuestion& question) {
  constexpr std::array<std::string_view, 3> kObservations = {"Never", "Sometimes", "Always"};
  ExpectedVerdict expected;
  auto table = file.table("expected");
  if (!table) return expected;
  expected.outcomes = read_count(*table, "outcomes", TomlTable::Presence::required);
  expected.violated = table->texts("violated", kOptional);
  for (const std::string& one : expected.violated)
    if (std::find(question.assertions.begin(), question.assertions.end(), one) == question.assertions.end())
      table->report("violated", fmt::format("'{}' is none of the 'asserts' of [explore]", one));
  expected.deadlocks = read_count(*table, "deadlocks", kOptional);
  expected.livelocks = read_count(*table, "livelocks", kOptional);
  expected.races = table->texts("races", kOptional);
  std::sort(expected.races.begin(), expected.races.end());
  const bool litmus = question.target.ends_with(".litmus");
  expected.observation = table->text("observation", litmus ? TomlTable::Presence::required : kOptional).value_or("");
  if (!litmus && !expected.observation.empty())
    table->report("observation", "'observation' is for a litmus test; remove it");
  if (litmus && std::find(kObservations.begin(), kObservations.end(), expected.observation) == kObservations.end())
    table->report("observation", fmt::format("'{}' is no observation; expected \"Never\", \"Sometimes\" or \"Always\"",
                                             expected.observation));
  expected.schedules = read_big_count(*table, "schedules");
  expected.executions = read_big_count(*table, "executions");
  table->finish();
  return expected;
}

}  // namespace

ExploreLesson read_lesson(TomlTable& file) {
  ExploreLesson lesson;
  lesson.question = read_question(file);
  lesson.expected = read_verdict(file, lesson.question);
  return lesson;
}

}  // namespace fiberscope::core
