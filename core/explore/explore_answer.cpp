#include "core/explore/explore_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace fiberscope::core::explore {
namespace {

using Json = nlohmann::ordered_json;
using Finding = ExploreAnswer::Finding;

std::string text_of(const Json& value) {
  return value.is_null() ? std::string() : value.get<std::string>();
}

template <typename T>
std::optional<T> number_of(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional<T>(value.get<T>());
}

std::string thread_text(const Json& number) {
  return fmt::format("T{}", number.get<std::size_t>());
}

Finding race_of(const Json& race) {
  Finding finding;
  finding.kind = Finding::Kind::race;
  finding.what = race.at("variable").get<std::string>();
  for (const char* which : {"first", "second"}) {
    const Json& access = race.at(which);
    const std::string source = text_of(access.at("source"));
    finding.places.push_back(
        fmt::format("{} {}: {}{}", thread_text(access.at("thread")), access.at("kind").get<std::string>(),
                    access.at("instruction").get<std::string>(), source.empty() ? "" : fmt::format(" ({})", source)));
  }
  for (const char* which : {"schedule_first_before", "schedule_second_before"})
    if (!race.at(which).is_null()) finding.schedules.push_back(race.at(which).get<std::string>());
  return finding;
}

Finding deadlock_of(const Json& deadlock) {
  Finding finding;
  finding.kind = Finding::Kind::deadlock;
  for (const Json& one : deadlock.at("waiting")) {
    std::string holders;
    for (const Json& holder : one.at("held_by")) holders += (holders.empty() ? " ← " : ", ") + thread_text(holder);
    const std::string waits_for = text_of(one.at("waits_for"));
    finding.places.push_back(fmt::format("{}: {}{}", thread_text(one.at("thread")),
                                         waits_for.empty() ? "" : fmt::format("{}{} · ", waits_for, holders),
                                         one.at("place").get<std::string>()));
  }
  finding.schedules.push_back(deadlock.at("witness").get<std::string>());
  return finding;
}

Finding livelock_of(const Json& livelock) {
  Finding finding;
  finding.kind = Finding::Kind::livelock;
  for (const Json& one : livelock.at("loops"))
    finding.places.push_back(fmt::format("{}: {}", thread_text(one.at("thread")), one.at("place").get<std::string>()));
  finding.schedules.push_back(livelock.at("witness").get<std::string>());
  return finding;
}

SchedulePath path_of(const Json& from) {
  SchedulePath path;
  path.schedule = from.at("schedule").get<std::string>();
  path.end = path_end(from.at("end").get<std::string>());
  path.outcome = number_of<std::size_t>(from.at("outcome")).value_or(0);
  if (!from.at("values").is_null())
    for (const Json& value : from.at("values")) path.values.push_back(value.get<std::int64_t>());
  path.item = number_of<std::size_t>(from.at("item")).value_or(0);
  path.why = text_of(from.at("why"));
  path.execution = execution_of(from.at("execution"));
  return path;
}

ExploreAnswer answer_of(const Json& all) {
  ExploreAnswer answer;
  answer.lowering = all.at("lowering").get<std::string>();
  answer.scheduler = all.at("scheduler").get<std::string>();
  answer.cpus = all.at("cpus").get<std::string>();
  answer.memory = all.at("memory").get<std::string>();
  for (const Json& thread : all.at("threads"))
    answer.threads.push_back(
        {number_of<std::uint32_t>(thread.at("fewest")), number_of<std::uint32_t>(thread.at("most"))});
  for (const Json& one : all.at("outcomes")) {
    ExploreAnswer::Outcome outcome;
    outcome.id = one.at("id").get<std::size_t>();
    if (answer.observables.empty())
      for (const auto& [name, value] : one.at("values").items()) answer.observables.push_back(name);
    for (const Json& value : one.at("values")) outcome.values.push_back(value.get<std::int64_t>());
    outcome.schedules = text_of(one.at("schedules"));
    outcome.executions = text_of(one.at("executions"));
    outcome.probability = number_of<double>(one.at("probability"));
    outcome.probability_exact = text_of(one.at("probability_exact"));
    outcome.preemptions = number_of<std::uint32_t>(one.at("preemptions"));
    outcome.witness = text_of(one.at("witness"));
    answer.outcomes.push_back(std::move(outcome));
  }
  for (const Json& one : all.at("violations")) {
    Finding finding;
    finding.kind = Finding::Kind::violation;
    finding.what = one.at("assertion").get<std::string>();
    finding.schedules.push_back(one.at("witness").get<std::string>());
    for (const Json& id : one.at("outcomes"))
      for (ExploreAnswer::Outcome& outcome : answer.outcomes)
        outcome.violates = outcome.violates || outcome.id == id.get<std::size_t>();
    answer.findings.push_back(std::move(finding));
  }
  for (const Json& one : all.at("deadlocks")) answer.findings.push_back(deadlock_of(one));
  for (const Json& one : all.at("livelocks")) answer.findings.push_back(livelock_of(one));
  for (const Json& one : all.at("races")) answer.findings.push_back(race_of(one));
  answer.races_complete = all.at("races_complete").get<bool>();
  answer.complete = all.at("complete").get<bool>();
  answer.complete_for = text_of(all.at("complete_for"));
  answer.bound = text_of(all.at("bound"));
  answer.stop_reason = text_of(all.at("stop_reason"));
  answer.states = all.at("states").get<std::uint64_t>();
  answer.transitions = all.at("transitions").get<std::uint64_t>();
  answer.schedules = text_of(all.at("schedules"));
  answer.executions = text_of(all.at("executions"));
  answer.pictures = take_pictures(all);
  if (!all.at("path").is_null()) answer.path = path_of(all.at("path"));
  return answer;
}

}  // namespace

emu::Result<ExploreAnswer> read_answer(std::string_view json) {
  try {
    const Json all = Json::parse(json);
    if (all.at("schema") != "fiberscope.explore/1") return emu::Error{"not a fiberscope.explore/1"};
    return answer_of(all);
  } catch (const Json::exception& error) {
    return emu::Error{fmt::format("not a fiberscope.explore/1: {}", error.what())};
  }
}

}  // namespace fiberscope::core::explore
