#include "core/explore/state_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/explore/schedule.h"

namespace fiberscope::core::explore {
namespace {

constexpr std::size_t kBatch = 64;  // transitions whose places in the table are fetched together
constexpr std::size_t kMostKey = kMaxThreads + 2;
constexpr std::size_t kCheckEvery = 4096;  // states between two looks at limits

/// Two ids at a time. The last multiplication spreads what the one before left in the upper half.
std::uint64_t hash_of(const std::uint32_t* key, std::size_t stride) {
  std::uint64_t hash = 0x9e3779b97f4a7c15ULL;
  for (std::size_t i = 0; i < stride; i += 2) {
    const std::uint64_t high = i + 1 < stride ? key[i + 1] : 0;
    hash = (hash ^ (high << 32 | key[i])) * 0xff51afd7ed558ccdULL;
    hash ^= hash >> 32;
  }
  return hash;
}

/// A few words: a call of memcmp would cost more.
bool is_same(const std::uint32_t* one, const std::uint32_t* other, std::size_t stride) {
  std::uint32_t difference = 0;
  for (std::size_t i = 0; i < stride; ++i) difference |= one[i] ^ other[i];
  return difference == 0;
}

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

/// The table of states and the transitions that wait to be looked up in it.
class StateGraph::Builder {
 public:
  Builder(StateGraph& graph, MachineStep& machine, const SchedulerClass& scheduler, const ExplorationLimits& limits)
      : graph_(graph),
        machine_(machine),
        rule_{scheduler, graph.threads_},
        limits_(limits),
        has_turn_(scheduler.kind != SchedulerClass::Kind::any),
        table_(1U << 12, 0) {}

  emu::Result<void> run() {
    std::array<std::uint32_t, kMostKey> first{};
    for (std::size_t i = 0; i < graph_.threads_; ++i) first[i] = machine_.first_locals()[i];
    first[graph_.threads_] = machine_.first_shared();
    intern(first.data(), hash_of(first.data(), graph_.stride_), kNoState);
    std::size_t next_check = 0;
    for (StateId state = 0; state < graph_.kinds_.size(); ++state) {
      if (state >= next_check || graph_.kinds_.size() > limits_.max_states) {
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
      if (waiting_ >= kBatch || state + 1 == graph_.kinds_.size()) settle();
    }
    settle();
    while (graph_.begins_.size() <= graph_.kinds_.size()) {
      graph_.kinds_[graph_.begins_.size() - 1] = Kind::unexplored;
      graph_.begins_.push_back(graph_.edges_.size());
    }
    return {};
  }

 private:
  bool may_go_on() {
    if (limits_.progress) limits_.progress("states", graph_.kinds_.size(), graph_.edges_.size());
    if (limits_.stop != nullptr && limits_.stop->load(std::memory_order_relaxed)) {
      graph_.stop_reason_ = "interrupted";
    } else if (graph_.kinds_.size() > limits_.max_states) {
      graph_.stop_reason_ = fmt::format("the limit of {} states was reached (--max-states)", limits_.max_states);
    } else if (footprint() > limits_.max_memory) {
      graph_.stop_reason_ = fmt::format("the limit of {} MiB of memory was reached", limits_.max_memory >> 20);
    }
    return graph_.stop_reason_.empty();
  }

  [[nodiscard]] std::uint64_t footprint() const {
    return graph_.keys_.capacity() * 4 + graph_.edges_.capacity() * sizeof(Edge) + graph_.begins_.capacity() * 8 +
           graph_.parents_.capacity() * 4 + graph_.depths_.capacity() * 4 + graph_.kinds_.capacity() +
           table_.capacity() * 4 + machine_.footprint();
  }

  bool expand(StateId state) {
    const std::size_t threads = graph_.threads_;
    std::array<std::uint32_t, kMostKey> key{};
    std::copy_n(graph_.keys_.data() + state * graph_.stride_, graph_.stride_, key.data());
    const SharedId shared = key[threads];
    const std::uint32_t turn = has_turn_ ? key[threads + 1] : 0;
    std::array<const StepResult*, kMaxThreads> steps{};
    std::array<StepResult, kMaxThreads> copies;
    std::uint32_t enabled = 0;
    bool all_finished = true;
    bool any_stores = false;
    for (std::size_t i = 0; i < threads; ++i) {
      const std::uint8_t status = machine_.status(key[i]);
      any_stores = any_stores || (status & MachineStep::kHasStores) != 0;
      if ((status & MachineStep::kFinished) != 0) continue;
      all_finished = false;
      const StepResult* result = machine_.step(key[i], shared);
      if (result == nullptr) return false;
      if (!result->enabled) continue;
      copies[i] = *result;
      steps[i] = &copies[i];
      enabled |= 1U << i;
    }
    const std::uint32_t choices = has_turn_ ? rule_.choices(turn, enabled) : enabled;
    for (std::size_t i = 0; i < threads; ++i)
      if ((choices >> i & 1) != 0) queue(state, key, i, i, *steps[i], turn);
    if (any_stores) {
      for (std::size_t i = 0; i < threads; ++i) {
        if (!machine_.has_stores(key[i])) continue;
        queue(state, key, i, threads + i, *machine_.drain(key[i], shared), turn);
      }
    }
    if (choices == 0 && !any_stores) graph_.kinds_[state] = all_finished ? Kind::final_state : Kind::deadlock;
    return true;
  }

  void queue(StateId from, const std::array<std::uint32_t, kMostKey>& key, std::size_t thread, std::size_t action,
             const StepResult& result, std::uint32_t turn) {
    Waiting& one = batch_[waiting_++];
    one.from = from;
    std::copy_n(key.data(), graph_.stride_, one.key.data());
    one.key[thread] = result.local;
    one.key[graph_.threads_] = result.shared;
    if (has_turn_ && action < graph_.threads_) one.key[graph_.threads_ + 1] = rule_.after(turn, thread);
    one.hash = hash_of(one.key.data(), graph_.stride_);
    __builtin_prefetch(&table_[one.hash & (table_.size() - 1)]);
    graph_.edges_.push_back({0, static_cast<std::uint32_t>(action) | result.site << 8});
    one.edge = graph_.edges_.size() - 1;
  }

  void settle() {
    const std::size_t mask = table_.size() - 1;
    for (std::size_t i = 0; i < waiting_; ++i) {
      const std::uint32_t slot = table_[batch_[i].hash & mask];
      if (slot != 0) __builtin_prefetch(&graph_.keys_[(slot - 1) * graph_.stride_]);
    }
    for (std::size_t i = 0; i < waiting_; ++i) {
      const Waiting& one = batch_[i];
      const StateId target = intern(one.key.data(), one.hash, one.from);
      graph_.edges_[one.edge].target = target;
      if (graph_.depths_[target] != graph_.depths_[one.from] + 1) graph_.graded_ = false;
    }
    waiting_ = 0;
  }

  StateId intern(const std::uint32_t* key, std::uint64_t hash, StateId parent) {
    const std::size_t stride = graph_.stride_;
    const std::size_t mask = table_.size() - 1;
    std::size_t slot = hash & mask;
    for (; table_[slot] != 0; slot = (slot + 1) & mask) {
      const StateId known = table_[slot] - 1;
      if (is_same(key, graph_.keys_.data() + known * stride, stride)) return known;
    }
    const auto fresh = static_cast<StateId>(graph_.kinds_.size());
    table_[slot] = fresh + 1;
    graph_.keys_.insert(graph_.keys_.end(), key, key + stride);
    graph_.kinds_.push_back(Kind::open);
    graph_.parents_.push_back(parent);
    graph_.depths_.push_back(parent == kNoState ? 0 : graph_.depths_[parent] + 1);
    if (graph_.kinds_.size() * 2 > table_.size()) grow();
    return fresh;
  }

  void grow() {
    std::vector<std::uint32_t> larger(table_.size() * 4, 0);
    const std::size_t mask = larger.size() - 1;
    for (StateId id = 0; id < graph_.kinds_.size(); ++id) {
      std::size_t slot = hash_of(graph_.keys_.data() + id * graph_.stride_, graph_.stride_) & mask;
      while (larger[slot] != 0) slot = (slot + 1) & mask;
      larger[slot] = id + 1;
    }
    table_ = std::move(larger);
  }

  struct Waiting {
    std::array<std::uint32_t, kMostKey> key{};
    std::uint64_t hash = 0;
    std::uint64_t edge = 0;
    StateId from = 0;
  };

  StateGraph& graph_;
  MachineStep& machine_;
  TurnRule rule_;
  const ExplorationLimits& limits_;
  bool has_turn_;
  std::vector<std::uint32_t> table_;  // id + 1, 0 where free
  std::array<Waiting, kBatch + 2 * kMaxThreads> batch_;
  std::size_t waiting_ = 0;
};

emu::Result<StateGraph> StateGraph::build(MachineStep& machine, const SchedulerClass& scheduler,
                                          const ExplorationLimits& limits) {
  StateGraph graph;
  graph.threads_ = machine.first_locals().size();
  graph.stride_ = graph.threads_ + (scheduler.kind == SchedulerClass::Kind::any ? 1 : 2);
  Builder builder(graph, machine, scheduler, limits);
  if (const auto built = builder.run(); !built) return built.error();
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
