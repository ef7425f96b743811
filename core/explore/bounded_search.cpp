#include "core/explore/bounded_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "core/explore/interner.h"
#include "core/explore/schedule.h"

namespace fiberscope::core::explore {
namespace {

constexpr std::uint32_t kMostPreemptions = 3;
constexpr std::uint64_t kMostNodes = 2'000'000;
constexpr std::uint64_t kRuns = 1000;
constexpr std::uint64_t kLongestRun = 20'000;  // steps; a run that spins is given up
constexpr std::uint64_t kDepth = 3;

class Search {
 public:
  Search(MachineStep& machine, const SchedulerClass& scheduler, const ExplorationLimits& limits,
         const std::function<std::vector<std::int64_t>(const std::vector<LocalId>&, SharedId)>& values)
      : machine_(machine),
        limits_(limits),
        values_(values),
        threads_(machine.first_locals().size()),
        rule_{scheduler, threads_} {}

  emu::Result<BoundedResult> run() {
    by_preemptions();
    if (!error_ && !stopped()) at_random();
    if (error_) return *error_;
    return std::move(result_);
  }

 private:
  struct State {
    std::vector<LocalId> locals;
    SharedId shared = 0;
    std::uint32_t turn = 0;
  };
  struct Node {
    std::uint32_t parent = kNoState;
    std::uint8_t action = 0;
  };
  struct Choice {
    std::uint8_t action = 0;
    StepResult result;
  };

  [[nodiscard]] bool stopped() const {
    return limits_.stop != nullptr && limits_.stop->load(std::memory_order_relaxed);
  }

  State first() const { return {machine_.first_locals(), machine_.first_shared(), 0}; }

  /// What may come next, by action; `ended` is set where all have finished, `enabled` to the threads that could take a
  /// step, whosever turn it is, a bit each.
  std::vector<Choice> choices(const State& state, bool& ended, std::uint32_t& enabled) {
    std::vector<Choice> all;
    enabled = 0;
    ended = true;
    for (std::size_t i = 0; i < threads_; ++i) {
      if (machine_.finished(state.locals[i])) continue;
      ended = false;
      const StepResult* step = machine_.step(state.locals[i], state.shared);
      if (step == nullptr) {
        error_ = machine_.error();
        return {};
      }
      if (!step->enabled) continue;
      enabled |= 1U << i;
      all.push_back({static_cast<std::uint8_t>(i), *step});
    }
    const std::uint32_t allowed = rule_.choices(state.turn, enabled);
    std::erase_if(all, [allowed](const Choice& choice) { return (allowed >> choice.action & 1) == 0; });
    for (std::size_t i = 0; i < threads_; ++i) {
      if (!machine_.has_stores(state.locals[i])) continue;
      ended = false;
      all.push_back({static_cast<std::uint8_t>(threads_ + i), *machine_.drain(state.locals[i], state.shared)});
    }
    return all;
  }

  void take(State& state, const Choice& choice) const {
    const std::size_t thread = choice.action % threads_;
    state.locals[thread] = choice.result.local;
    state.shared = choice.result.shared;
    if (choice.action < threads_) state.turn = rule_.after(state.turn, thread);
  }

  void fail_after(const std::vector<std::uint8_t>& schedule) {
    error_ = emu::Error{fmt::format("{}\n  after the schedule {}", error_->message,
                                    schedule_text(schedule, threads_, "(none: at the start)"))};
  }

  [[nodiscard]] std::vector<std::uint8_t> way(std::uint32_t node) const {
    std::vector<std::uint8_t> actions;
    for (; nodes_[node].parent != kNoState; node = nodes_[node].parent) actions.push_back(nodes_[node].action);
    std::reverse(actions.begin(), actions.end());
    return actions;
  }

  /// The number of (state, last thread), and whether it is new.
  std::pair<std::uint32_t, bool> intern(const State& state, std::size_t last) {
    words_.assign(state.locals.begin(), state.locals.end());
    words_.push_back(state.shared);
    words_.push_back(std::uint64_t{state.turn} << 8 | last);
    const std::uint32_t id = known_.intern(words_);
    return {id, id == nodes_.size()};
  }

  State at(std::uint32_t node) const {
    const auto words = known_.at(node);
    State state;
    for (std::size_t i = 0; i < threads_; ++i) state.locals.push_back(static_cast<LocalId>(words[i]));
    state.shared = static_cast<SharedId>(words[threads_]);
    state.turn = static_cast<std::uint32_t>(words[threads_ + 1] >> 8);
    return state;
  }

  void by_preemptions() {
    intern(first(), threads_);
    nodes_.emplace_back();
    const std::uint64_t most = std::min(limits_.max_states, kMostNodes);
    struct Later {
      State state;
      std::size_t last;
      Node node;
    };
    std::vector<Later> later;
    for (std::uint32_t preemptions = 0; preemptions <= kMostPreemptions; ++preemptions) {
      std::vector<std::uint32_t> queue;
      if (preemptions == 0) queue.push_back(0);
      for (Later& one : later) {
        const auto [id, is_new] = intern(one.state, one.last);
        if (!is_new) continue;
        nodes_.push_back(one.node);
        queue.push_back(id);
      }
      later.clear();
      for (std::size_t i = 0; i < queue.size(); ++i) {
        if (nodes_.size() + later.size() > most || stopped()) return;
        if (limits_.progress && i % 4096 == 0) limits_.progress("bounded", nodes_.size(), 0);
        const std::uint32_t node = queue[i];
        const State state = at(node);
        const std::size_t last = known_.at(node)[threads_ + 1] & 0xff;
        bool ended = false;
        std::uint32_t enabled = 0;
        const auto all = choices(state, ended, enabled);
        if (error_) return fail_after(way(node));
        if (ended)
          result_.outcomes.try_emplace(values_(state.locals, state.shared),
                                       BoundedResult::Found{preemptions, way(node)});
        const bool can_stay = (enabled >> last & 1) != 0;
        for (const Choice& choice : all) {
          State next = state;
          take(next, choice);
          const bool drains = choice.action >= threads_;
          const std::size_t next_last = drains ? last : choice.action;
          if (can_stay && !drains && choice.action != last) {
            later.push_back({std::move(next), next_last, {node, choice.action}});
            continue;
          }
          const auto [id, is_new] = intern(next, next_last);
          if (!is_new) continue;
          nodes_.push_back({node, choice.action});
          queue.push_back(id);
        }
      }
      result_.complete_up_to = preemptions;
    }
  }

  void at_random() {
    std::mt19937_64 random(1);  // NOLINT: the same runs each time
    std::uint64_t length = 1;
    for (std::uint64_t run = 0; run < kRuns && !stopped(); ++run) {
      if (limits_.progress) limits_.progress("random priorities", run, 0);
      // Actions with higher priority go first; at the change points the running one falls below all.
      std::vector<std::uint64_t> priority(2 * threads_);
      for (std::size_t i = 0; i < priority.size(); ++i) priority[i] = kDepth + i;
      std::shuffle(priority.begin(), priority.end(), random);
      std::vector<std::uint64_t> changes(kDepth - 1);
      for (std::uint64_t& change : changes) change = random() % length;
      State state = first();
      std::vector<std::uint8_t> schedule;
      while (schedule.size() < kLongestRun) {
        bool ended = false;
        std::uint32_t enabled = 0;
        const auto all = choices(state, ended, enabled);
        if (error_) return fail_after(schedule);
        if (ended) {
          result_.outcomes.try_emplace(values_(state.locals, state.shared),
                                       BoundedResult::Found{std::nullopt, schedule});
          ++result_.runs;
          result_.longest = std::max<std::uint64_t>(result_.longest, schedule.size());
          length = std::max<std::uint64_t>(length, schedule.size());
        }
        if (all.empty()) break;
        const auto highest = [&] {
          return std::max_element(all.begin(), all.end(), [&](const Choice& a, const Choice& b) {
            return priority[a.action] < priority[b.action];
          });
        };
        for (std::size_t i = 0; i < changes.size(); ++i)
          if (changes[i] == schedule.size()) priority[highest()->action] = i;
        const Choice& chosen = *highest();
        schedule.push_back(chosen.action);
        take(state, chosen);
      }
    }
  }

  MachineStep& machine_;
  const ExplorationLimits& limits_;
  const std::function<std::vector<std::int64_t>(const std::vector<LocalId>&, SharedId)>& values_;
  std::size_t threads_;
  TurnRule rule_;
  BoundedResult result_;
  Interner known_;
  std::vector<Node> nodes_;
  std::vector<std::uint64_t> words_;
  std::optional<emu::Error> error_;
};

}  // namespace

emu::Result<BoundedResult> search_bounded(
    MachineStep& machine, const SchedulerClass& scheduler, const ExplorationLimits& limits,
    const std::function<std::vector<std::int64_t>(const std::vector<LocalId>&, SharedId)>& values) {
  return Search(machine, scheduler, limits, values).run();
}

}  // namespace fiberscope::core::explore
