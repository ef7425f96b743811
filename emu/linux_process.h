#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "emu/linux_signals.h"
#include "emu/linux_timers.h"

namespace fiberscope::emu {

/// What CLONE_SIGHAND shares: what happens when a signal comes.
struct LinuxHandlers {
  std::uint32_t number = 0;
  std::array<SignalAction, kSignals + 1> actions{};
};

/// What CLONE_FS shares. There are a few directories and nothing in them.
struct LinuxFilesystem {
  std::uint32_t number = 0;
  std::string directory = "/";
  std::uint32_t umask = 022;
};

/// A process: a thread group of one or more tasks.
struct LinuxProcess {
  enum class State : std::uint8_t {
    living,
    zombie,  ///< ended, and its parent has not asked how
    reaped
  };

  int id = 0;      ///< getpid: the id of its first task
  int parent = 0;  ///< getppid
  State state = State::living;
  int exit_signal = 0;  ///< sent to the parent at the end; 0: none
  int status = 0;       ///< as wait4 tells it
  LinuxTimers timers;
  PendingSignals pending;   ///< those that every task blocks
  std::uint64_t steps = 0;  ///< that its tasks ran
};

}  // namespace fiberscope::emu
