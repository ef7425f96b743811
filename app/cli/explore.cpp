// The command that tells everything that can happen: explore.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>

#include "app/cli/commands.h"
#include "app/cli/exit_code.h"
#include "app/cli/print.h"
#include "core/explore/explore_report.h"
#include "core/explore/explore_request.h"

namespace fiberscope::app {
namespace {

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
  ~Progress() {
    if (terminal_ && shown_) fmt::print(stderr, "\r\033[K");
  }
  void operator()(const char* phase, std::uint64_t states, std::uint64_t transitions) {
    const auto now = Clock::now();
    if (now - begin_ < std::chrono::milliseconds(500)) return;
    if (shown_ && now - last_ < (terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5000))) return;
    if (!shown_ && !terminal_ && now - begin_ < std::chrono::milliseconds(5000)) return;
    last_ = now;
    shown_ = true;
    fmt::print(stderr, "{}{}: {} states, {} transitions{}", terminal_ ? "\r\033[K" : "", phase, states, transitions,
               terminal_ ? "" : "\n");
    std::fflush(stderr);
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  bool shown_ = false;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point last_ = begin_;
};

}  // namespace

int explore_command(const ExploreOptions& options) {
  namespace explore = core::explore;
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
  Progress progress;
  request.limits.progress = [&progress](const char* phase, std::uint64_t states, std::uint64_t transitions) {
    progress(phase, states, transitions);
  };
  const StopOnSignal signals;
  const auto prepared = explore::prepare(request);
  if (!prepared) return complain(prepared.error().message, kUnusable);
  const auto found = explore::explore(prepared->program, prepared->options);
  if (!found) return complain(found.error().message, kUnusable);
  const int printed = options.json ? print_json(explore::explore_json(*prepared, *found))
                                   : print_text(explore::explore_text(*prepared, *found));
  if (printed != kDone) return printed;
  const bool bad = !found->violations.empty() || !found->deadlocks.empty() || !found->livelocks.empty() ||
                   (prepared->litmus && found->complete && explore::is_unexpected(*prepared->litmus, *found));
  return bad ? kFindings : found->complete ? kDone : kIncomplete;
}

}  // namespace fiberscope::app
