#include "app/cli/stop_signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "core/target.h"

namespace fiberscope::app {
namespace {

constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};

// What a signal handler can reach.
std::atomic<int> pipe_end{-1};
std::atomic<int> times_left{0};
std::atomic<bool> any_came{false};
std::array<struct sigaction, kSignals.size()> actions_before;

void on_signal(int number) {
  const int error = errno;
  any_came.store(true);
  if (times_left.fetch_sub(1) > 0) {
    const char byte = 0;
    [[maybe_unused]] const ssize_t written = write(pipe_end.load(), &byte, 1);
  } else {
    signal(number, SIG_DFL);
    raise(number);
  }
  errno = error;
}

}  // namespace

StopSignals::StopSignals(int times) {
  any_came.store(false);
  if (pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) return;  // then signals end the process as ever
  pipe_end.store(pipe_[1]);
  times_left.store(times);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &actions_before[i]);
    if (actions_before[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

StopSignals::~StopSignals() {
  if (pipe_[0] < 0) return;
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &actions_before[i], nullptr);
  pipe_end.store(-1);
  close(pipe_[0]);
  close(pipe_[1]);
}

const std::atomic<bool>& StopSignals::came() const {
  return any_came;
}

emu::Result<std::unique_ptr<RecordedTarget>> open_whole(const std::string& target,
                                                        const RecordedTarget::Options& options) {
  if (core::is_trace_path(target)) return RecordedTarget::open(target, options);
  std::unique_ptr<RecordedTarget> recorded;
  {
    const StopSignals signals(2);
    auto opened = RecordedTarget::open(target, options);
    if (!opened) return opened.error();
    recorded = std::move(opened).value();
    recorded->wait(signals.descriptor());
  }
  if (const auto whole = recorded->refresh(); !whole) return whole.error();
  return recorded;
}

}  // namespace fiberscope::app
