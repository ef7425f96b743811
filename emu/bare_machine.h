#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emu/body_schedule.h"
#include "emu/cpu.h"
#include "emu/debug_info.h"
#include "emu/image.h"
#include "emu/interleaving.h"
#include "emu/machine.h"
#include "emu/processor_schedule.h"
#include "emu/read_modify_write.h"
#include "emu/result.h"
#include "emu/step_log.h"
#include "emu/stop.h"
#include "emu/store_buffer.h"

namespace fiberscope::emu {

/// The I/O ports of the bare profile (docs/machine.md). 32-bit transfers but for the console.
namespace port {
inline constexpr std::uint16_t kConsole = 0xe9;     ///< out al: one byte of output
inline constexpr std::uint16_t kExit = 0xf10;       ///< out eax: the exit code; the guest ends
inline constexpr std::uint16_t kTimer = 0xf20;      ///< out eax: interrupt kTimerVector after so many steps; 0 disarms
inline constexpr std::uint16_t kScheduler = 0xf30;  ///< in eax: id of the thread to run next, or kNoOpinion
inline constexpr std::uint16_t kClock = 0xf40;      ///< in eax: low 32 bits of virtual time
inline constexpr std::uint16_t kDeadlock = 0xf50;   ///< out eax: no thread can ever run again; the guest ends
// Several processors. The numbers count from 0.
inline constexpr std::uint16_t kProcessor = 0xf60;   ///< in eax: number of the processor that asks
inline constexpr std::uint16_t kProcessors = 0xf70;  ///< in eax: how many there are
inline constexpr std::uint16_t kStartRip = 0xf80;    ///< out eax: where the next processor started will begin …
inline constexpr std::uint16_t kStartRsp = 0xf90;    ///< out eax: … and with what stack pointer
inline constexpr std::uint16_t kStart = 0xfa0;       ///< out eax: number of a processor, which starts
inline constexpr std::uint16_t kInterrupt = 0xfb0;   ///< out eax: number of a processor: interrupt kProcessorVector
inline constexpr std::uint32_t kNoOpinion = 0xffffffff;
}  // namespace port
inline constexpr std::uint8_t kTimerVector = 32;
inline constexpr std::uint8_t kProcessorVector = 33;

/// Where the machine puts its segment descriptors, a page below every image.
inline constexpr Address kDescriptorTable{0x1000};
inline constexpr std::uint16_t kCodeSelector = 0x08;
inline constexpr std::uint16_t kDataSelector = 0x10;

/// A bare x86-64 computer in ring 0: a CPU, flat memory, a timer, a console and a scheduler port. It starts as firmware
/// would hand over: long mode, interrupts off, SSE on, rip at the image's entry, rsp at its symbol `boot_stack_top` (0
/// without one), a flat GDT, no IDT. Time is steps, plus what `hlt` skips.
///
/// The CPU's own part of an interrupt is done here, as microcode would (Intel SDM vol. 3, 6.14): through the gate of
/// the guest's IDT, on the current stack or the IST's, rsp aligned down to 16; ss, rsp, rflags, cs, rip and the error
/// code pushed; TF, NT, RF and (interrupt gate) IF cleared. One pending timer interrupt waits while IF is 0 and for the
/// instruction after sti or a load of ss. An exception without a handler ends the guest.
///
/// With a schedule (MachineOptions) the timer strikes where that says, and the scheduler port answers with its items.
///
/// With several processors and a schedule, that says whose turn it is (emu/processor_schedule.h), and the processors
/// may have store buffers (emu/store_buffer.h): then what an instruction of a body stores outside the stacks waits
/// there.
///
/// With several processors, each has registers, IDT and timer of its own; all but number 0 wait until one of the others
/// starts them. They have turns (emu/interleaving.h): a turn is one step, or the first half of an instruction that
/// reads memory and writes it back without being atomic (emu/read_modify_write.h), whose second half is the step. A
/// halted processor lets its turns pass. Time is counted in rounds then: a turn is 1/n of one while n processors run.
class BareMachine final : public Machine, private PortBus {
 public:
  /// Fails where the image's regions cannot be mapped, or there cannot be so many processors.
  static Result<std::unique_ptr<BareMachine>> boot(const Image& image, const MachineOptions& options = {});
  ~BareMachine() override;

  Stop run(std::uint64_t max_steps) override;

 private:
  /// What belongs to one processor, beside its Cpu.
  struct Processor {
    bool running = false;
    bool halted = false;
    std::optional<std::uint64_t> timer_deadline;  ///< in virtual time
    bool timer_pending = false;
    bool interrupt_pending = false;   ///< from another processor
    std::uint64_t delivered_at = 0;   ///< the number of steps at the last delivery …
    unsigned delivered = 0;           ///< … and how many there were at that number
    std::vector<std::uint8_t> reads;  ///< what the instruction under way has read …
    Address reads_at;                 ///< … and where
    StoreBuffer buffer;               ///< empty for ever where the machine has none
  };
  struct Start {
    unsigned processor = 0;
    Address rip;
    Address rsp;
  };

  explicit BareMachine(std::uint64_t seed) : interleaving_(seed) {}
  static RegisterFile reset(const Cpu& cpu);

  std::uint32_t in(std::uint16_t port, unsigned size) override;
  void out(std::uint16_t port, unsigned size, std::uint32_t value) override;
  std::uint64_t time_stamp() override { return time(); }

  [[nodiscard]] std::uint64_t time() const { return (processors() == 1 ? steps() : turns_ / kRound) + skipped_; }
  [[nodiscard]] bool interrupts_enabled() const;
  /// Fails, with nothing changed, where the guest has no handler or its stack no room; otherwise state and log are
  /// those at the handler's first instruction.
  Result<void> deliver(std::uint8_t vector, std::uint32_t error_code, bool has_error_code, EventKind kind);
  [[nodiscard]] Stop fault(const CpuStop& stop, const std::string& why) const;
  [[nodiscard]] std::optional<Stop> ended();
  /// A device's interrupt; how the guest ended where it could not be delivered.
  std::optional<Stop> interrupt(std::uint8_t vector);
  /// What an instruction did that did not complete as a plain step; how the guest ended by it, if it did.
  std::optional<Stop> handle(const CpuStop& stop);

  /// Before the next instruction, where there is a schedule: false if it cannot be followed.
  bool follow_schedule();

  // Several processors (bare_turns.cpp).
  Stop run_turns(std::uint64_t max_steps);
  void go_on_with(unsigned processor);
  void start_processors();
  void expire_timers();
  /// False where no processor can ever do anything again; skips time where all of them only wait for it.
  bool wait_for_interrupts();
  [[nodiscard]] bool can_interrupt(unsigned processor) const;
  /// A bit for each processor that was started.
  [[nodiscard]] std::uint32_t running() const;
  /// A bit for each processor that runs and does not wait for an interrupt.
  [[nodiscard]] std::uint32_t able_to_act() const;
  /// All of a turn that comes before its step: a pending interrupt, the first half of an instruction. True where a step
  /// is to follow.
  bool begin_turn(std::optional<Stop>& stop);
  bool read_first();
  CpuStop step();

  // Several processors under a schedule, and their store buffers (bare_schedule.cpp).
  /// Whose turn is next, once every drain that comes before it is done; nothing where the run is over, by `stop`.
  std::optional<unsigned> scheduled_turn(std::optional<Stop>& stop);
  [[nodiscard]] std::optional<Instruction> instruction_at(Address rip) const;
  [[nodiscard]] ProcessorSchedule::Place place_of(unsigned processor, bool able);
  void drain(unsigned processor);
  /// The stores of the step that the processor has just made, which memory shows: those that its buffer takes are taken
  /// back.
  std::vector<BufferedStore> take_back_stores(Address rip);
  void buffer_stores(const std::vector<BufferedStore>& stores);
  /// Adds to what the event has written.
  void mirror(unsigned processor, Cpu::Event& event);
  /// "T1 (processor 1)", as far as a thread is known there.
  [[nodiscard]] std::string runner(unsigned processor) const;
  /// "want[1]": the data there, for people.
  [[nodiscard]] std::string name_of(Address address, std::uint64_t size) const;

  std::optional<BodySchedule> schedule_;
  std::optional<ProcessorSchedule> processor_schedule_;
  bool store_buffers_ = false;
  std::optional<Address> mirrors_;  ///< the image's array store_buffers
  std::optional<Image> names_;      ///< where several processors follow a schedule: for what is told of them
  std::optional<DebugInfo> debug_;  ///< of names_
  Disassembler disassembler_;
  std::uint64_t skipped_ = 0;      ///< steps that hlt passed over
  std::vector<Processor> states_;  ///< by the processor's number
  std::optional<std::uint32_t> exit_code_;
  bool deadlocked_ = false;

  static constexpr std::uint64_t kRound = 2520;  ///< of turns_; 1 … kMaxProcessors divide it
  std::uint64_t turns_ = 0;
  Interleaving interleaving_;
  ReadModifyWriteCache accesses_;
  std::optional<unsigned> turn_;  ///< whose turn has begun, and not yet ended with a step
  Address start_rip_;
  Address start_rsp_;
  std::vector<Start> starts_;  ///< asked for by the step under way
};

}  // namespace fiberscope::emu
