#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/step.h"
#include "emu/address.h"

namespace fiberscope::core {

/// What a thread is to the guest (DESIGN.md, "Words").
enum class ThreadKind : std::uint8_t { main, user, fiber, kernel, scheduler, signal };
/// The TCB's own state byte.
enum class ThreadState : std::uint8_t { unused, init, ready, running, waiting, finished };
/// Why one stack was left for another: the runtime function on the leaving thread's chain.
enum class SwitchReason : std::uint8_t {
  start,     ///< a new thread, or a new processor, is made to run
  dispatch,  ///< a scheduler, or who plays one, lets a thread have the CPU
  yield,
  block,
  wake,
  exit,
  timer,
  signal,
  kernel,
  unknown
};

std::string_view to_string(ThreadKind kind);
std::string_view to_string(ThreadState state);
std::string_view to_string(SwitchReason reason);

/// One thread at one cursor.
struct Thread {
  ThreadId id;
  std::string name;
  ThreadKind kind = ThreadKind::user;
  ThreadState state = ThreadState::unused;
  emu::AddressRange stack;
  emu::Address saved_rsp;   ///< as the control block says; stale while the thread is on the CPU
  emu::Address tcb;         ///< address of the control block
  emu::Address state_at;    ///< address of the byte that holds its state
  std::uint32_t space = 0;  ///< number of the address space that its stack lies in
  emu::Address resume;      ///< as the control block says: where a thread that never ran goes on; 0: switch_resume
};

/// A step at which rsp left one thread's stack for another's. At cursor `step` rsp is already on the new stack.
struct Switch {
  StepIndex step;
  std::optional<ThreadId> from;  ///< nothing where rsp was on nobody's stack before
  std::optional<ThreadId> to;    ///< nothing where it is on nobody's now (an interrupt's own stack, …)
  SwitchReason reason = SwitchReason::unknown;
  std::string at;        ///< function of the instruction that moved rsp
  emu::Address address;  ///< that instruction
  CpuId cpu;             ///< the processor whose rsp moved
};

}  // namespace fiberscope::core
