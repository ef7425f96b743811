#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "emu/cpu.h"
#include "emu/linux_memory.h"
#include "emu/linux_program.h"
#include "emu/linux_signals.h"
#include "emu/linux_tasks.h"
#include "emu/linux_timers.h"
#include "emu/machine.h"
#include "emu/stop.h"

namespace fiberscope::emu {

struct LinuxCall;

/// The kernel of one process (docs/linux.md): its tasks, signals, timers and memory. It does its work between two steps
/// and takes no time for it; everything that it does is logged as an event.
class LinuxKernel {
 public:
  /// All must outlive the kernel. `console` takes what is written to descriptors 1 and 2, `picker` is asked which task
  /// to run next; it may be empty.
  LinuxKernel(Memory& memory, Cpu& cpu, std::string& console, const std::function<std::uint32_t()>& picker,
              const LinuxProgram& program, const MachineOptions& options);

  // ---- for the machine ----

  /// Does all that comes before the next instruction: timers, whose turn it is, signals. Called at each number of steps
  /// that next_look() names, and behind the two below.
  void prepare();
  [[nodiscard]] std::uint64_t next_look(std::uint64_t limit) const;
  /// The CPU has executed `syscall`.
  void system_call();
  /// The CPU could not complete an instruction, or executed `int n`.
  void exception(const CpuStop& stop);
  /// Set once the program has ended.
  [[nodiscard]] const std::optional<Stop>& ending() const { return ending_; }

  // ---- for the system calls ----

  [[nodiscard]] LinuxMemory& memory() { return memory_; }
  [[nodiscard]] Cpu& cpu() { return cpu_; }
  [[nodiscard]] LinuxTasks& tasks() { return tasks_; }
  [[nodiscard]] LinuxTask& current() { return *current_; }
  [[nodiscard]] LinuxTimers& timers() { return timers_; }
  [[nodiscard]] LinuxClock clock() const;
  [[nodiscard]] const LinuxProgram& program() const { return program_; }
  [[nodiscard]] const MachineOptions& options() const { return options_; }
  [[nodiscard]] SignalAction& action(int signal) { return actions_[static_cast<std::size_t>(signal)]; }
  [[nodiscard]] PendingSignals& pending() { return pending_; }

  void print(const std::string& bytes);
  /// Takes up to so many bytes of standard input.
  std::string take_input(std::size_t size);
  /// The next of a row of numbers that is the same in each run.
  std::uint64_t random();
  /// To a task, or (null) to the process: then to the first task that does not block it.
  void send(const siginfo_t& info, LinuxTask* to);
  /// The call waits; it is answered when the wait ends.
  void wait(LinuxCall& call, LinuxWait wait);
  /// The task on the CPU gives up its turn.
  void yield() { yielding_ = true; }
  void end_task(int code);
  void end_process(int code);
  /// Takes the state out of the signal frame at rsp - 8; where there is none, false, and the task gets a SIGSEGV.
  bool return_from_signal();

 private:
  void log(EventKind kind, std::uint32_t vector, Address rip_before, const std::string& text);
  void end(Stop::Reason reason, std::string message);
  void renew_slice();
  void expire();
  /// False where no task can run.
  bool schedule();
  void put_on_cpu(LinuxTask& task);
  void give_answer();
  /// The task's wait ends because of a signal; what it answers depends on the handler.
  void interrupt(LinuxTask& task);
  void idle();
  /// True if there was one.
  bool deliver_signal();
  bool take_frame();
  void handle(const siginfo_t& info);
  void answer_interrupted(bool restart);
  void force(siginfo_t info);
  void end_by(const siginfo_t& info);
  [[nodiscard]] std::string fault_text(const CpuStop& stop) const;

  LinuxMemory memory_;
  Cpu& cpu_;
  std::string& console_;
  const std::function<std::uint32_t()>& picker_;
  LinuxProgram program_;
  MachineOptions options_;
  LinuxTasks tasks_;
  LinuxTask* current_;  ///< the last one on the CPU
  LinuxTimers timers_;
  std::array<SignalAction, kSignals + 1> actions_{};
  PendingSignals pending_;  ///< of the process: those that every task blocks
  SignalCause cause_;       ///< what the last exception left
  std::string fault_;       ///< in words
  std::uint64_t skipped_ = 0;
  std::uint64_t slice_end_ = 0;
  bool yielding_ = false;
  std::size_t input_taken_ = 0;
  std::uint64_t random_ = 0x9e3779b97f4a7c15;
  std::optional<Stop> ending_;
};

}  // namespace fiberscope::emu
