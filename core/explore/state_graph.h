#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/explore/growing_array.h"
#include "core/explore/machine_step.h"
#include "core/explore/state_table.h"
#include "emu/result.h"

namespace fiberscope::core::explore {

/// Which thread may run next (docs/interleavings.md).
struct SchedulerClass {
  enum class Kind : std::uint8_t { any, round_robin, round_robin_exact };
  Kind kind = Kind::any;
  std::uint32_t quantum = 0;  ///< body steps a turn, where exact
};

/// What may stop an exploration before its end, and who wants to know how far it is.
struct ExplorationLimits {
  std::uint64_t max_states = 10'000'000;
  std::uint64_t max_memory = 2ULL << 30;    ///< bytes held by the graph and the states
  const std::atomic<bool>* stop = nullptr;  ///< set from outside: stop now
  std::function<void(const char*, std::uint64_t, std::uint64_t)>
      progress;  ///< phase, states, transitions; now and then
};

/// All states that can be reached, breadth first, with all their transitions. A state is a tuple of ids: each thread's
/// own state, shared memory, and whose turn it is where the scheduler class asks for that.
class StateGraph {
 public:
  /// Actions 0 … n-1 are steps of a thread, n … 2n-1 drains of its store buffer.
  struct Edge {
    StateId target = 0;
    std::uint32_t label = 0;  ///< action, and the site behind it
    [[nodiscard]] std::uint32_t action() const { return label & 0xff; }
    [[nodiscard]] SiteId site() const { return label >> 8; }
  };
  enum class Kind : std::uint8_t { open, final_state, deadlock, unexplored };

  /// Explores; stops early at a limit (then `stop_reason` is not empty). Fails where the program goes wrong: the
  /// message holds the schedule that leads there.
  static emu::Result<StateGraph> build(MachineStep& machine, const SchedulerClass& scheduler,
                                       const ExplorationLimits& limits);

  [[nodiscard]] std::size_t threads() const { return threads_; }
  [[nodiscard]] std::size_t size() const { return kinds_.size(); }
  [[nodiscard]] std::uint64_t transitions() const { return edges_.size(); }
  [[nodiscard]] std::span<const Edge> edges(StateId state) const {
    return {edges_.data() + begins_[state], edges_.data() + begins_[state + 1]};
  }
  [[nodiscard]] Kind kind(StateId state) const { return kinds_[state]; }
  [[nodiscard]] LocalId local(StateId state, std::size_t thread) const { return keys_[state * stride_ + thread]; }
  [[nodiscard]] SharedId shared(StateId state) const { return keys_[state * stride_ + threads_]; }
  /// As TurnRule has it; 0 where the scheduler class has no turns.
  [[nodiscard]] std::uint32_t turn(StateId state) const {
    return stride_ == threads_ + 1 ? 0 : keys_[state * stride_ + threads_ + 1];
  }
  /// The actions of the first shortest way from the start.
  [[nodiscard]] std::vector<std::uint8_t> shortest(StateId state) const;
  [[nodiscard]] bool complete() const { return stop_reason_.empty(); }
  [[nodiscard]] const std::string& stop_reason() const { return stop_reason_; }
  /// All ways to a state are equally long: then the order of ids is a topological one.
  [[nodiscard]] bool graded() const { return graded_; }
  [[nodiscard]] std::uint32_t depth(StateId state) const { return depths_[state]; }

 private:
  StateGraph() = default;
  template <std::size_t Parts>
  class Builder;
  /// Explores with the builder for stride_ parts.
  template <std::size_t Parts>
  emu::Result<void> fill(MachineStep& machine, const SchedulerClass& scheduler, const ExplorationLimits& limits);

  std::size_t threads_ = 0;
  std::size_t stride_ = 0;
  GrowingArray<std::uint32_t> keys_;    // stride_ ids a state
  GrowingArray<std::uint64_t> begins_;  // of a state's edges, and of those behind the last
  GrowingArray<Edge> edges_;
  GrowingArray<StateId> parents_;
  GrowingArray<std::uint32_t> depths_;
  GrowingArray<Kind> kinds_;
  bool graded_ = true;
  std::string stop_reason_;
};

/// Which threads' turn it may be: the choices of the scheduler class among the enabled threads. `turn` is 0 at the
/// start, else the running thread + 1 in its low byte and the steps of its turn above.
struct TurnRule {
  SchedulerClass scheduler;
  std::size_t threads = 0;

  [[nodiscard]] std::uint32_t choices(std::uint32_t turn, std::uint32_t enabled) const;
  [[nodiscard]] std::uint32_t after(std::uint32_t turn, std::size_t thread) const;
};

}  // namespace fiberscope::core::explore
