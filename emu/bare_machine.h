#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "emu/body_schedule.h"
#include "emu/cpu.h"
#include "emu/image.h"
#include "emu/machine.h"
#include "emu/result.h"
#include "emu/step_log.h"
#include "emu/stop.h"

namespace fiberscope::emu {

/// The I/O ports of the bare profile (docs/machine.md). 32-bit transfers but for the console.
namespace port {
inline constexpr std::uint16_t kConsole = 0xe9;     ///< out al: one byte of output
inline constexpr std::uint16_t kExit = 0xf10;       ///< out eax: the exit code; the guest ends
inline constexpr std::uint16_t kTimer = 0xf20;      ///< out eax: interrupt kTimerVector after so many steps; 0 disarms
inline constexpr std::uint16_t kScheduler = 0xf30;  ///< in eax: id of the thread to run next, or kNoOpinion
inline constexpr std::uint16_t kClock = 0xf40;      ///< in eax: low 32 bits of virtual time
inline constexpr std::uint16_t kDeadlock = 0xf50;   ///< out eax: no thread can ever run again; the guest ends
inline constexpr std::uint32_t kNoOpinion = 0xffffffff;
}  // namespace port
inline constexpr std::uint8_t kTimerVector = 32;

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
class BareMachine final : public Machine, private PortBus {
 public:
  /// Fails where the image's regions cannot be mapped.
  static Result<std::unique_ptr<BareMachine>> boot(const Image& image, const MachineOptions& options = {});
  ~BareMachine() override;

  Stop run(std::uint64_t max_steps) override;

 private:
  BareMachine() = default;

  std::uint32_t in(std::uint16_t port, unsigned size) override;
  void out(std::uint16_t port, unsigned size, std::uint32_t value) override;
  std::uint64_t time_stamp() override { return time(); }

  [[nodiscard]] std::uint64_t time() const { return steps() + skipped_; }
  [[nodiscard]] bool interrupts_enabled() const;
  /// Fails, with nothing changed, where the guest has no handler or its stack no room; otherwise state and log are
  /// those at the handler's first instruction.
  Result<void> deliver(std::uint8_t vector, std::uint32_t error_code, bool has_error_code, EventKind kind);
  [[nodiscard]] Stop fault(const CpuStop& stop, const std::string& why) const;

  /// Before the next instruction, where there is a schedule: false if it cannot be followed.
  bool follow_schedule();

  std::optional<BodySchedule> schedule_;
  std::uint64_t skipped_ = 0;                    ///< steps that hlt passed over
  std::optional<std::uint64_t> timer_deadline_;  ///< in virtual time
  bool timer_pending_ = false;
  std::uint64_t delivered_at_ = 0;  ///< the number of steps at the last delivery …
  unsigned delivered_ = 0;          ///< … and how many there were at that number
  std::optional<std::uint32_t> exit_code_;
  bool deadlocked_ = false;
};

}  // namespace fiberscope::emu
