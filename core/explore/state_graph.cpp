#include "core/explore/state_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/explore/schedule.h"

namespace fiberscope::core::explore {
namespace {

constexpr std::size_t kBatch = 64;         // transitions whose places in the table are fetched together
constexpr std::size_t kCheckEvery = 4096;  // states between two looks at limits

}  // namespace

std::uint32_t TurnRule::choices(std::uint32_t turn, std::uint32_t enabled) const {
  if (scheduler.kind == SchedulerClass::Kind::any || enabled == 0) return enabled;
  const std::size_t current = turn == 0 ? threads - 1 : (turn & 0xff) - 1;
  const std::uint32_t used = turn >> 8;
  std::uint32_t next = 0;
  for (std::size_t i = 1; i <= threads && next == 0; ++i) next = enabled & 1U << (current + i) % threads;
  if (turn == 0) return next;
  const std::uint32_t own = enabled & 1U << current;
  if (scheduler.kind == SchedulerClass::Kind::round_robin) return own | next;
  return own != 0 && used < scheduler.quantum ? own : next;
}

std::uint32_t TurnRule::after(std::uint32_t turn, std::size_t thread) const {
  if (scheduler.kind == SchedulerClass::Kind::any) return 0;
  const auto number = static_cast<std::uint32_t>(thread + 1);
  if (scheduler.kind == SchedulerClass::Kind::round_robin) return number;
  const std::uint32_t used = (turn & 0xff) == number && turn >> 8 < scheduler.quantum ? (turn >> 8) + 1 : 1;
  return number | used << 8;
}

/// The states that are known, and the transitions that wait to be looked up among them. A state has Parts ids: those
/// of its threads, of shared memory, and its turn where the scheduler class has turns.
template <std::size_t Parts>
class StateGraph::Builder {
 public:
  Builder(StateGraph& graph, MachineStep& machine, const SchedulerClass& scheduler, const ExplorationLimits& limits)
      : graph_(graph),
        machine_(machine),
        rule_{scheduler, graph.threads_},
        limits_(limits),
        has_turn_(scheduler.kind != SchedulerClass::Kind::any),
        table_(graph.keys_) {}

  emu::Result<void> run() {
    Tuple first{};
    std::copy(machine_.first_locals().begin(), machine_.first_locals().end(), first.begin());
    first[graph_.threads_] = machine_.first_shared();
    table_.intern(first, Table::hash_of(first));
    add(kNoState, 0);
    graph_.begins_.push_back(0);
    std::size_t next_check = 0;
    StateId next_layer = 0;
    for (StateId state = 0; state < table_.size(); ++state) {
      if (state == next_layer) {
        settle();
        next_layer = table_.size();
        if (machine_.is_levelled()) table_.forget_all();  // all that comes is one level further on
      }
      if (state >= next_check || table_.size() > limits_.max_states) {
        settle();  // so that parents are known where a message needs them
        next_check = state + kCheckEvery;
        if (!may_go_on()) break;
      }
      if (!expand(state)) {
        settle();
        return emu::Error{fmt::format("{}\n  after the schedule {}", machine_.error().message,
                                      schedule_text(graph_.shortest(state), graph_.threads_, "(none: at the start)"))};
      }
      graph_.begins_.push_back(graph_.edges_.size());
      // The next state must be known before it is expanded, and edges before anybody reads them.
      if (waiting_ >= kBatch || state + 1 == table_.size()) settle();
    }
    settle();
    while (graph_.begins_.size() <= graph_.size()) {
      graph_.kinds_[graph_.begins_.size() - 1] = Kind::unexplored;
      graph_.begins_.push_back(graph_.edges_.size());
    }
    return {};
  }

 private:
  using Table = StateTable<Parts>;
  using Tuple = typename Table::Tuple;
  static constexpr std::size_t kMostHere = Parts - 1;  // threads

  bool may_go_on() {
    if (limits_.progress) limits_.progress("states", graph_.size(), graph_.transitions());
    if (limits_.stop != nullptr && limits_.stop->load(std::memory_order_relaxed)) {
      graph_.stop_reason_ = "interrupted";
    } else if (graph_.size() > limits_.max_states) {
      graph_.stop_reason_ = fmt::format("the limit of {} states was reached (--max-states)", limits_.max_states);
    } else if (footprint() > limits_.max_memory) {
      graph_.stop_reason_ = fmt::format("the limit of {} MiB of memory was reached", limits_.max_memory >> 20);
    }
    return graph_.stop_reason_.empty();
  }

  [[nodiscard]] std::uint64_t footprint() const {
    return graph_.keys_.footprint() + graph_.edges_.footprint() + graph_.begins_.footprint() +
           graph_.parents_.footprint() + graph_.depths_.footprint() + graph_.kinds_.footprint() + table_.footprint() +
           machine_.footprint();
  }

  bool expand(StateId state) {
    const std::size_t threads = graph_.threads_;
    const Tuple tuple = table_.at(state);
    const std::uint64_t hash = Table::hash_of(tuple);
    const SharedId shared = tuple[threads];
    const std::uint32_t turn = has_turn_ ? tuple[threads + 1] : 0;
    std::array<StepResult, kMostHere> steps;
    std::uint32_t enabled = 0;
    bool all_finished = true;
    bool any_stores = false;
    for (std::size_t i = 0; i < threads; ++i) {
      const std::uint8_t status = machine_.status(tuple[i]);
      any_stores = any_stores || (status & MachineStep::kHasStores) != 0;
      if ((status & MachineStep::kFinished) != 0) continue;
      all_finished = false;
      const StepResult* result = machine_.step(tuple[i], shared);
      if (result == nullptr) return false;
      if (!result->enabled) continue;
      steps[i] = *result;  // the next step may move what it points to
      enabled |= 1U << i;
    }
    const std::uint32_t choices = has_turn_ ? rule_.choices(turn, enabled) : enabled;
    for (std::size_t i = 0; i < threads; ++i)
      if ((choices >> i & 1) != 0) queue(state, tuple, hash, i, i, steps[i]);
    if (any_stores) {
      for (std::size_t i = 0; i < threads; ++i) {
        if (!machine_.has_stores(tuple[i])) continue;
        queue(state, tuple, hash, i, threads + i, *machine_.drain(tuple[i], shared));
      }
    }
    if (choices == 0 && !any_stores) graph_.kinds_[state] = all_finished ? Kind::final_state : Kind::deadlock;
    return true;
  }

  void queue(StateId from, const Tuple& tuple, std::uint64_t hash, std::size_t thread, std::size_t action,
             const StepResult& result) {
    const std::size_t memory = graph_.threads_;
    Waiting& one = batch_[waiting_++];
    one.from = from;
    one.tuple = tuple;
    one.tuple[thread] = result.local;
    one.tuple[memory] = result.shared;
    one.hash = Table::changed(hash, thread, tuple[thread], result.local);
    one.hash = Table::changed(one.hash, memory, tuple[memory], result.shared);
    if (has_turn_ && action < graph_.threads_) {
      const std::size_t turn = memory + 1;
      one.tuple[turn] = rule_.after(tuple[turn], thread);
      one.hash = Table::changed(one.hash, turn, tuple[turn], one.tuple[turn]);
    }
    table_.fetch_slot(one.hash);
    graph_.edges_.push_back({0, static_cast<std::uint32_t>(action) | result.site << 8});
  }

  /// Gives the last edges, those that wait, their targets.
  void settle() {
    if (!machine_.is_levelled()) table_.remember_all();
    for (std::size_t i = 0; i < waiting_; ++i) table_.fetch_tuple(batch_[i].hash);
    Edge* const edges = graph_.edges_.end() - waiting_;
    for (std::size_t i = 0; i < waiting_; ++i) {
      const Waiting& one = batch_[i];
      const auto [target, is_new] = table_.intern(one.tuple, one.hash);
      edges[i].target = target;
      const std::uint32_t depth = graph_.depths_[one.from] + 1;
      if (is_new) {
        add(one.from, depth);
      } else if (graph_.depths_[target] != depth) {
        graph_.graded_ = false;
      }
    }
    waiting_ = 0;
  }

  void add(StateId parent, std::uint32_t depth) {
    graph_.kinds_.push_back(Kind::open);
    graph_.parents_.push_back(parent);
    graph_.depths_.push_back(depth);
  }

  struct Waiting {
    Tuple tuple;
    std::uint64_t hash;
    StateId from;
  };

  StateGraph& graph_;
  MachineStep& machine_;
  TurnRule rule_;
  const ExplorationLimits& limits_;
  bool has_turn_;
  Table table_;
  std::array<Waiting, kBatch + 2 * kMaxThreads> batch_;
  std::size_t waiting_ = 0;
};

template <std::size_t Parts>
emu::Result<void> StateGraph::fill(MachineStep& machine, const SchedulerClass& scheduler,
                                   const ExplorationLimits& limits) {
  if constexpr (Parts < kMaxThreads + 2)
    if (stride_ > Parts) return fill<Parts + 1>(machine, scheduler, limits);
  return Builder<Parts>(*this, machine, scheduler, limits).run();
}

emu::Result<StateGraph> StateGraph::build(MachineStep& machine, const SchedulerClass& scheduler,
                                          const ExplorationLimits& limits) {
  StateGraph graph;
  graph.threads_ = machine.first_locals().size();
  graph.stride_ = graph.threads_ + (scheduler.kind == SchedulerClass::Kind::any ? 1 : 2);
  constexpr std::size_t kFewest = 2;  // a thread and memory
  if (const auto built = graph.fill<kFewest>(machine, scheduler, limits); !built) return built.error();
  return graph;
}

std::vector<std::uint8_t> StateGraph::shortest(StateId state) const {
  std::vector<std::uint8_t> actions;
  while (parents_[state] != kNoState) {
    const StateId parent = parents_[state];
    for (const Edge& edge : edges(parent)) {
      if (edge.target != state) continue;
      actions.push_back(static_cast<std::uint8_t>(edge.action()));
      break;
    }
    state = parent;
  }
  std::reverse(actions.begin(), actions.end());
  return actions;
}

}  // namespace fiberscope::core::explore
