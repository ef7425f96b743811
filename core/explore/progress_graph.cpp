#include "core/explore/progress_graph.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace fiberscope::core::explore {
namespace {

using Points = std::vector<std::uint32_t>;  // of a state: first << 16 | second, ascending

void insert(Points& points, std::uint32_t point) {
  const auto at = std::lower_bound(points.begin(), points.end(), point);
  if (at == points.end() || *at != point) points.insert(at, point);
}

constexpr std::uint32_t kFirst = 1U << 16;

using Set = std::vector<std::uint64_t>;  // of outcomes, a bit each

/// Gives every point the set of outcomes that it was joined from; nothing: no schedule comes there.
void set_points(ProgressGraph& progress, const std::vector<std::optional<Set>>& joined, std::size_t outcomes) {
  std::map<Set, std::uint32_t> known;
  for (const auto& set : joined) {
    if (!set) {
      progress.points.emplace_back();
      continue;
    }
    const auto [found, fresh] = known.emplace(*set, static_cast<std::uint32_t>(progress.sets.size()));
    if (fresh) {
      progress.sets.emplace_back();
      for (std::uint32_t id = 1; id <= outcomes; ++id)
        if (((*set)[(id - 1) / 64] >> (id - 1) % 64 & 1) != 0) progress.sets.back().push_back(id);
    }
    progress.points.emplace_back(found->second);
  }
}

/// The outcomes that each state may still come to, through loops too: backwards until nothing changes.
std::vector<std::uint64_t> reachable_outcomes(const StateGraph& graph, const std::vector<std::vector<StateId>>& groups,
                                              std::size_t words) {
  std::vector<std::size_t> begins(graph.size() + 1, 0);
  for (StateId state = 0; state < graph.size(); ++state)
    for (const auto& edge : graph.edges(state)) ++begins[edge.target + 1];
  for (std::size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
  std::vector<StateId> sources(begins.back());
  std::vector<std::size_t> next(begins.begin(), begins.end() - 1);
  for (StateId state = 0; state < graph.size(); ++state)
    for (const auto& edge : graph.edges(state)) sources[next[edge.target]++] = state;

  std::vector<std::uint64_t> reach(graph.size() * words, 0);
  std::vector<StateId> waiting;
  std::vector<bool> waits(graph.size(), false);
  for (std::size_t group = 0; group < groups.size(); ++group) {
    for (const StateId state : groups[group]) {
      reach[state * words + group / 64] |= std::uint64_t{1} << group % 64;
      if (!waits[state]) waiting.push_back(state);
      waits[state] = true;
    }
  }
  while (!waiting.empty()) {
    const StateId state = waiting.back();
    waiting.pop_back();
    waits[state] = false;
    for (std::size_t i = begins[state]; i < begins[state + 1]; ++i) {
      const StateId source = sources[i];
      bool grew = false;
      for (std::size_t word = 0; word < words; ++word) {
        const std::uint64_t more = reach[state * words + word] & ~reach[source * words + word];
        reach[source * words + word] |= more;
        grew = grew || more != 0;
      }
      if (!grew || waits[source]) continue;
      waits[source] = true;
      waiting.push_back(source);
    }
  }
  return reach;
}

/// Of a program that can loop: where its threads stand.
std::optional<ProgressGraph> find_places(const StateGraph& graph, const MachineStep& machine,
                                         const std::vector<std::vector<StateId>>& groups) {
  ProgressGraph progress;
  for (std::size_t thread = 0; thread < 2; ++thread) {
    std::set<std::uint64_t> rips;
    for (StateId state = 0; state < graph.size(); ++state)
      if (const LocalId local = graph.local(state, thread); !machine.finished(local)) rips.insert(machine.rip(local));
    progress.places[thread].assign(rips.begin(), rips.end());
    progress.steps[thread] = static_cast<std::uint32_t>(rips.size());
    for (const std::uint64_t rip : rips) progress.texts[thread].push_back(machine.text(rip));
  }
  const std::size_t size = (progress.steps[0] + std::size_t{1}) * (progress.steps[1] + std::size_t{1});
  if (size > kMostProgressPoints) return std::nullopt;
  const auto coordinate = [&](StateId state, std::size_t thread) {
    const LocalId local = graph.local(state, thread);
    const auto& places = progress.places[thread];
    const auto at =
        machine.finished(local) ? places.end() : std::lower_bound(places.begin(), places.end(), machine.rip(local));
    return static_cast<std::uint32_t>(at - places.begin());
  };
  progress.start = {coordinate(0, 0), coordinate(0, 1)};
  const std::size_t words = (groups.size() + 63) / 64;
  const std::vector<std::uint64_t> reach = reachable_outcomes(graph, groups, words);
  std::vector<std::optional<Set>> joined(size);
  for (StateId state = 0; state < graph.size(); ++state) {
    auto& set = joined[progress.place({coordinate(state, 0), coordinate(state, 1)})];
    if (!set) set.emplace(words, 0);
    for (std::size_t i = 0; i < words; ++i) (*set)[i] |= reach[state * words + i];
  }
  set_points(progress, joined, groups.size());
  return progress;
}

}  // namespace

std::optional<ProgressGraph> find_progress(const StateGraph& graph, const GraphOrder& order, const MachineStep& machine,
                                           const std::vector<std::vector<StateId>>& groups) {
  if (graph.threads() != 2 || graph.size() > kMostProgressStates || groups.size() > kMostProgressOutcomes)
    return std::nullopt;
  if (!order.acyclic()) return find_places(graph, machine, groups);
  std::vector<StateId> sorted;
  in_order(graph, order, [&](StateId state) { sorted.push_back(state); });

  // Forwards: the points at which a state may be found.
  ProgressGraph progress;
  std::vector<Points> places(graph.size());
  places[0] = {0};
  for (const StateId state : sorted) {
    for (const std::uint32_t at : places[state]) {
      progress.steps[0] = std::max(progress.steps[0], at / kFirst);
      progress.steps[1] = std::max(progress.steps[1], at % kFirst);
      if ((progress.steps[0] + std::size_t{1}) * (progress.steps[1] + std::size_t{1}) > kMostProgressPoints)
        return std::nullopt;
      for (const auto& edge : graph.edges(state))
        insert(places[edge.target], at + (edge.action() == 0 ? kFirst : edge.action() == 1 ? 1 : 0));
    }
  }

  // Backwards: the outcomes that a state may still come to.
  const std::size_t words = (groups.size() + 63) / 64;
  std::vector<std::uint64_t> reach(graph.size() * words, 0);
  for (std::size_t group = 0; group < groups.size(); ++group)
    for (const StateId state : groups[group]) reach[state * words + group / 64] |= std::uint64_t{1} << group % 64;
  for (auto state = sorted.rbegin(); state != sorted.rend(); ++state)
    for (const auto& edge : graph.edges(*state))
      for (std::size_t i = 0; i < words; ++i) reach[*state * words + i] |= reach[edge.target * words + i];

  const std::size_t size = (progress.steps[0] + std::size_t{1}) * (progress.steps[1] + std::size_t{1});
  std::vector<std::optional<Set>> joined(size);
  for (std::size_t i = 0; i < 2; ++i) progress.texts[i].resize(progress.steps[i]);
  std::array<std::vector<bool>, 2> differs{std::vector<bool>(progress.steps[0], false),
                                           std::vector<bool>(progress.steps[1], false)};
  for (const StateId state : sorted) {
    for (const std::uint32_t at : places[state]) {
      const LatticePoint point{at / kFirst, at % kFirst};
      auto& set = joined[progress.place(point)];
      if (!set) set.emplace(words, 0);
      for (std::size_t i = 0; i < words; ++i) (*set)[i] |= reach[state * words + i];
      for (const auto& edge : graph.edges(state)) {
        if (edge.action() > 1) continue;
        const std::size_t step = edge.action() == 0 ? point.first : point.second;
        const std::string text = machine.text(machine.sites().at(edge.site()).rip);
        std::string& known = progress.texts[edge.action()][step];
        if (!known.empty() && known != text) differs[edge.action()][step] = true;
        known = text;
      }
    }
  }
  for (std::size_t thread = 0; thread < 2; ++thread)
    for (std::size_t i = 0; i < differs[thread].size(); ++i)
      if (differs[thread][i]) progress.texts[thread][i].clear();

  set_points(progress, joined, groups.size());
  return progress;
}

std::vector<LatticePoint> points_of(std::span<const std::uint8_t> actions) {
  LatticePoint at;
  std::vector<LatticePoint> points{at};
  for (const std::uint8_t action : actions) {
    if (action > 1) continue;
    ++(action == 0 ? at.first : at.second);
    points.push_back(at);
  }
  return points;
}

std::vector<LatticePoint> points_of(const ProgressGraph& graph, std::span<const ExecutedStep> steps, bool ends) {
  LatticePoint at = graph.start;
  std::vector<LatticePoint> points{at};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::size_t thread = steps[i].thread;
    if (steps[i].drain || thread > 1) continue;
    const auto next = std::find_if(steps.begin() + static_cast<std::ptrdiff_t>(i) + 1, steps.end(),
                                   [thread](const ExecutedStep& one) { return one.thread == thread && !one.drain; });
    const auto& places = graph.places[thread];
    std::uint32_t& own = thread == 0 ? at.first : at.second;
    if (next != steps.end()) {
      own = static_cast<std::uint32_t>(std::lower_bound(places.begin(), places.end(), next->rip) - places.begin());
    } else if (ends) {
      own = graph.steps[thread];
    }
    points.push_back(at);
  }
  return points;
}

std::vector<std::uint8_t> path_through(std::span<const std::uint8_t> actions, LatticePoint through) {
  const std::vector<LatticePoint> points = points_of(actions);
  std::size_t before = 0;
  while (before + 1 < points.size() && points[before + 1].first <= through.first &&
         points[before + 1].second <= through.second)
    ++before;
  std::size_t behind = points.size() - 1;
  while (behind > before && points[behind - 1].first >= through.first && points[behind - 1].second >= through.second)
    --behind;
  std::vector<std::uint8_t> path(actions.begin(), actions.begin() + static_cast<std::ptrdiff_t>(before));
  const auto go = [&path](LatticePoint from, LatticePoint to) {
    path.insert(path.end(), to.first - from.first, 0);
    path.insert(path.end(), to.second - from.second, 1);
  };
  go(points[before], through);
  go(through, points[behind]);
  path.insert(path.end(), actions.begin() + static_cast<std::ptrdiff_t>(behind), actions.end());
  return path;
}

}  // namespace fiberscope::core::explore
