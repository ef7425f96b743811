#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emu/linux_files.h"
#include "emu/linux_memory.h"
#include "emu/linux_process.h"
#include "emu/linux_signal_frame.h"
#include "emu/linux_signals.h"
#include "emu/registers.h"

namespace fiberscope::emu {

/// What a task waits for inside a system call that has not been answered yet.
struct LinuxWait {
  enum class Kind : std::uint8_t {
    futex,
    sleep,
    signal,
    event,  ///< until `ready` says so; then the call is made again
    vfork   ///< until the child has a space of its own or ends; no signal gets in between
  };
  Kind kind = Kind::signal;
  std::string call;                       ///< "futex(0x4c92f0, FUTEX_WAIT, 2, NULL)"
  std::uint64_t number = 0;               ///< of the call
  LinuxMemory::Key futex;                 ///< futex: the word
  std::uint32_t bits = 0;                 ///< futex: those of the wake-ups that count
  std::optional<std::uint64_t> deadline;  ///< in nanoseconds since the start
  Address remaining;                      ///< sleep: where the rest goes when a signal interrupts it; 0: nowhere
  bool restarts = false;                  ///< begun anew behind a handler with SA_RESTART
  std::function<bool()> ready;            ///< event: whether it has come
  std::array<std::uint64_t, 6> arguments{};
};

/// A kernel task, of which a process has one or more: registers and a signal mask of its own. All else may be shared
/// with other tasks, as clone was told.
struct LinuxTask {
  enum class State : std::uint8_t { runnable, waiting, finished };

  int id = 0;
  int process = 0;          ///< getpid: the id of its process's first task
  std::uint32_t space = 0;  ///< number of its address space, or of the last one
  std::shared_ptr<LinuxProcess> group;
  // Null in one that has finished.
  std::shared_ptr<LinuxMemory> memory;
  std::shared_ptr<LinuxFiles> files;
  std::shared_ptr<LinuxFilesystem> filesystem;
  std::shared_ptr<LinuxHandlers> handlers;
  AddressRange stack;             ///< as far as the kernel knows it
  std::uint64_t clone_flags = 0;  ///< with which it was made
  int vfork_parent = 0;           ///< the task that waits until this one has no use for its memory; 0: none
  std::uint32_t last_files = 0;   ///< numbers of what it had, which are told of it when it has finished
  std::uint32_t last_filesystem = 0;
  std::uint32_t last_handlers = 0;
  State state = State::runnable;
  RegisterFile registers;  ///< while it is not on the CPU
  SignalSet blocked = 0;
  PendingSignals pending;
  std::optional<SignalSet> blocked_before;  ///< what rt_sigsuspend will put back
  SignalStack signal_stack;
  Address clear_at_exit;               ///< set_tid_address, CLONE_CHILD_CLEARTID
  LinuxWait wait;                      ///< waiting
  std::optional<std::int64_t> answer;  ///< of the call it waited in, to be given when it is on the CPU again
  /// A call that a signal interrupted, and whose answer depends on the handler: this wait, if set.
  std::optional<LinuxWait> interrupted;
};

/// All tasks, and whose turn it is.
class LinuxTasks {
 public:
  /// Makes the first one: process and task have this id.
  explicit LinuxTasks(int first_id);

  /// With the mask of another one.
  LinuxTask& create(const LinuxTask& like);
  [[nodiscard]] LinuxTask* find(int id);
  [[nodiscard]] const std::vector<std::unique_ptr<LinuxTask>>& all() const { return tasks_; }
  /// Finished ones do not count.
  [[nodiscard]] std::size_t living() const;
  [[nodiscard]] std::size_t runnable() const;
  /// The first runnable one behind `task` in the order of their making, in a circle; itself last. Null where none is.
  [[nodiscard]] LinuxTask* next_after(const LinuxTask& task) const;
  /// Ends up to `count` waits for the futex in the order in which they began and answers 0; returns how many.
  int wake(LinuxMemory::Key futex, int count, std::uint32_t bits);
  /// Lets up to `count` of those that wait for `from` wait for `to`; returns how many.
  int requeue(LinuxMemory::Key from, LinuxMemory::Key to, int count);
  /// The task begins to wait.
  void begin_wait(LinuxTask& task, LinuxWait wait);
  void end_wait(LinuxTask& task, std::int64_t answer);
  /// Ends the waits for what has come.
  void wake_ready();
  /// The task will never run again.
  void finish(LinuxTask& task);
  [[nodiscard]] int last_id() const { return next_id_ - 1; }
  /// The nearest deadline of a waiting task.
  [[nodiscard]] std::optional<std::uint64_t> next_deadline() const;

 private:
  std::vector<std::unique_ptr<LinuxTask>> tasks_;
  std::vector<LinuxTask*> waiting_;  ///< in the order in which they began
  int next_id_ = 0;
};

}  // namespace fiberscope::emu
