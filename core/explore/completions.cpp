#include "core/explore/completions.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "core/explore/schedule.h"

namespace fiberscope::core::explore {
namespace {

constexpr std::size_t kRuns = 1000;
constexpr std::size_t kMostSteps = 300'000;  // of all runs
constexpr std::size_t kLongestRun = 10'000;  // a run that spins is given up

class Completer {
 public:
  Completer(const StateGraph& graph, MachineStep& machine, const SchedulerClass& scheduler)
      : graph_(graph), machine_(machine), rule_{scheduler, graph.threads()} {}

  /// The actions from a state to an end; none where it came to none. Nothing where the program goes wrong.
  std::optional<std::vector<std::uint8_t>> run(StateId from, std::vector<LocalId>& locals, SharedId& shared) {
    const std::size_t threads = graph_.threads();
    locals.clear();
    for (std::size_t i = 0; i < threads; ++i) locals.push_back(graph_.local(from, i));
    shared = graph_.shared(from);
    std::uint32_t turn = graph_.turn(from);
    std::vector<std::uint8_t> actions;
    while (actions.size() < kLongestRun && steps_ < kMostSteps) {
      std::vector<std::uint8_t> choices;
      if (!choose(locals, shared, turn, choices)) {
        failed_ = graph_.shortest(from);
        failed_.insert(failed_.end(), actions.begin(), actions.end());
        return std::nullopt;
      }
      if (choices.empty()) {
        const bool ended =
            std::all_of(locals.begin(), locals.end(), [this](LocalId local) { return machine_.finished(local); });
        if (!ended) actions.clear();
        ended_ += ended ? 1 : 0;
        has_ended_ = ended;
        return actions;
      }
      const std::uint8_t action = choices[random_() % choices.size()];
      const std::size_t thread = action % threads;
      const StepResult result =
          *(action < threads ? machine_.step(locals[thread], shared) : machine_.drain(locals[thread], shared));
      locals[thread] = result.local;
      shared = result.shared;
      if (action < threads) turn = rule_.after(turn, thread);
      actions.push_back(action);
      ++steps_;
    }
    has_ended_ = false;
    return std::vector<std::uint8_t>();
  }

  [[nodiscard]] bool has_ended() const { return has_ended_; }
  [[nodiscard]] std::size_t ended() const { return ended_; }
  [[nodiscard]] bool is_tired() const { return steps_ >= kMostSteps; }
  [[nodiscard]] const std::vector<std::uint8_t>& failed() const { return failed_; }

 private:
  bool choose(const std::vector<LocalId>& locals, SharedId shared, std::uint32_t turn,
              std::vector<std::uint8_t>& choices) {
    std::uint32_t enabled = 0;
    for (std::size_t i = 0; i < locals.size(); ++i) {
      if (machine_.finished(locals[i])) continue;
      const StepResult* step = machine_.step(locals[i], shared);
      if (step == nullptr) return false;
      if (step->enabled) enabled |= 1U << i;
    }
    const std::uint32_t allowed = rule_.choices(turn, enabled);
    for (std::size_t i = 0; i < locals.size(); ++i) {
      if ((allowed >> i & 1) != 0) choices.push_back(static_cast<std::uint8_t>(i));
      if (machine_.has_stores(locals[i])) choices.push_back(static_cast<std::uint8_t>(locals.size() + i));
    }
    return true;
  }

  const StateGraph& graph_;
  MachineStep& machine_;
  TurnRule rule_;
  std::mt19937_64 random_{1};  // NOLINT: the same runs each time
  std::size_t steps_ = 0;
  std::size_t ended_ = 0;
  bool has_ended_ = false;
  std::vector<std::uint8_t> failed_;
};

}  // namespace

emu::Result<Completions> complete_some(
    const StateGraph& graph, MachineStep& machine, const SchedulerClass& scheduler,
    const std::function<std::vector<std::int64_t>(const std::vector<LocalId>&, SharedId)>& values) {
  Completions all;
  StateId first = static_cast<StateId>(graph.size());
  while (first > 0 && graph.kind(first - 1) == StateGraph::Kind::unexplored) --first;
  const std::size_t open = graph.size() - first;
  const std::size_t runs = std::min(open, kRuns);
  Completer completer(graph, machine, scheduler);
  std::vector<LocalId> locals;
  SharedId shared = 0;
  for (std::size_t run = 0; run < runs && !completer.is_tired(); ++run) {
    const auto from = static_cast<StateId>(first + run * open / runs);
    const auto actions = completer.run(from, locals, shared);
    if (!actions)
      return emu::Error{fmt::format("{}\n  after the schedule {}", machine.error().message,
                                    schedule_text(completer.failed(), graph.threads(), "(none: at the start)"))};
    ++all.runs;
    if (!completer.has_ended()) continue;
    const auto [found, is_new] = all.outcomes.try_emplace(values(locals, shared));
    if (!is_new) continue;
    found->second = graph.shortest(from);
    found->second.insert(found->second.end(), actions->begin(), actions->end());
  }
  all.ended = completer.ended();
  return all;
}

}  // namespace fiberscope::core::explore
