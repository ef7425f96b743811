#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "emu/body_schedule.h"
#include "emu/cpu.h"
#include "emu/image.h"
#include "emu/memory.h"
#include "emu/registers.h"
#include "emu/result.h"
#include "emu/step_log.h"
#include "emu/stop.h"

namespace fiberscope::emu {

/// What surrounds the guest.
enum class MachineProfile : std::uint8_t {
  bare,       ///< ring 0 and devices (BareMachine, docs/machine.md)
  linux_user  ///< a process of Linux, whose kernel is the machine (LinuxMachine, docs/linux.md)
};

/// How a machine is made. Schedule, processors and seed are for the bare machine, the rest is for Linux programs.
struct MachineOptions {
  MachineProfile profile = MachineProfile::bare;
  std::vector<ThreadBody> bodies;        ///< bare: what `schedule` counts
  std::vector<ScheduleItem> schedule;    ///< bare: to be followed item by item; none: the guest, or the seed, decides
  std::vector<std::string> arguments;    ///< behind the program's name
  std::vector<std::string> environment;  ///< "NAME=value"
  std::string input;                     ///< what standard input holds
  std::uint64_t quantum = 10'000;        ///< steps until another task's turn comes; 0: only where one blocks or yields
  std::uint64_t nanoseconds_per_step = 1;     ///< how fast the guest's clocks run
  std::uint64_t heap_size = 1 << 20;          ///< room for brk
  std::uint64_t mapping_size = 16 << 20;      ///< room for mmap
  std::uint64_t main_stack_size = 256 << 10;  ///< of the first task; also RLIMIT_STACK
  std::uint64_t frame_pool_size = 4 << 20;    ///< frames for copies of pages, and for programs begun anew
  unsigned processors = 1;                    ///< of a bare machine, 1 … kMaxProcessors
  std::uint64_t seed = 0;                     ///< of the order of their turns (emu/interleaving.h)
  bool store_buffers = false;                 ///< each has one (emu/store_buffer.h); needs a schedule
};

inline constexpr unsigned kMostChosenProcessors = 8;  ///< that a user may ask for
inline constexpr unsigned kMaxProcessors = 9;  ///< eight threads on one each, and one that waits for them

/// An emulated computer about to run an image, or in the middle of it.
class Machine {
 public:
  /// A bare one. Fails where the image's regions cannot be mapped.
  static Result<std::unique_ptr<Machine>> boot(const Image& image);
  static Result<std::unique_ptr<Machine>> boot(const Image& image, const MachineOptions& options);
  virtual ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  [[nodiscard]] Memory& memory() { return memory_; }
  [[nodiscard]] const Memory& memory() const { return memory_; }
  /// Of the processor that acted last.
  [[nodiscard]] RegisterFile registers() const { return cpu().read_all(); }
  [[nodiscard]] RegisterFile registers(unsigned processor) const { return processor_at(processor).read_all(); }
  [[nodiscard]] unsigned processors() const { return 1 + static_cast<unsigned>(others_.size()); }
  /// The number of the processor that acted last, from 0.
  [[nodiscard]] unsigned processor() const { return current_; }
  [[nodiscard]] Cpu& cpu() { return processor_at(current_); }
  [[nodiscard]] const Cpu& cpu() const { return processor_at(current_); }
  /// Of all processors together.
  [[nodiscard]] std::uint64_t steps() const { return cpu().steps(); }
  [[nodiscard]] const std::string& console() const { return console_; }

  void set_sink(StepSink* sink) { cpu().set_sink(sink); }
  /// Who is to run next, asked where the guest's scheduler wants to know (bare) or the kernel chooses a task (Linux).
  void set_picker(std::function<std::uint32_t()> picker) { picker_ = std::move(picker); }
  /// Whose turn it is, where the machine has several processors, instead of what the seed says: told a bit for each
  /// that runs and has not halted, it answers the number of one of them.
  using TurnChooser = std::function<unsigned(std::uint32_t running)>;
  void set_turns(TurnChooser chooser) { turn_chooser_ = std::move(chooser); }

  /// Runs until `max_steps` steps have been executed in all, or the guest ends. May be called again after a limit.
  virtual Stop run(std::uint64_t max_steps) = 0;
  /// From another thread or a signal handler: run() returns before the next instruction.
  void request_stop();

 protected:
  Machine() = default;

  [[nodiscard]] Stop end(Stop::Reason reason, std::string message) const;

  [[nodiscard]] Cpu& processor_at(unsigned number) { return number == 0 ? *cpu_ : *others_[number - 1]; }
  [[nodiscard]] const Cpu& processor_at(unsigned number) const { return number == 0 ? *cpu_ : *others_[number - 1]; }

  Memory memory_;
  std::unique_ptr<Cpu> cpu_;                  ///< number 0
  std::vector<std::unique_ptr<Cpu>> others_;  ///< number 1 and on
  unsigned current_ = 0;
  TurnChooser turn_chooser_;
  std::function<std::uint32_t()> picker_;
  std::string console_;
  std::atomic<bool> stop_requested_{false};
};

}  // namespace fiberscope::emu
