#include <fmt/format.h>

#include <boost/multiprecision/cpp_int.hpp>

#include "core/explore/explore_report.h"
#include "core/explore/schedule.h"

namespace fiberscope::core::explore {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
Json or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json values_json(const Exploration& found, const std::vector<std::int64_t>& values) {
  Json all = Json::object();
  for (std::size_t i = 0; i < values.size(); ++i) all[found.observables[i]] = values[i];
  return all;
}

Json path_json(const Exploration& found, const SchedulePath& path) {
  const bool ends = path.end == SchedulePath::End::outcome;
  return {{"schedule", path.schedule},
          {"end", to_string(path.end)},
          {"outcome", path.outcome == 0 ? Json(nullptr) : Json(path.outcome)},
          {"values", ends ? values_json(found, path.values) : Json(nullptr)},
          {"item", path.item == 0 ? Json(nullptr) : Json(path.item)},
          {"why", or_null(path.why)},
          {"execution", execution_json(path.execution)}};
}

Json outcome_json(const Exploration& found, const Outcome& outcome) {
  Json probability = nullptr;
  if (outcome.chance)
    probability = static_cast<double>(boost::multiprecision::cpp_rational(*outcome.chance, found.chances));
  return {{"id", outcome.id},
          {"values", values_json(found, outcome.values)},
          {"schedules", or_null(outcome.schedules.text())},
          {"executions", or_null(outcome.executions.text())},
          {"probability", std::move(probability)},
          {"probability_exact", or_null(exact_probability(found, outcome))},
          {"preemptions", or_null(outcome.preemptions)},
          {"witness", or_null(outcome.witness)}};
}

Json race_json(const Race& race, std::size_t threads) {
  const auto access = [](const Race::Access& one) {
    return Json{{"thread", one.thread + 1},
                {"kind", one.is_write ? one.is_read ? "read and write" : "write" : "read"},
                {"address", fmt::format("0x{:016x}", one.rip)},
                {"instruction", one.text},
                {"source", or_null(one.source)}};
  };
  return {{"variable", race.variable},
          {"first", access(race.first)},
          {"second", access(race.second)},
          {"schedule_first_before", or_null(schedule_text(race.first_before, threads))},
          {"schedule_second_before", or_null(schedule_text(race.second_before, threads))}};
}

Json deadlock_json(const Deadlock& deadlock) {
  Json waiting = Json::array();
  for (const Deadlock::Waiter& one : deadlock.waiting) {
    Json holders = Json::array();
    for (const std::size_t holder : one.holders) holders.push_back(holder + 1);
    waiting.push_back({{"thread", one.thread + 1},
                       {"place", one.place},
                       {"waits_for", or_null(one.waits_for)},
                       {"held_by", std::move(holders)}});
  }
  return {{"waiting", std::move(waiting)}, {"witness", deadlock.witness}};
}

Json livelock_json(const Livelock& livelock) {
  Json loops = Json::array();
  for (const Livelock::Loop& loop : livelock.loops)
    loops.push_back({{"thread", loop.thread + 1}, {"place", loop.place}});
  return {{"loops", std::move(loops)}, {"states", livelock.states}, {"witness", livelock.witness}};
}

}  // namespace

std::string exact_probability(const Exploration& found, const Outcome& outcome) {
  if (!outcome.chance) return "";
  const boost::multiprecision::cpp_rational exact(*outcome.chance, found.chances);
  const auto bottom = boost::multiprecision::denominator(exact);
  const std::string top = boost::multiprecision::numerator(exact).str();
  return bottom == 1 ? top : top + "/" + bottom.str();
}

nlohmann::ordered_json explore_json(const PreparedExploration& asked, const Exploration& found) {
  const std::size_t threads = found.threads.size();
  Json all = {{"schema", "fiberscope.explore/1"},
              {"lowering", asked.lowering},
              {"scheduler", asked.scheduler},
              {"cpus", asked.cpus},
              {"memory", asked.memory}};
  Json steps = Json::array();
  for (std::size_t i = 0; i < threads; ++i) {
    const ThreadSteps& one = found.threads[i];
    steps.push_back({{"id", i + 1},
                     {"body_steps", one.fewest == one.most ? or_null(one.fewest) : Json(nullptr)},
                     {"fewest", or_null(one.fewest)},
                     {"most", or_null(one.most)}});
  }
  all["threads"] = std::move(steps);
  all["complete"] = found.complete;
  all["complete_for"] = or_null(found.complete_for);
  all["bound"] = or_null(found.bound);
  all["stop_reason"] = or_null(found.stop_reason);
  all["states"] = found.states;
  all["states_are"] = "raw registers and flags";
  all["transitions"] = found.transitions;
  all["emulated_steps"] = found.emulated_steps;
  all["schedules"] = or_null(found.schedules.text());
  all["executions"] = or_null(found.executions.text());
  all["executions_are"] = or_null(found.executions_are);
  for (const char* list : {"outcomes", "races", "deadlocks", "livelocks", "violations"}) all[list] = Json::array();
  for (const Outcome& outcome : found.outcomes) all["outcomes"].push_back(outcome_json(found, outcome));
  for (const Race& race : found.races) all["races"].push_back(race_json(race, threads));
  all["races_complete"] = found.races_complete;
  for (const Deadlock& deadlock : found.deadlocks) all["deadlocks"].push_back(deadlock_json(deadlock));
  for (const Livelock& livelock : found.livelocks) all["livelocks"].push_back(livelock_json(livelock));
  for (const Violation& violation : found.violations)
    all["violations"].push_back(
        {{"assertion", violation.assertion}, {"outcomes", violation.outcomes}, {"witness", violation.witness}});
  put_pictures(all, found.pictures);
  all["path"] = found.path ? path_json(found, *found.path) : Json(nullptr);
  return all;
}

}  // namespace fiberscope::core::explore
