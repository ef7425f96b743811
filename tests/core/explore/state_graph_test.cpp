// The graph of states against one that is made the plain way: a queue, and a map of everything that was ever seen.
#include "core/explore/state_graph.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <tuple>

#include "tests/core/explore/ask.h"

namespace fiberscope::core::explore {
namespace {

struct PlainGraph {
  using State = std::vector<std::uint32_t>;  // threads, memory, turn
  struct Edge {
    std::uint32_t action = 0;
    std::uint32_t target = 0;
    SiteId site = 0;
  };
  std::vector<State> states;
  std::vector<std::vector<Edge>> edges;
  std::vector<std::uint32_t> depths;
  bool graded = true;  // no edge but to the next depth

  PlainGraph(MachineStep& machine, const SchedulerClass& scheduler) {
    const std::size_t threads = machine.first_locals().size();
    const TurnRule rule{scheduler, threads};
    State first(machine.first_locals().begin(), machine.first_locals().end());
    first.push_back(machine.first_shared());
    first.push_back(0);
    number(first, 0);
    for (std::uint32_t from = 0; from < states.size(); ++from) {
      const State state = states[from];
      const SharedId shared = state[threads];
      std::vector<std::pair<std::uint32_t, StepResult>> steps;
      std::uint32_t enabled = 0;
      for (std::uint32_t i = 0; i < threads; ++i) {
        if (machine.finished(state[i])) continue;
        const StepResult result = *machine.step(state[i], shared);
        if (!result.enabled) continue;
        enabled |= 1U << i;
        steps.emplace_back(i, result);
      }
      const std::uint32_t choices = rule.choices(state[threads + 1], enabled);
      std::erase_if(steps, [choices](const auto& step) { return (choices >> step.first & 1) == 0; });
      for (std::uint32_t i = 0; i < threads; ++i) {
        const StepResult result = *machine.drain(state[i], shared);
        if (result.enabled) steps.emplace_back(static_cast<std::uint32_t>(threads) + i, result);
      }
      for (const auto& [action, result] : steps) {
        State next = state;
        next[action % threads] = result.local;
        next[threads] = result.shared;
        if (action < threads) next[threads + 1] = rule.after(state[threads + 1], action);
        const std::uint32_t target = number(next, depths[from] + 1);
        edges[from].push_back({action, target, result.site});
        if (depths[target] != depths[from] + 1) graded = false;
      }
    }
  }

 private:
  std::uint32_t number(const State& state, std::uint32_t depth) {
    const auto [place, fresh] = numbers_.emplace(state, static_cast<std::uint32_t>(states.size()));
    if (fresh) {
      states.push_back(state);
      edges.emplace_back();
      depths.push_back(depth);
    }
    return place->second;
  }
  std::map<State, std::uint32_t> numbers_;
};

/// Both graphs, state by state and edge by edge. Returns whether the machine is levelled in the end.
bool compare(const ExploreRequest& request) {
  const auto prepared = prepare(request);
  if (!prepared) {
    ADD_FAILURE() << prepared.error().message;
    return false;
  }
  const auto machine = MachineStep::create(prepared->program, prepared->options.model);
  const auto graph = StateGraph::build(**machine, prepared->options.scheduler, prepared->options.limits);
  if (!graph) {
    ADD_FAILURE() << graph.error().message;
    return false;
  }
  const std::size_t threads = graph->threads();
  const PlainGraph plain(**machine, prepared->options.scheduler);
  EXPECT_EQ(graph->size(), plain.states.size());
  EXPECT_EQ(graph->graded(), plain.graded);
  for (StateId state = 0; state < std::min(graph->size(), plain.states.size()); ++state) {
    for (std::size_t i = 0; i < threads; ++i) EXPECT_EQ(graph->local(state, i), plain.states[state][i]);
    EXPECT_EQ(graph->shared(state), plain.states[state][threads]);
    EXPECT_EQ(graph->depth(state), plain.depths[state]);
    const auto edges = graph->edges(state);
    if (edges.size() != plain.edges[state].size()) {
      ADD_FAILURE() << "state " << state << " has " << edges.size() << " edges, not " << plain.edges[state].size();
      return false;
    }
    for (std::size_t i = 0; i < edges.size(); ++i) {
      EXPECT_EQ(edges[i].target, plain.edges[state][i].target);
      EXPECT_EQ(edges[i].action(), plain.edges[state][i].action);
      EXPECT_EQ(edges[i].site(), plain.edges[state][i].site);
    }
    if (testing::Test::HasFailure()) return false;
  }
  return (*machine)->is_levelled();
}

/// A C file of this text.
ExploreRequest c_text(const std::string& text) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("state-graph-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "threads.c") << text;
  ExploreRequest request;
  request.target = folder / "threads.c";
  return request;
}

constexpr const char* kBody = "x=x+1; y=y+x";

TEST(StateGraph, StraightCodeUnderEveryScheduler) {
  for (const char* scheduler : {"any", "rr", "rr=1", "rr=3"}) {
    ExploreRequest request = typed({kBody, kBody, "x=y"});
    request.scheduler = scheduler;
    EXPECT_TRUE(compare(request)) << scheduler;
  }
  EXPECT_TRUE(compare(typed({"x=x+1", "x=x+1", "x=x+1", "x=y", "y=1", "y=2", "x=1", "y=x"}, "statement")));
}

TEST(StateGraph, StoreBuffers) {
  ExploreRequest request = typed({"x=1; y=x", "y=x+1; x=y", "x=2"});
  request.memory = "tso";
  EXPECT_TRUE(compare(request));
}

TEST(StateGraph, LoopsAndLocks) {
  // Who waits in a call of the runtime makes no steps; who spins makes some without getting further.
  for (const char* name : {"philosophers.c", "bounded_buffer.c"}) EXPECT_TRUE(compare(file(name))) << name;
  for (const char* name : {"peterson.c", "ticket_lock.c", "livelock.c"}) EXPECT_FALSE(compare(file(name))) << name;
  ExploreRequest request = file("peterson.c");
  request.memory = "tso";
  EXPECT_FALSE(compare(request));
}

/// For long all ways to a thread's own state are equally long; then a branch joins the way around it. What was
/// forgotten by then must be found again.
TEST(StateGraph, WaysOfDifferentLengthJoinLate) {
  const ExploreRequest request = c_text(
      "int x, y, z;\n"
      "void thread_1(void) { x = 1; y = x; z = y; y = 2; if (x == 2) y = y + 1; x = 3; z = 4; x = z; }\n"
      "void thread_2(void) { z = 2; y = 1; x = 2; y = 3; if (z == 2) z = 1; z = y; y = 5; }\n");
  EXPECT_FALSE(compare(request));
  std::filesystem::remove_all(std::filesystem::path(request.target).parent_path());
}

/// A spinning thread comes back to a state that is older than the layer before.
TEST(StateGraph, ALoopComesBackToAnOldState) {
  const ExploreRequest request = c_text(
      "volatile int x, y;\n"
      "void thread_1(void) { x = 1; y = 1; while (x == 1) { y = 2; y = 3; y = 1; } }\n"
      "void thread_2(void) { y = 4; y = 5; x = 0; }\n");
  EXPECT_FALSE(compare(request));
  std::filesystem::remove_all(std::filesystem::path(request.target).parent_path());
}

/// Bytes of this process's memory that hold something.
std::size_t resident() {
  std::size_t whole = 0;
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> whole >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

TEST(StateGraph, TheLimitOfMemoryHolds) {
  const std::string body = "x=x+1; y=y+x; z=x+5*y";
  auto prepared = prepare(typed({body, body, body, body}));
  ASSERT_TRUE(prepared.ok());
  const auto machine = MachineStep::create(prepared->program, prepared->options.model);
  constexpr std::uint64_t kMiB = 1U << 20;
  for (const std::uint64_t limit : {24 * kMiB, 100 * kMiB}) {
    prepared->options.limits.max_memory = limit;
    const std::size_t before = resident();
    const auto graph = StateGraph::build(**machine, prepared->options.scheduler, prepared->options.limits);
    ASSERT_TRUE(graph.ok());
    EXPECT_FALSE(graph->complete());
    EXPECT_EQ(graph->stop_reason(), "the limit of " + std::to_string(limit / kMiB) + " MiB of memory was reached");
    // It looks every 4096 states; each of its seven arrays may have begun another 2 MiB by then.
    const std::size_t taken = resident() - before;
    EXPECT_LE(taken, limit + 14 * kMiB);
    EXPECT_GE(taken, limit / 2) << "it does not stop long before";
    EXPECT_EQ(graph->kind(static_cast<StateId>(graph->size() - 1)), StateGraph::Kind::unexplored);
    EXPECT_TRUE(graph->edges(static_cast<StateId>(graph->size() - 1)).empty());
  }
}

TEST(StateGraph, TheLimitOfStatesHolds) {
  auto prepared = prepare(typed({kBody, kBody, kBody}));
  ASSERT_TRUE(prepared.ok());
  const auto machine = MachineStep::create(prepared->program, prepared->options.model);
  prepared->options.limits.max_states = 1000;
  const auto graph = StateGraph::build(**machine, prepared->options.scheduler, prepared->options.limits);
  ASSERT_TRUE(graph.ok());
  EXPECT_EQ(graph->stop_reason(), "the limit of 1000 states was reached (--max-states)");
  EXPECT_GT(graph->size(), 1000U);
  EXPECT_LE(graph->size(), 1000U + 64 + 2 * 8) << "the transitions of a batch";
}

}  // namespace
}  // namespace fiberscope::core::explore
