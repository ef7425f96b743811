#include "core/explore/exploration.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "core/explore/bounded_search.h"
#include "core/explore/completions.h"
#include "core/explore/condition.h"
#include "core/explore/dead_ends.h"
#include "core/explore/graph_order.h"
#include "core/explore/histories.h"
#include "core/explore/path_counts.h"
#include "core/explore/preemptions.h"
#include "core/explore/schedule.h"

namespace fiberscope::core::explore {
namespace {

constexpr std::uint64_t kMostRaceStates = 2'000'000;
constexpr std::size_t kLongestPrivate = 10'000;  // steps of a thread without an access of shared memory
constexpr std::size_t kLongestProbe = 100'000;

/// The states in which all have finished, grouped by what they leave behind.
using Groups = std::map<std::vector<std::int64_t>, std::vector<StateId>>;

/// The observed values of a state in which all have finished.
std::vector<std::int64_t> final_values(const MachineStep& machine, const std::vector<LocalId>& locals,
                                       SharedId shared) {
  const ThreadProgram& program = machine.program();
  std::vector<std::int64_t> values;
  for (const ObservedRegister& observed : program.observed) {
    const std::uint64_t raw = machine.register_value(locals[observed.thread], observed.reg);
    const unsigned unused = 64 - observed.size * 8;
    values.push_back(static_cast<std::int64_t>(raw << unused) >> unused);
  }
  for (const SharedVariable& variable : program.variables)
    if (variable.is_observed) values.push_back(machine.value(shared, variable));
  return values;
}

Groups group_finals(const StateGraph& graph, const MachineStep& machine) {
  Groups groups;
  std::vector<LocalId> locals(graph.threads());
  for (StateId state = 0; state < graph.size(); ++state) {
    if (graph.kind(state) != StateGraph::Kind::final_state) continue;
    for (std::size_t i = 0; i < locals.size(); ++i) locals[i] = graph.local(state, i);
    groups[final_values(machine, locals, graph.shared(state))].push_back(state);
  }
  return groups;
}

/// A thread that computes for very long without touching shared memory makes states without end; it is found by
/// letting each thread run alone. A loop that comes back to the same state makes no states; it is found here where
/// threads may run alone, else by find_livelocks().
emu::Result<void> look_for_private_loops(MachineStep& machine, bool any_order) {
  for (std::size_t i = 0; i < machine.first_locals().size(); ++i) {
    LocalId local = machine.first_locals()[i];
    SharedId shared = machine.first_shared();
    std::set<LocalId> seen;
    for (std::size_t step = 0; step < kLongestProbe && !machine.finished(local); ++step) {
      const StepResult* result = machine.step(local, shared);
      if (result == nullptr || !result->enabled) break;  // told with its schedule when the graph is built
      if (!machine.sites().at(result->site).accesses.empty()) seen.clear();
      if (!seen.insert(result->local).second) {
        if (!any_order || !machine.sites().at(result->site).accesses.empty()) break;
        const auto rip = private_loop(machine, result->local, shared);
        if (!rip) break;
        return emu::Error{private_loop_message(machine, i, *rip, fmt::format("T{}x{}", i + 1, step + 1))};
      }
      if (seen.size() > kLongestPrivate)
        return emu::Error{
            fmt::format("thread {}, {}: {} steps without touching a shared variable: an endless or very "
                        "long private loop; bound it, or let the threads share what it computes",
                        i + 1, machine.describe(machine.rip(local)), kLongestPrivate)};
      local = result->local;
      shared = result->shared;
    }
  }
  return {};
}

/// Fewest and most body steps of each thread over all ways to an end.
std::vector<ThreadSteps> count_steps(const StateGraph& graph, const GraphOrder& order) {
  const std::size_t threads = graph.threads();
  std::vector<ThreadSteps> steps(threads);
  if (!order.acyclic()) return steps;
  constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> fewest(graph.size() * threads, kNone);
  std::vector<std::uint32_t> most(graph.size() * threads, 0);
  std::fill_n(fewest.begin(), threads, 0);
  in_order(graph, order, [&](StateId state) {
    for (const auto& edge : graph.edges(state)) {
      for (std::size_t i = 0; i < threads; ++i) {
        const std::uint32_t more = edge.action() == i ? 1 : 0;
        std::uint32_t& low = fewest[edge.target * threads + i];
        std::uint32_t& high = most[edge.target * threads + i];
        low = std::min(low, fewest[state * threads + i] + more);
        high = std::max(high, most[state * threads + i] + more);
      }
    }
    if (graph.kind(state) != StateGraph::Kind::final_state) return;
    for (std::size_t i = 0; i < threads; ++i) {
      steps[i].fewest = std::min(steps[i].fewest.value_or(kNone), fewest[state * threads + i]);
      steps[i].most = std::max(steps[i].most.value_or(0), most[state * threads + i]);
    }
  });
  return steps;
}

Count sum(const std::vector<std::optional<BigInt>>& counts, const std::vector<std::size_t>& members) {
  Count total{Count::Kind::exact, 0};
  for (const std::size_t member : members) {
    if (!counts[member]) return {Count::Kind::infinite, 0};
    total.value += *counts[member];
  }
  return total;
}

void add(Count& total, const Count& more) {
  if (total.kind == Count::Kind::exact && more.kind == Count::Kind::exact) {
    total.value += more.value;
  } else {
    total = {total.kind == Count::Kind::unknown || more.kind == Count::Kind::unknown ? Count::Kind::unknown
                                                                                     : Count::Kind::infinite,
             0};
  }
}

class Explorer {
 public:
  Explorer(const ThreadProgram& program, const ExploreOptions& options) : program_(program), options_(options) {
    for (const ObservedRegister& observed : program.observed) result_.observables.push_back(observed.name);
    for (const SharedVariable& variable : program.variables)
      if (variable.is_observed) result_.observables.push_back(variable.name);
  }

  emu::Result<Exploration> run() {
    if (const auto parsed = parse_assertions(); !parsed) return parsed.error();
    auto machine = MachineStep::create(program_, options_.model);
    if (!machine) return machine.error();
    machine_ = std::move(machine).value();
    if (const auto probed = look_for_private_loops(*machine_, options_.scheduler.kind == SchedulerClass::Kind::any);
        !probed)
      return probed.error();
    auto graph = StateGraph::build(*machine_, options_.scheduler, options_.limits);
    if (!graph) return graph.error();
    graph_ = &*graph;
    result_.states = graph_->size();
    result_.transitions = graph_->transitions();
    result_.emulated_steps = machine_->emulated_steps();
    result_.complete = graph_->complete();
    result_.stop_reason = graph_->stop_reason();
    result_.complete_for = result_.complete ? "all schedules" : "";
    collect_outcomes();
    result_.threads.resize(graph_->threads());
    if (result_.complete) {
      if (const auto counted = count(); !counted) return counted.error();
    } else if (const auto searched = search_further(); !searched) {
      return searched.error();
    }
    result_.emulated_steps = machine_->emulated_steps();
    if (was_interrupted()) {
      if (graph_->complete()) name_witnesses();
      result_.complete = false;
      result_.complete_for = graph_->complete() ? "the set of outcomes, not their counts" : "";
      result_.stop_reason = "interrupted";
    }
    result_.deadlocks = find_deadlocks(*graph_, *machine_);
    if (const auto raced = look_for_races(); !raced) return raced.error();
    judge();
    if (const auto followed = follow_path(); !followed) return followed.error();
    return std::move(result_);
  }

 private:
  emu::Result<void> parse_assertions() {
    for (const std::string& text : options_.assertions) {
      auto condition = Condition::parse(
          text, fmt::format("assertion '{}'", text),
          [this](const std::string& name) -> std::optional<std::size_t> {
            const auto found = std::find(result_.observables.begin(), result_.observables.end(), name);
            if (found == result_.observables.end()) return std::nullopt;
            return static_cast<std::size_t>(found - result_.observables.begin());
          },
          result_.observables);
      if (!condition) return condition.error();
      assertions_.push_back(std::move(condition).value());
    }
    return {};
  }

  void collect_outcomes() {
    for (auto& [values, states] : group_finals(*graph_, *machine_)) {
      Outcome outcome;
      outcome.id = result_.outcomes.size() + 1;
      outcome.values = values;
      result_.outcomes.push_back(std::move(outcome));
      groups_.push_back(std::move(states));
    }
  }

  /// A shortest schedule for outcomes that have none yet.
  void name_witnesses() {
    for (std::size_t i = 0; i < groups_.size(); ++i)
      if (result_.outcomes[i].witness.empty())
        result_.outcomes[i].witness = schedule_text(graph_->shortest(groups_[i].front()), graph_->threads());
  }

  [[nodiscard]] bool was_interrupted() const {
    return options_.limits.stop != nullptr && options_.limits.stop->load(std::memory_order_relaxed);
  }

  /// Interrupted before the end: what the states come to that were reached, as far as a few runs tell.
  emu::Result<void> complete() {
    auto found = complete_some(*graph_, *machine_, options_.scheduler,
                               [this](const std::vector<LocalId>& locals, SharedId shared) {
                                 return final_values(*machine_, locals, shared);
                               });
    if (!found) return found.error();
    Groups known = group_finals(*graph_, *machine_);
    for (const auto& [values, states] : known) found->outcomes[values] = graph_->shortest(states.front());
    result_.outcomes.clear();
    groups_.clear();
    for (const auto& [values, schedule] : found->outcomes) {
      Outcome outcome;
      outcome.id = result_.outcomes.size() + 1;
      outcome.values = values;
      outcome.witness = schedule_text(schedule, graph_->threads());
      result_.outcomes.push_back(std::move(outcome));
      groups_.push_back(known[values]);
    }
    if (found->runs > 0)
      result_.bound = fmt::format(
          "{} of {} runs that went on from states reached so far, each in one order chosen at random, came to an end: "
          "there may be more outcomes",
          found->ended, found->runs);
    return {};
  }

  /// Not everything fits: what few preemptions do, then random priorities.
  emu::Result<void> search_further() {
    if (was_interrupted()) return complete();
    auto found = search_bounded(*machine_, options_.scheduler, options_.limits,
                                [this](const std::vector<LocalId>& locals, SharedId shared) {
                                  return final_values(*machine_, locals, shared);
                                });
    if (!found) return found.error();
    for (auto& [values, states] : group_finals(*graph_, *machine_)) found->outcomes.try_emplace(values);
    result_.outcomes.clear();
    std::vector<std::vector<StateId>> groups;
    Groups known = group_finals(*graph_, *machine_);
    for (auto& [values, one] : found->outcomes) {
      Outcome outcome;
      outcome.id = result_.outcomes.size() + 1;
      outcome.values = values;
      outcome.preemptions = one.preemptions;
      groups.push_back(known[values]);
      const auto& way =
          one.schedule.empty() && !groups.back().empty() ? graph_->shortest(groups.back().front()) : one.schedule;
      outcome.witness = schedule_text(way, graph_->threads());
      result_.outcomes.push_back(std::move(outcome));
    }
    groups_ = std::move(groups);
    if (found->complete_up_to)
      result_.complete_for = fmt::format("schedules with at most {} preemption{}", *found->complete_up_to,
                                         *found->complete_up_to == 1 ? "" : "s");
    if (found->runs > 0) {
      const double chance = 1.0 / (static_cast<double>(graph_->threads()) * static_cast<double>(found->longest) *
                                   static_cast<double>(found->longest));
      result_.bound = fmt::format(
          "{} runs with random priorities (PCT, depth 3): each finds a given behaviour that 3 ordered steps decide "
          "with "
          "a probability of at least 1/(n*k*k) = {:.3g} (n = {} threads, k = {} steps)",
          found->runs, chance, graph_->threads(), found->longest);
    }
    return {};
  }

  void report(const char* phase) const {
    if (options_.limits.progress) options_.limits.progress(phase, result_.states, result_.transitions);
  }

  emu::Result<void> count() {
    report("order");
    const GraphOrder order = order_graph(*graph_);
    std::vector<StateId> finals;
    std::vector<std::vector<std::size_t>> members;
    for (const auto& group : groups_) {
      members.emplace_back();
      for (const StateId state : group) {
        members.back().push_back(finals.size());
        finals.push_back(state);
      }
    }
    if (was_interrupted()) return {};
    report("schedules");
    const PathCounts counts = count_paths(*graph_, order, finals);
    result_.chances = counts.whole;
    if (was_interrupted()) return {};
    report("executions");
    std::vector<std::optional<BigInt>> executions;
    const bool traces = options_.scheduler.kind == SchedulerClass::Kind::any && !options_.model.tso;
    result_.executions_are = traces ? "traces" : "po-rf-co";
    bool executions_known = true;
    if (traces) {
      executions = count_executions(*graph_, order, machine_->sites(), finals);
    } else if (auto histories = count_histories(*graph_, order, *machine_, groups_, options_.limits)) {
      executions = std::move(*histories);  // one a group
    } else {
      executions_known = false;
    }
    if (was_interrupted()) return {};
    report("witnesses");
    const std::vector<Witness> witnesses = find_witnesses(*graph_, order, *machine_, groups_);
    result_.schedules = {Count::Kind::exact, 0};
    result_.executions = {executions_known ? Count::Kind::exact : Count::Kind::unknown, 0};
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      Outcome& outcome = result_.outcomes[i];
      outcome.schedules = sum(counts.schedules, members[i]);
      if (executions_known) {
        outcome.executions = traces          ? sum(executions, members[i])
                             : executions[i] ? Count{Count::Kind::exact, *executions[i]}
                                             : Count{Count::Kind::infinite, 0};
      }
      add(result_.schedules, outcome.schedules);
      add(result_.executions, outcome.executions);
      if (order.acyclic()) outcome.chance = sum(counts.chances, members[i]).value;
      outcome.preemptions = witnesses[i].preemptions;
      outcome.witness = schedule_text(witnesses[i].actions, graph_->threads());
    }
    result_.threads = count_steps(*graph_, order);
    auto livelocks = find_livelocks(*graph_, order, *machine_);
    if (!livelocks) return livelocks.error();
    result_.livelocks = std::move(livelocks).value();
    if (!options_.pictures) return {};
    std::vector<std::vector<std::uint8_t>> ways;
    for (const Witness& witness : witnesses) ways.push_back(witness.actions);
    result_.pictures = draw_pictures(*graph_, order, *machine_, groups_, ways);
    return {};
  }

  /// Under x86-TSO the races of the sequentially consistent executions are told: a program without any behaves there as
  /// under sequential consistency. Their schedules are those of the same executions with store buffers.
  emu::Result<void> look_for_races() {
    report("races");
    RaceReport found;
    if (!options_.model.tso) {
      found = find_races(*graph_, *machine_, kMostRaceStates);
    } else {
      MachineModel model = options_.model;
      model.tso = false;
      auto machine = MachineStep::create(program_, model);
      if (!machine) return machine.error();
      auto graph = StateGraph::build(**machine, options_.scheduler, options_.limits);
      if (!graph) return graph.error();
      found = find_races(*graph, **machine, kMostRaceStates);
      found.complete = found.complete && graph->complete();
      for (Race& race : found.races)
        for (auto* schedule : {&race.first_before, &race.second_before}) *schedule = with_drains(*machine_, *schedule);
    }
    result_.races = std::move(found.races);
    result_.races_complete = found.complete && graph_->complete();
    for (Race& race : result_.races) {
      for (Race::Access* access : {&race.first, &race.second}) {
        access->text = machine_->text(access->rip);
        access->source = machine_->source(access->rip);
      }
    }
    return {};
  }

  /// What the schedule comes to that was asked about.
  emu::Result<void> follow_path() {
    if (!options_.path) return {};
    auto followed = follow_schedule(*machine_, options_.scheduler, *options_.path);
    if (!followed) return followed.error();
    SchedulePath& path = followed->path;
    if (path.end == SchedulePath::End::outcome) {
      path.values = final_values(*machine_, followed->locals, followed->shared);
      for (const Outcome& outcome : result_.outcomes)
        if (outcome.values == path.values) path.outcome = outcome.id;
      path.execution.outcome = static_cast<std::uint32_t>(path.outcome);
    }
    result_.path = std::move(path);
    return {};
  }

  void judge() {
    for (const Condition& assertion : assertions_) {
      Violation violation;
      violation.assertion = assertion.text();
      StateId first = kNoState;
      for (std::size_t i = 0; i < groups_.size(); ++i) {
        if (assertion.holds(result_.outcomes[i].values)) continue;
        violation.outcomes.push_back(result_.outcomes[i].id);
        for (const StateId state : groups_[i])
          if (first == kNoState || graph_->depth(state) < graph_->depth(first) ||
              (graph_->depth(state) == graph_->depth(first) && state < first))
            first = state;
      }
      if (violation.outcomes.empty()) continue;
      violation.witness = first != kNoState ? schedule_text(graph_->shortest(first), graph_->threads())
                                            : result_.outcomes[violation.outcomes.front() - 1].witness;
      result_.violations.push_back(std::move(violation));
    }
  }

  const ThreadProgram& program_;
  const ExploreOptions& options_;
  std::vector<Condition> assertions_;
  std::unique_ptr<MachineStep> machine_;
  const StateGraph* graph_ = nullptr;
  std::vector<std::vector<StateId>> groups_;  // one an outcome
  Exploration result_;
};

}  // namespace

std::string Count::text() const {
  switch (kind) {
    case Kind::exact:
      return value.str();
    case Kind::infinite:
      return "infinite";
    case Kind::unknown:
      break;
  }
  return "";
}

emu::Result<Exploration> explore(const ThreadProgram& program, const ExploreOptions& options) {
  return Explorer(program, options).run();
}

}  // namespace fiberscope::core::explore
