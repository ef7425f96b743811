#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "emu/cpu.h"
#include "emu/linux_books.h"
#include "emu/linux_frames.h"
#include "emu/linux_memory.h"
#include "emu/linux_page_tables.h"
#include "emu/linux_process.h"
#include "emu/linux_program.h"
#include "emu/linux_signals.h"
#include "emu/linux_tasks.h"
#include "emu/linux_timers.h"
#include "emu/machine.h"
#include "emu/stop.h"

namespace fiberscope::emu {

struct LinuxCall;

/// The kernel of the program and of the processes that it makes (docs/linux.md): tasks, signals, timers and memory. It
/// does its work between two steps and takes no time for it; everything that it does is logged as an event.
class LinuxKernel {
 public:
  /// All must outlive the kernel. `pristine` is the memory as the program was loaded. `console` takes what is written
  /// to descriptors 1 and 2, `picker` is asked which task to run next; it may be empty.
  LinuxKernel(Memory& memory, const Memory& pristine, Cpu& cpu, std::string& console,
              const std::function<std::uint32_t()>& picker, const LinuxProgram& program, const MachineOptions& options);

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

  /// Of the task on the CPU, as what follows.
  [[nodiscard]] LinuxMemory& memory() { return *current_->memory; }
  [[nodiscard]] Cpu& cpu() { return cpu_; }
  [[nodiscard]] LinuxTasks& tasks() { return tasks_; }
  [[nodiscard]] LinuxTask& current() { return *current_; }
  [[nodiscard]] LinuxTimers& timers() { return current_->group->timers; }
  [[nodiscard]] LinuxClock clock() const;
  [[nodiscard]] const LinuxProgram& program() const { return program_; }
  [[nodiscard]] const MachineOptions& options() const { return options_; }
  [[nodiscard]] SignalAction& action(int signal) { return action_of(*current_, signal); }
  [[nodiscard]] PendingSignals& pending() { return current_->group->pending; }
  [[nodiscard]] const std::vector<std::shared_ptr<LinuxProcess>>& processes() const { return processes_; }
  /// Null where there is none, or its parent knows of its end.
  [[nodiscard]] LinuxProcess* find_process(int id) const;
  [[nodiscard]] LinuxPhysicalMemory physical() { return {frames_, tables_room_, pristine_}; }

  void print(const std::string& bytes);
  /// Takes up to so many bytes of standard input.
  std::string take_input(std::size_t size);
  /// The next of a row of numbers that is the same in each run.
  std::uint64_t random();
  void send(const siginfo_t& info, LinuxTask& to);
  /// To the first of its tasks that does not block it.
  void send(const siginfo_t& info, LinuxProcess& to);
  /// Adds a process with the id of its first task.
  LinuxProcess& add_process(int id, int parent, int exit_signal);
  /// Numbers for what clone may share or not; nothing where the kernel's table of spaces is full.
  std::optional<std::uint32_t> next_space();
  std::uint32_t next_files() { return ++last_files_; }
  std::uint32_t next_filesystem() { return ++last_filesystem_; }
  std::uint32_t next_handlers() { return ++last_handlers_; }
  std::uint32_t next_open_file() { return ++last_open_file_; }
  /// The task on the CPU begins the program anew (execve).
  void replace_memory(std::shared_ptr<LinuxMemory> memory, const LinuxProgram& program);
  /// Who waits in vfork for this task goes on.
  void release_vfork(LinuxTask& task);
  /// The parent knows of its end.
  void reap(LinuxProcess& process);
  /// The call waits; it is answered when the wait ends.
  void wait(LinuxCall& call, LinuxWait wait);
  /// The task on the CPU gives up its turn.
  void yield() { yielding_ = true; }
  void end_task(int code);
  /// exit_group of the process on the CPU.
  void end_process(int code);
  /// All other tasks of the process on the CPU end.
  void end_other_tasks();
  /// Takes the state out of the signal frame at rsp - 8; where there is none, false, and the task gets a SIGSEGV.
  bool return_from_signal();

 private:
  void log(EventKind kind, std::uint32_t vector, Address rip_before, const std::string& text);
  void end(Stop::Reason reason, std::string message);
  /// The process on the CPU has ended; `stop` is how, should it be the first one.
  void end_group(int status, Stop stop);
  [[nodiscard]] Stop stop_here(Stop::Reason reason, std::string message) const;
  void finish_task(LinuxTask& task);
  void update_books();
  void write_book(std::uint64_t offset, const void* entry, std::size_t size);
  [[nodiscard]] LinuxClock clock_of(const LinuxProcess& process) const;
  void account();
  void note_copy(const LinuxMemory::Copy& copy);
  static SignalAction& action_of(LinuxTask& task, int signal) {
    return task.handlers->actions[static_cast<std::size_t>(signal)];
  }
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
  void end_by_fault(int number, const std::string& text, Stop ended);
  /// True if the exception was the first write to a page that awaits its copy.
  bool copy_on_write(const CpuStop& stop);
  [[nodiscard]] std::string fault_text(const CpuStop& stop) const;

  Cpu& cpu_;
  const Memory& pristine_;
  LinuxFrames frames_;
  LinuxTableRoom tables_room_;
  std::string& console_;
  const std::function<std::uint32_t()>& picker_;
  LinuxProgram program_;
  MachineOptions options_;
  LinuxTasks tasks_;
  LinuxTask* current_;  ///< the last one on the CPU
  std::vector<std::shared_ptr<LinuxProcess>> processes_;
  std::vector<LinuxBookSpace> spaces_;  ///< by number
  std::optional<Stop> first_end_;       ///< how the first process ended
  LinuxMemory* loaded_ = nullptr;       ///< the space that the engine sees
  std::uint32_t space_ = 0;             ///< its number, or that of the last one
  std::uint64_t accounted_ = 0;         ///< steps that stand in their process's account
  std::uint32_t last_files_ = 0;
  std::uint32_t last_filesystem_ = 0;
  std::uint32_t last_handlers_ = 0;
  std::uint32_t last_open_file_ = 2;
  SignalCause cause_;  ///< what the last exception left
  std::string fault_;  ///< in words
  std::uint64_t skipped_ = 0;
  std::uint64_t slice_end_ = 0;
  bool yielding_ = false;
  std::size_t input_taken_ = 0;
  std::uint64_t random_ = 0x9e3779b97f4a7c15;
  std::optional<Stop> ending_;
};

}  // namespace fiberscope::emu
