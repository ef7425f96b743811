// The command that tells everything that can happen: explore.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "app/cli/commands.h"
#include "app/cli/exit_code.h"
#include "app/cli/print.h"
#include "app/cli/recorded_target.h"
#include "app/cli/stop_signals.h"
#include "core/explore/explore_report.h"
#include "core/explore/explore_request.h"
#include "core/explore/replay.h"
#include "core/run_json.h"
#include "core/story.h"
#include "core/temporary_folder.h"

namespace fiberscope::app {
namespace {

namespace explore = core::explore;
using Clock = std::chrono::steady_clock;

std::atomic<bool> stop_exploring{false};

/// The first signal ends the exploration with what it has; another one ends the process.
void on_stop(int number) {
  if (!stop_exploring.exchange(true)) return;
  signal(number, SIG_DFL);
  raise(number);
}

class StopOnSignal {
 public:
  StopOnSignal() {
    struct sigaction action = {};
    action.sa_handler = on_stop;
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      sigaction(kSignals[i], nullptr, &before_[i]);
      if (before_[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
    }
  }
  ~StopOnSignal() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  static constexpr std::array<int, 2> kSignals = {SIGINT, SIGTERM};
  std::array<struct sigaction, kSignals.size()> before_{};
};

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

int print_replay(const std::string& target, const ExploreOptions& options, const std::string& expected) {
  RecordedTarget::Options recording;
  recording.trace_path = options.trace_path;
  const auto recorded = open_whole(target, recording);
  if (!recorded) return complain(recorded.error().message, kUnusable);
  core::Trace& trace = (*recorded)->trace();
  const auto stop = trace.stop();
  if (stop && stop->reason == emu::Stop::Reason::schedule) return complain(stop->message, kUnusable);
  const std::string printed = trace.output_until(trace.steps());
  if (!expected.empty() && printed != expected)
    return complain(
        fmt::format("the replay printed {:?}, which is not the outcome {:?}: a fault of Fiberscope", printed, expected),
        kFindings);
  const auto& kept = (*recorded)->kept_path();
  const int code = options.json
                       ? print_json(core::run_json(trace, kept))
                       : print_text(core::tell_story(trace) + (kept ? fmt::format("\nTrace: {}\n", *kept) : ""));
  return code != kDone ? code : ending_code(trace);
}

bool is_outcome_id(const std::string& text) {
  return text.find_first_not_of("0123456789") == std::string::npos;
}

const explore::Outcome* outcome_of(const explore::Exploration& found, const std::string& id) {
  for (const explore::Outcome& outcome : found.outcomes)
    if (std::to_string(outcome.id) == id) return &outcome;
  return nullptr;
}

/// What the guest prints of an outcome: "x=1 y=2".
std::string printed_values(const explore::Exploration& found, const explore::Outcome& outcome) {
  std::string text;
  for (std::size_t i = 0; i < outcome.values.size(); ++i)
    text += fmt::format("{}{}={}", i == 0 ? "" : " ", found.observables[i], outcome.values[i]);
  return text + '\n';
}

/// Runs one schedule through the guest's own scheduler. `expected` is what it must print, where that is known.
int replay(const explore::ExploreRequest& request, const explore::PreparedExploration& prepared,
           const ExploreOptions& options, const std::string& schedule, const std::string& expected) {
  const auto folder = core::TemporaryFolder::make();
  if (!folder) return complain(folder.error().message, kUnusable);
  const auto target = explore::write_replay(request, prepared, schedule, expected, folder->path());
  if (!target) return complain(target.error().message, kUnusable);
  return print_replay(*target, options, expected);
}

}  // namespace

int explore_command(const ExploreOptions& options) {
  explore::ExploreRequest request;
  request.target = options.target;
  request.threads = options.threads;
  request.initial = options.initial;
  request.lowering = options.lowering;
  request.scheduler = options.scheduler;
  request.cpus = options.cpus;
  request.memory = options.memory;
  request.assertions = options.assertions;
  request.sync = options.sync;
  request.limits.max_states = options.max_states;
  request.limits.max_memory = options.max_memory << 20;
  request.limits.stop = &stop_exploring;
  request.pictures = options.pictures;
  Progress progress(options.progress ? std::optional(std::chrono::milliseconds(*options.progress)) : std::nullopt);
  request.limits.progress = [&progress](const char* phase, std::uint64_t states, std::uint64_t transitions) {
    progress(phase, states, transitions);
  };
  const StopOnSignal signals;
  const auto prepared = explore::prepare(request);
  if (!prepared) return complain(prepared.error().message, kUnusable);
  const bool replays = !options.replay.empty();
  if (replays && !is_outcome_id(options.replay)) return replay(request, *prepared, options, options.replay, "");
  const auto found = explore::explore(prepared->program, prepared->options);
  if (!found) return complain(found.error().message, kUnusable);
  if (replays) {
    const explore::Outcome* outcome = outcome_of(*found, options.replay);
    if (outcome == nullptr)
      return complain(fmt::format("--replay {}: there are outcomes 1 to {}", options.replay, found->outcomes.size()),
                      kUnusable);
    if (outcome->witness.empty())
      return complain(fmt::format("--replay {}: no schedule is known for it", options.replay), kIncomplete);
    return replay(request, *prepared, options, outcome->witness, printed_values(*found, *outcome));
  }
  const int printed = options.json ? print_json(explore::explore_json(*prepared, *found))
                                   : print_text(explore::explore_text(*prepared, *found));
  if (printed != kDone) return printed;
  const bool bad = !found->violations.empty() || !found->deadlocks.empty() || !found->livelocks.empty() ||
                   (prepared->litmus && found->complete && explore::is_unexpected(*prepared->litmus, *found));
  return bad ? kFindings : found->complete ? kDone : kIncomplete;
}

}  // namespace fiberscope::app
