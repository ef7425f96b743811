// The command that tells everything that can happen: explore.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>

#include "app/cli/commands.h"
#include "app/cli/exit_code.h"
#include "app/cli/print.h"
#include "app/cli/replay.h"
#include "app/cli/stop_signals.h"
#include "core/explore/explore_report.h"
#include "core/explore/explore_request.h"
#include "core/explored_target.h"

namespace fiberscope::app {
namespace {

namespace explore = core::explore;
using Clock = std::chrono::steady_clock;

/// A line on standard error: over itself on a terminal, now and then elsewhere.
class Progress {
 public:
  /// `every`: a line so often, wherever it goes.
  explicit Progress(std::optional<std::chrono::milliseconds> every)
      : every_(every), terminal_(!every && isatty(STDERR_FILENO) != 0) {}
  ~Progress() {
    if (terminal_ && shown_) fmt::print(stderr, "\r\033[K");
  }
  void operator()(const char* phase, std::uint64_t states, std::uint64_t transitions) {
    const auto now = Clock::now();
    if (every_) {
      if (shown_ && now - last_ < *every_) return;
    } else if (now - begin_ < std::chrono::milliseconds(500)) {
      return;
    }
    const auto pause = std::chrono::milliseconds(terminal_ ? 200 : 5000);
    if (!every_ && shown_ && now - last_ < pause) return;
    if (!every_ && !shown_ && !terminal_ && now - begin_ < pause) return;
    last_ = now;
    shown_ = true;
    fmt::print(stderr, "{}{}: {} states, {} transitions{}", terminal_ ? "\r\033[K" : "", phase, states, transitions,
               terminal_ ? "" : "\n");
    std::fflush(stderr);
  }

 private:
  std::optional<std::chrono::milliseconds> every_;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point last_ = begin_;
};

bool is_outcome_id(const std::string& text) {
  return text.find_first_not_of("0123456789") == std::string::npos;
}

const explore::Outcome* outcome_of(const explore::Exploration& found, const std::string& id) {
  for (const explore::Outcome& outcome : found.outcomes)
    if (std::to_string(outcome.id) == id) return &outcome;
  return nullptr;
}

/// What the target means: a lesson's question, whose words give way to those that were said.
emu::Result<void> find_question(explore::ExploreRequest& request) {
  if (request.target.empty() || !request.threads.empty()) return {};
  auto target = core::explored_target(request.target);
  if (!target) return target.error();
  explore::ExploreQuestion said = request;
  said.target.clear();
  static_cast<explore::ExploreQuestion&>(request) = explore::with_words(std::move(target->question), said);
  return {};
}

}  // namespace

int explore_command(const ExploreOptions& options) {
  explore::ExploreRequest request = options.request;
  request.limits.max_memory = options.max_memory << 20;
  if (const auto known = find_question(request); !known) return complain(known.error().message, kUnusable);
  const bool replays = !options.replay.empty();
  const bool by_id = replays && is_outcome_id(options.replay);
  std::optional<explore::PreparedExploration> prepared;
  std::optional<explore::Exploration> found;
  {
    const StopSignals signals(1);
    Progress progress(options.progress ? std::optional(std::chrono::milliseconds(*options.progress)) : std::nullopt);
    request.limits.stop = &signals.came();
    request.limits.progress = [&progress](const char* phase, std::uint64_t states, std::uint64_t transitions) {
      progress(phase, states, transitions);
    };
    auto ready = explore::prepare(request);
    if (!ready) return complain(ready.error().message, kUnusable);
    prepared = std::move(ready).value();
    if (!replays || by_id) {
      auto explored = explore::explore(prepared->program, prepared->options);
      if (!explored) return complain(explored.error().message, kUnusable);
      found = std::move(explored).value();
    }
    request.limits = prepared->options.limits = {};  // what they point to ends here
  }
  const ReplayOptions wanted{options.trace_path, 0, options.json};
  if (replays && !by_id) return replay_schedule(request, *prepared, options.replay, wanted);
  if (replays) {
    const explore::Outcome* outcome = outcome_of(*found, options.replay);
    if (outcome == nullptr)
      return complain(fmt::format("--replay {}: there are outcomes 1 to {}", options.replay, found->outcomes.size()),
                      kUnusable);
    if (outcome->witness.empty())
      return complain(fmt::format("--replay {}: no schedule is known for it", options.replay), kIncomplete);
    return replay_outcome(request, *prepared, *found, *outcome, wanted);
  }
  const int printed = options.json ? print_json(explore::explore_json(*prepared, *found))
                                   : print_text(explore::explore_text(*prepared, *found));
  if (printed != kDone) return printed;
  const bool bad = !found->violations.empty() || !found->deadlocks.empty() || !found->livelocks.empty() ||
                   (prepared->litmus && found->complete && explore::is_unexpected(*prepared->litmus, *found));
  return bad ? kFindings : found->complete ? kDone : kIncomplete;
}

}  // namespace fiberscope::app
