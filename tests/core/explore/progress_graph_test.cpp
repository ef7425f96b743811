// Lattice, state map and the pictures' data of two threads, against all their schedules one by one.
#include "core/explore/progress_graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/explore/explore_answer.h"
#include "core/explore/explore_report.h"
#include "core/explore/explore_request.h"
#include "core/explore/schedule.h"

namespace fiberscope::core::explore {
namespace {

struct Explored {
  PreparedExploration prepared;
  Exploration found;
  [[nodiscard]] const Pictures& pictures() const { return *found.pictures; }
};

Explored ask(std::vector<std::string> threads, const std::string& scheduler = "", const std::string& memory = "",
             const std::string& lowering = "") {
  ExploreRequest request;
  request.threads = std::move(threads);
  request.scheduler = scheduler;
  request.memory = memory;
  request.lowering = lowering;
  request.pictures = true;
  auto prepared = prepare(request);
  if (!prepared) throw std::runtime_error(prepared.error().message);
  Explored result{std::move(prepared).value(), {}};
  auto found = explore(result.prepared.program, result.prepared.options);
  if (!found) throw std::runtime_error(found.error().message);
  result.found = std::move(found).value();
  return result;
}

const std::string kTypical = "x=x+1; y=y+x";

/// The textbook's six instructions as a person reads them, run on numbers: no part of what is tested.
struct ByHand {
  int x = 0;
  int y = 0;
  std::array<int, 2> eax{};
  std::array<int, 2> done{};

  void step(std::size_t thread) {
    int& r = eax[thread];
    switch (done[thread]++) {
      case 0:
        r = x;
        break;
      case 1:
        r += 1;
        break;
      case 2:
        x = r;
        break;
      case 3:
        r = y;
        break;
      case 4:
        r += x;
        break;
      case 5:
        y = r;
        break;
      default:
        throw std::logic_error("finished");
    }
  }
};

void all_schedules(std::vector<std::uint8_t>& actions, int left_first, int left_second,
                   const std::function<void(const std::vector<std::uint8_t>&)>& visit) {
  if (left_first + left_second == 0) return visit(actions);
  for (const std::uint8_t thread : {std::uint8_t{0}, std::uint8_t{1}}) {
    int& left = thread == 0 ? left_first : left_second;
    if (left == 0) continue;
    --left;
    actions.push_back(thread);
    all_schedules(actions, left_first, left_second, visit);
    actions.pop_back();
    ++left;
  }
}

TEST(ProgressGraph, HoldsWhatAll924SchedulesOfTheExampleLeadTo) {
  const Explored asked = ask({kTypical, kTypical});
  std::map<std::pair<std::int64_t, std::int64_t>, std::uint32_t> ids;
  for (const Outcome& outcome : asked.found.outcomes)
    ids[{outcome.values[0], outcome.values[1]}] = static_cast<std::uint32_t>(outcome.id);
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::set<std::uint32_t>> expected;
  int schedules = 0;
  std::vector<std::uint8_t> actions;
  all_schedules(actions, 6, 6, [&](const std::vector<std::uint8_t>& schedule) {
    ++schedules;
    ByHand machine;
    for (const std::uint8_t thread : schedule) machine.step(thread);
    const std::uint32_t id = ids.at({machine.x, machine.y});
    for (const LatticePoint point : points_of(schedule)) expected[{point.first, point.second}].insert(id);
    // The same schedule through the map of states.
    const Followed followed = follow(asked.pictures().states, schedule);
    EXPECT_EQ(followed.outcome, id) << schedule_text(schedule, 2);
    EXPECT_EQ(followed.actions, schedule);
    EXPECT_FALSE(followed.blocked);
  });
  EXPECT_EQ(schedules, 924);
  ASSERT_TRUE(asked.pictures().progress);
  const ProgressGraph& graph = *asked.pictures().progress;
  EXPECT_EQ(graph.steps, (std::array<std::uint32_t, 2>{6, 6}));
  for (std::uint32_t i = 0; i <= 6; ++i) {
    for (std::uint32_t j = 0; j <= 6; ++j) {
      const auto* outcomes = graph.outcomes({i, j});
      ASSERT_NE(outcomes, nullptr);
      const std::set<std::uint32_t>& wanted = expected[{i, j}];
      EXPECT_EQ(*outcomes, std::vector<std::uint32_t>(wanted.begin(), wanted.end())) << i << ", " << j;
    }
  }
  EXPECT_EQ(graph.texts[0].at(2), "mov dword ptr [x], eax");
  EXPECT_EQ(graph.texts[1].at(4), "add eax, dword ptr [x]");
}

TEST(ProgressGraph, RoundRobinLeavesPointsThatNoScheduleReaches) {
  const Explored asked = ask({kTypical, kTypical}, "rr=2");
  const ProgressGraph& graph = *asked.pictures().progress;
  std::set<std::pair<std::uint32_t, std::uint32_t>> reached;
  for (std::uint32_t i = 0; i <= 6; ++i)
    for (std::uint32_t j = 0; j <= 6; ++j)
      if (graph.outcomes({i, j}) != nullptr) reached.insert({i, j});
  // T1x2 T2x2 T1x2 T2x2 T1x2 T2x2 is the only schedule.
  EXPECT_EQ(
      reached,
      (std::set<std::pair<std::uint32_t, std::uint32_t>>{
          {0, 0}, {1, 0}, {2, 0}, {2, 1}, {2, 2}, {3, 2}, {4, 2}, {4, 3}, {4, 4}, {5, 4}, {6, 4}, {6, 5}, {6, 6}}));
  const Followed followed = follow(asked.pictures().states, std::vector<std::uint8_t>{0, 1});
  EXPECT_EQ(followed.blocked, std::optional<std::size_t>(1));
}

Explored ask_program(const std::string& target, const std::string& memory = "") {
  ExploreRequest request;
  request.target = target;
  request.memory = memory;
  request.pictures = true;
  auto prepared = prepare(request);
  if (!prepared) throw std::runtime_error(prepared.error().message);
  Explored result{std::move(prepared).value(), {}};
  auto found = explore(result.prepared.program, result.prepared.options);
  if (!found) throw std::runtime_error(found.error().message);
  result.found = std::move(found).value();
  return result;
}

/// The outcomes that can be reached from a state, walking from it.
std::set<std::uint32_t> walk(const StateMap& map, std::uint32_t from) {
  std::set<std::uint32_t> outcomes;
  std::set<std::uint32_t> seen{from};
  std::vector<std::uint32_t> open{from};
  while (!open.empty()) {
    const StateMap::Node& node = map.nodes[open.back()];
    open.pop_back();
    if (node.outcome != 0) outcomes.insert(node.outcome);
    for (const StateMap::Move& move : node.moves)
      if (seen.insert(move.to).second) open.push_back(move.to);
  }
  return outcomes;
}

TEST(ProgressGraph, OfALoopHasTheThreadsPlacesAndWhatIsReachedFromThere) {
  for (const char* target : {"example:broken_lock.c", "example:peterson.c"}) {
    const Explored asked = ask_program(target);
    const ProgressGraph& graph = *asked.pictures().progress;
    const StateMap& map = asked.pictures().states;
    ASSERT_TRUE(graph.loops());
    ASSERT_FALSE(map.nodes.empty());
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::set<std::uint32_t>> expected;
    const auto coordinate = [&](const std::optional<std::uint64_t>& rip, std::size_t thread) {
      const auto& places = graph.places[thread];
      if (!rip) return static_cast<std::uint32_t>(places.size());
      return static_cast<std::uint32_t>(std::find(places.begin(), places.end(), *rip) - places.begin());
    };
    for (std::uint32_t node = 0; node < map.nodes.size(); ++node) {
      const auto& rips = map.nodes[node].rips;
      auto& outcomes = expected[{coordinate(rips[0], 0), coordinate(rips[1], 1)}];
      outcomes.merge(walk(map, node));
    }
    for (std::uint32_t i = 0; i <= graph.steps[0]; ++i) {
      for (std::uint32_t j = 0; j <= graph.steps[1]; ++j) {
        const auto* outcomes = graph.outcomes({i, j});
        const auto wanted = expected.find({i, j});
        ASSERT_EQ(outcomes != nullptr, wanted != expected.end()) << target << ' ' << i << ", " << j;
        if (outcomes != nullptr) {
          EXPECT_EQ(std::set<std::uint32_t>(outcomes->begin(), outcomes->end()), wanted->second);
        }
      }
    }
  }
}

/// Whether both threads may stand between the first and the last instruction that uses count.
bool both_enter(const ProgressGraph& graph) {
  std::array<std::vector<std::uint32_t>, 2> inside;
  for (std::size_t thread = 0; thread < 2; ++thread) {
    const auto& texts = graph.texts[thread];
    for (std::uint32_t i = 0; i < texts.size(); ++i)
      if (texts[i].find("[count]") != std::string::npos) inside[thread].push_back(i);
  }
  for (std::uint32_t i = inside[0].front(); i <= inside[0].back(); ++i)
    for (std::uint32_t j = inside[1].front(); j <= inside[1].back(); ++j)
      if (graph.outcomes({i, j}) != nullptr) return true;
  return false;
}

TEST(ProgressGraph, OfALockShowsWhetherBothMayEnter) {
  EXPECT_FALSE(both_enter(*ask_program("example:peterson.c", "sc").pictures().progress));
  EXPECT_TRUE(both_enter(*ask_program("example:peterson.c", "tso").pictures().progress));
  EXPECT_TRUE(both_enter(*ask_program("example:broken_lock.c").pictures().progress));
}

TEST(ProgressGraph, AWayThroughPlacesFollowsTheInstructions) {
  const Explored asked = ask_program("example:peterson.c");
  const ProgressGraph& graph = *asked.pictures().progress;
  const ExecutionPicture& picture = asked.pictures().executions.front();
  const std::vector<LatticePoint> points = points_of(graph, picture.steps, true);
  ASSERT_EQ(points.size(), picture.steps.size() + 1);
  EXPECT_EQ(points.front(), (LatticePoint{0, 0}));
  EXPECT_EQ(points.back(), (LatticePoint{graph.steps[0], graph.steps[1]}));
  // Each step begins where the point before it says.
  for (std::size_t i = 0; i < picture.steps.size(); ++i) {
    const ExecutedStep& step = picture.steps[i];
    const std::uint32_t at = step.thread == 0 ? points[i].first : points[i].second;
    EXPECT_EQ(graph.places[step.thread].at(at), step.rip) << i;
  }
  EXPECT_EQ(points_of(graph, {}, false), (std::vector<LatticePoint>{graph.start}));
}

TEST(ProgressGraph, IsForTwoThreadsOnly) {
  EXPECT_FALSE(ask({"x=x+1", "x=x+1", "x=x+1"}).pictures().progress);
  EXPECT_FALSE(ask({"x=x+1", "x=x+1", "x=x+1"}).pictures().states.nodes.empty());
}

TEST(ProgressGraph, DrainsOfStoreBuffersDoNotMove) {
  const Explored asked = ask({"x=1; a=y", "y=1; b=x"}, "", "tso");
  ASSERT_TRUE(asked.pictures().progress);
  EXPECT_EQ(asked.pictures().progress->steps, (std::array<std::uint32_t, 2>{3, 3}));
  EXPECT_TRUE(asked.pictures().states.has_buffers);
  EXPECT_EQ(asked.pictures().progress->outcomes({0, 0})->size(), asked.found.outcomes.size());
  EXPECT_EQ(points_of(std::vector<std::uint8_t>{0, 2, 1, 3}).size(), 3U);
}

TEST(PathThrough, KeepsWhatItCanOfTheOldPath) {
  const auto path = [](const char* text) { return parse_schedule(text, 2).value(); };
  const auto through = [&](const char* text, LatticePoint point) {
    return schedule_text(path_through(path(text), point), 2);
  };
  EXPECT_EQ(through("T1x6 T2x6", {6, 0}), "T1x6 T2x6");
  EXPECT_EQ(through("T1x6 T2x6", {2, 4}), "T1x2 T2x4 T1x4 T2x2");
  EXPECT_EQ(through("T1x6 T2x6", {0, 6}), "T2x6 T1x6");
  EXPECT_EQ(through("T1x2 T2x4 T1x4 T2x2", {2, 3}), "T1x2 T2x4 T1x4 T2x2");
  EXPECT_EQ(through("T1x2 T2x4 T1x4 T2x2", {3, 3}), "T1x2 T2x3 T1x1 T2x1 T1x3 T2x2");
}

TEST(PathThrough, EveryPathThroughEveryPointIsAScheduleOfAsManySteps) {
  std::vector<std::uint8_t> actions;
  all_schedules(actions, 4, 3, [&](const std::vector<std::uint8_t>& schedule) {
    for (std::uint32_t i = 0; i <= 4; ++i) {
      for (std::uint32_t j = 0; j <= 3; ++j) {
        const auto changed = path_through(schedule, {i, j});
        EXPECT_EQ(std::count(changed.begin(), changed.end(), 0), 4);
        EXPECT_EQ(std::count(changed.begin(), changed.end(), 1), 3);
        const auto points = points_of(changed);
        EXPECT_NE(std::find(points.begin(), points.end(), (LatticePoint{i, j})), points.end());
        const auto before = points_of(schedule);
        if (std::find(before.begin(), before.end(), (LatticePoint{i, j})) != before.end()) {
          EXPECT_EQ(changed, schedule);
        }
      }
    }
  });
}

TEST(StateMap, IsTooLargeForMoreThanItsLimitAndSaysHowManyThereAre) {
  const std::string statements = "x=x+1; y=y+x; z=x+5*y";
  const Explored two = ask({statements, statements});
  EXPECT_FALSE(two.pictures().states.drawable());
  EXPECT_FALSE(two.pictures().states.nodes.empty());
  EXPECT_EQ(two.pictures().states.states, two.found.states);
  const Explored three = ask({statements, statements, statements});
  EXPECT_TRUE(three.pictures().states.nodes.empty());
  EXPECT_GT(three.pictures().states.states, kMostMappedStates);
}

TEST(StateMap, OfWholeStatementsIsTheTreeThatAPersonDraws) {
  // Two threads of one statement: start, two ways, and one end, as x=x+1 twice is 2 whoever goes first.
  const Explored asked = ask({"x=x+1", "x=x+1"}, "", "", "statement");
  const StateMap& map = asked.pictures().states;
  ASSERT_EQ(map.nodes.size(), 4U);
  EXPECT_EQ(map.nodes[0].values, std::vector<std::int64_t>{0});
  EXPECT_EQ(map.nodes[0].moves.size(), 2U);
  EXPECT_EQ(map.nodes[3].values, std::vector<std::int64_t>{2});
  EXPECT_EQ(map.nodes[3].outcome, 1U);
  EXPECT_EQ(map.nodes[3].rips, (std::vector<std::optional<std::uint64_t>>{std::nullopt, std::nullopt}));
  EXPECT_TRUE(map.drawable());
}

TEST(Pictures, AreTheSameBehindTheirJson) {
  for (const char* memory : {"sc", "tso"}) {
    const Explored asked = ask({kTypical, "y=1; x=y"}, "", memory);
    const std::string text = explore_json(asked.prepared, asked.found).dump();
    const auto answer = read_answer(text);
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_TRUE(answer->pictures);
    EXPECT_TRUE(*answer->pictures == asked.pictures()) << memory;
    EXPECT_EQ(answer->outcomes.size(), asked.found.outcomes.size());
    EXPECT_EQ(answer->schedules, asked.found.schedules.text());
    EXPECT_EQ(answer->findings.size(), asked.found.races.size());
  }
}

TEST(Pictures, OfALoopAreTheSameBehindTheirJson) {
  const Explored asked = ask_program("example:peterson.c");
  const auto answer = read_answer(explore_json(asked.prepared, asked.found).dump());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(*answer->pictures == asked.pictures());
}

TEST(Pictures, AreNullWhereNobodyAskedForThem) {
  ExploreRequest request;
  request.threads = {kTypical, kTypical};
  const auto prepared = prepare(request);
  const auto found = explore(prepared->program, prepared->options);
  const auto json = explore_json(*prepared, *found);
  for (const char* field : {"progress_graph", "state_graph", "executions_drawn"}) {
    ASSERT_TRUE(json.contains(field));
    EXPECT_TRUE(json.at(field).is_null());
  }
  EXPECT_FALSE(read_answer(json.dump())->pictures);
  EXPECT_FALSE(read_answer("{\"schema\":\"fiberscope.run/1\"}"));
  EXPECT_FALSE(read_answer("no json"));
}

}  // namespace
}  // namespace fiberscope::core::explore
