#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/step.h"
#include "core/thread.h"
#include "core/trace.h"

namespace fiberscope::core {

/// What a step of a switch is for. The rules, in this order, for a step whose instruction lies in function F:
///
///   1. `stack`: it moved rsp from one thread's stack to another's (an iretq counts only where nothing else did).
///   2. F holds labels (symbols that are no functions) whose names end in `_save`, `_point`, `_restore` or `_resume`:
///   the
///      last one at or before the instruction decides. `_save`: save; the others: restore.
///   3. F is glibc's __sigsetjmp: `save`; its __longjmp, or note 004's first dispatch, start_thread: `restore`.
///   4. F is a routine, that is, it holds an instruction of rule 1: `save` until that one, `restore` behind it.
///   5. F is what an interrupt or exception entered: `save` until its first call in the window, `restore` behind its
///      last one; without any, `save` before the first step of rule 1 and `restore` behind it.
///   6. Everything else is `enter` before the first step of rule 1, `leave` behind the last one, `between` otherwise.
enum class SwitchPhase : std::uint8_t {
  enter,    ///< on the way to the routine: runtime or kernel entry, scheduler
  save,     ///< registers to memory
  stack,    ///< rsp moves
  restore,  ///< registers from memory
  between,  ///< where one thread gives way to the next through a third stack: what runs on that
  leave     ///< on the way back
};
inline constexpr std::size_t kSwitchPhases = 6;
std::string_view to_string(SwitchPhase phase);

/// From leaving user code to being back in it, with at least one switch between: the steps first … last.
///
/// User code is left by the step that calls (jumps or returns to) the first instruction of a system function, by int n,
/// or, with no step of its own, by an interrupt or exception; that step is `first`, and for an interrupt the first one
/// of its handler. System functions are those from which the reason of a switch is known (core/switch_reason.h:
/// thread_yield, thread_block, timer_interrupt, …; instead of sum_with_calls, a thread's own code, the turn_switch that
/// it calls) and those that hold an instruction which moved rsp between threads in this trace (but main). User code is
/// reached again behind the step, `last`, that returns from the frame through which the arriving thread itself had left
/// it; where an interrupt comes right behind that one, the window goes on. Stacks of kind scheduler, nobody's, and
/// those of kind kernel that are the kernel's side of another thread (core/handoff.h) never run user code.
///
/// Where the host plays the kernel, a signal is what an interrupt is elsewhere: user code is left where it is delivered
/// on the stack that is in use, and reached again behind the system call that takes its frame back.
///
/// A thread that never ran before is in user code at the first step in a function through which this window had not led
/// before; where that function ends in an iret before it calls anything, behind that. What this first function then
/// calls is the thread's own, even if it has the name of a system function, but not if it moved rsp itself. A thread
/// that mctx_create_boot made is in user code behind that one's indirect call.
/// A switch outside of all this (made by an unknown function, or by a kernel whose work is not executed here) makes a
/// window of its own step alone.
struct SwitchWindow {
  StepIndex first;
  StepIndex last;
  bool complete = true;                         ///< false: the trace ends before user code is reached again
  bool by_interrupt = false;                    ///< an interrupt, exception or signal began it, int n included
  bool by_host = false;                         ///< a kernel that is not executed here made one of its switches
  bool is_first_run = false;                    ///< of the arriving thread
  std::vector<std::size_t> switches;            ///< indexes in Trace::switches(), at least one
  std::optional<ThreadId> from;                 ///< of the first of them
  std::optional<ThreadId> to;                   ///< of the last of them
  SwitchReason reason = SwitchReason::unknown;  ///< of the first of them
  std::vector<SwitchPhase> phases;              ///< of the steps first … last
  /// Events interrupt and exception from the one that began the window to the one behind the step before `last`.
  std::uint64_t kernel_entries = 0;
  /// What a kernel did that is not executed here (Linux profile): system calls answered, signals delivered, another
  /// task let go on.
  std::uint64_t host_kernel_entries = 0;
  /// Steps between such an event and the iret that ends it, or on a stack of kind kernel.
  std::uint64_t kernel_steps = 0;
  /// Where the context of the thread that goes on lies, and its stack's top: what note 001 would prefetch. Of the last
  /// step of phase `stack`: the base register of the operand from which it loaded rsp; the thread's control block,
  /// where rsp came from a register or from the stack that was left. The top is the rsp that it loaded.
  std::optional<emu::Address> next_context;
  emu::Address next_stack_top;

  [[nodiscard]] std::uint64_t steps() const { return last.value - first.value + 1; }
  [[nodiscard]] SwitchPhase phase_of(StepIndex step) const { return phases[step.value - first.value]; }
};

/// All windows of a trace, ascending; no two overlap. Walks the whole trace. Throws CorruptData.
std::vector<SwitchWindow> switch_windows(Trace& trace);

}  // namespace fiberscope::core
