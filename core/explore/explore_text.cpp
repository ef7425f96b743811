#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <map>

#include "core/explore/explore_report.h"
#include "core/explore/probability_text.h"
#include "core/explore/schedule.h"
#include "core/text_table.h"

namespace fiberscope::core::explore {
namespace {

constexpr std::size_t kMostRaces = 12;  // that are shown with their lines

std::string number(const Count& count) {
  return count.text().empty() ? "-" : count.text();
}

std::string counted(const std::string& text, const char* what) {
  return fmt::format("{} {}{}", text, what, text == "1" ? "" : "s");
}
std::string counted(std::uint64_t count, const char* what) {
  return counted(std::to_string(count), what);
}
std::string counted(const Count& count, const char* what) {
  return counted(number(count), what);
}

std::string head(const PreparedExploration& asked, const Exploration& found) {
  std::string text = fmt::format("lowering {}, scheduler {}, cpus {}, memory {}\n", asked.lowering, asked.scheduler,
                                 asked.cpus, asked.memory);
  std::vector<std::string> steps;
  for (std::size_t i = 0; i < found.threads.size(); ++i) {
    const ThreadSteps& one = found.threads[i];
    if (!one.fewest) continue;
    steps.push_back(one.fewest == one.most ? fmt::format("T{} {}", i + 1, *one.fewest)
                                           : fmt::format("T{} {} to {}", i + 1, *one.fewest, *one.most));
  }
  if (!steps.empty()) text += fmt::format("body steps: {}\n", fmt::join(steps, ", "));
  return text;
}

/// A number, or what an address points at: "&x", "&x+4", 0x300000.
std::string value_text(const ThreadProgram& program, const std::string& name, std::int64_t value) {
  const SharedVariable* variable = program.variable(name);
  if (variable == nullptr || !variable->is_pointer() || value == 0) return std::to_string(value);
  const auto address = static_cast<std::uint64_t>(value);
  if (const SharedVariable* target = program.variable_at(address))
    return fmt::format("&{}{}", target->name,
                       address == target->address ? "" : fmt::format("+{}", address - target->address));
  const auto function = program.functions.find(address);
  return function != program.functions.end() ? "&" + function->second : fmt::format("{:#x}", address);
}

std::string outcome_table(const ThreadProgram& program, const Exploration& found) {
  std::vector<std::string> titles = {"id"};
  titles.insert(titles.end(), found.observables.begin(), found.observables.end());
  for (const char* title : {"schedules", "executions", "probability", "preemptions", "witness"})
    titles.emplace_back(title);
  TextTable table(std::string(titles.size() - 1, 'r') + "l");
  table.add(titles);
  for (const Outcome& outcome : found.outcomes) {
    std::vector<std::string> cells = {std::to_string(outcome.id)};
    for (std::size_t i = 0; i < outcome.values.size(); ++i)
      cells.push_back(value_text(program, found.observables[i], outcome.values[i]));
    cells.push_back(number(outcome.schedules));
    cells.push_back(number(outcome.executions));
    cells.push_back(outcome.chance ? probability_text(static_cast<double>(
                                         boost::multiprecision::cpp_rational(*outcome.chance, found.chances)))
                                   : "-");
    cells.push_back(outcome.preemptions ? std::to_string(*outcome.preemptions) : "-");
    cells.push_back(outcome.witness.empty() ? "-" : outcome.witness);
    table.add(std::move(cells));
  }
  return table.text();
}

std::string race_lines(const Exploration& found, std::size_t threads) {
  if (found.races.empty()) return found.races_complete ? "" : "races: none found, but not all pairs were looked at\n";
  std::map<std::string, std::size_t> pairs;
  for (const Race& race : found.races) ++pairs[race.variable];
  std::vector<std::string> names;
  for (const auto& [name, count] : pairs)
    names.push_back(fmt::format("{} ({} pair{})", name, count, count == 1 ? "" : "s"));
  std::string text = fmt::format("warning: races on {}{}\n", fmt::join(names, ", "),
                                 found.races_complete ? "" : "; there may be more");
  const auto shown = [](const Race::Access& one) {
    return fmt::format("T{} {} `{}`{}", one.thread + 1, one.is_write ? one.is_read ? "updates" : "writes" : "reads",
                       one.text, one.source.empty() ? "" : fmt::format(" ({})", one.source));
  };
  for (std::size_t i = 0; i < std::min(found.races.size(), kMostRaces); ++i) {
    const Race& race = found.races[i];
    text += fmt::format("  {}: {} and {}\n", race.variable, shown(race.first), shown(race.second));
    std::vector<std::string> ways;
    for (const auto* way : {&race.first_before, &race.second_before})
      if (!way->empty()) ways.push_back(schedule_text(*way, threads));
    if (!ways.empty()) text += fmt::format("    {}\n", fmt::join(ways, "   or   "));
  }
  if (found.races.size() > kMostRaces)
    text += fmt::format("  … and {}\n", counted(found.races.size() - kMostRaces, "more pair"));
  return text;
}

std::string trouble_lines(const Exploration& found) {
  std::string text;
  for (const Deadlock& deadlock : found.deadlocks) {
    text += fmt::format("deadlock after {}\n", deadlock.witness.empty() ? "nothing" : deadlock.witness);
    for (const Deadlock::Waiter& one : deadlock.waiting) {
      std::string holders;
      for (const std::size_t holder : one.holders) holders += fmt::format(", held by T{}", holder + 1);
      if (one.waits_for.rfind("join", 0) == 0) holders.clear();
      text += fmt::format("  T{} waits for {}{}  ({})\n", one.thread + 1, one.waits_for, holders, one.place);
    }
  }
  for (const Livelock& livelock : found.livelocks) {
    text += fmt::format("livelock after {}: {} that no way leads out of to an end\n",
                        livelock.witness.empty() ? "nothing" : livelock.witness, counted(livelock.states, "state"));
    for (const Livelock::Loop& loop : livelock.loops)
      text += fmt::format("  T{} goes on at {}\n", loop.thread + 1, loop.place);
  }
  for (const Violation& violation : found.violations)
    text +=
        fmt::format("violated: {}  (outcome{} {}; shortest schedule {})\n", violation.assertion,
                    violation.outcomes.size() == 1 ? "" : "s", fmt::join(violation.outcomes, ", "), violation.witness);
  return text;
}

std::string path_line(const ThreadProgram& program, const Exploration& found, const SchedulePath& path) {
  const std::string head = fmt::format("path {}: ", path.schedule.empty() ? "(nothing)" : path.schedule);
  switch (path.end) {
    case SchedulePath::End::outcome: {
      std::vector<std::string> values;
      for (std::size_t i = 0; i < path.values.size(); ++i)
        values.push_back(
            fmt::format("{}={}", found.observables[i], value_text(program, found.observables[i], path.values[i])));
      return fmt::format("{}comes to its end with {}{}\n", head, fmt::join(values, " "),
                         path.outcome == 0 ? "" : fmt::format(", outcome {}", path.outcome));
    }
    case SchedulePath::End::deadlock:
      return fmt::format("{}deadlock: {}\n", head, path.why);
    case SchedulePath::End::stops:
      return fmt::format("{}stops before the end: {}\n", head, path.why);
    case SchedulePath::End::impossible:
      break;
  }
  return fmt::format("{}item {} cannot be followed: {}\n", head, path.item, path.why);
}

}  // namespace

std::string explore_text(const PreparedExploration& asked, const Exploration& found) {
  std::string text;
  if (asked.litmus) text += litmus_text(*asked.litmus, found) + "\n";
  text += head(asked, found);
  text += fmt::format("{}, {}, {}{}; {} (raw registers and flags), {}, {}\n", counted(found.outcomes.size(), "outcome"),
                      counted(found.schedules, "schedule"), counted(found.executions, "execution"),
                      found.executions_are == "po-rf-co" ? " (program order, reads-from, coherence)" : "",
                      counted(found.states, "state"), counted(found.transitions, "transition"),
                      counted(found.emulated_steps, "emulated step"));
  if (!found.complete)
    text += fmt::format("NOT COMPLETE: {}{}{}\n", found.stop_reason,
                        found.complete_for.empty() ? "" : "; complete for " + found.complete_for,
                        found.bound.empty() ? "" : "; " + found.bound);
  if (!found.outcomes.empty()) text += "\n" + outcome_table(asked.program, found) + "\n";
  text += trouble_lines(found);
  text += race_lines(found, found.threads.size());
  if (found.path) text += path_line(asked.program, found, *found.path);
  return text;
}

}  // namespace fiberscope::core::explore
