#pragma once
#include <signal.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "emu/address.h"
#include "emu/linux_signals.h"
#include "emu/registers.h"

namespace fiberscope::emu {

/// sigaltstack's, as it lies in memory.
struct SignalStack {
  std::uint64_t base = 0;
  std::uint32_t flags = 2;  ///< SS_DISABLE
  std::uint32_t padding = 0;
  std::uint64_t size = 0;

  /// Whether a stack pointer is on it (as the kernel's on_sig_stack: the base itself is not).
  [[nodiscard]] bool holds(std::uint64_t rsp) const;
};
static_assert(sizeof(SignalStack) == sizeof(stack_t), "sigaltstack reads and writes it");

/// The struct rt_sigframe of x86-64 (arch/x86/include/asm/sigframe.h): the restorer's address as the handler's return
/// address, then struct ucontext, then siginfo; above them the FPU's state as fxsave lays it out.
namespace signal_frame {
inline constexpr std::uint64_t kContext = 8;     ///< offset of the ucontext
inline constexpr std::uint64_t kRegisters = 48;  ///< of its mcontext
inline constexpr std::uint64_t kMask = 304;      ///< of its signal mask
inline constexpr std::uint64_t kInfo = 312;      ///< of the siginfo
inline constexpr std::uint64_t kSize = 440;
inline constexpr std::uint64_t kFpuSize = 512;
inline constexpr std::uint64_t kRedZone = 128;  ///< below rsp, which a leaf function may use (System V ABI, 3.2.2)
}  // namespace signal_frame

/// What an exception left for the handler.
struct SignalCause {
  std::uint64_t error_code = 0;
  std::uint64_t vector = 0;
  std::uint64_t address = 0;  ///< cr2
};

/// A frame made ready to be stored.
struct SignalFrame {
  Address address;                      ///< rsp at the handler's first instruction: 8 below a multiple of 16
  Address fpu_address;                  ///< a multiple of 64
  std::vector<std::uint8_t> bytes;      ///< kSize
  std::vector<std::uint8_t> fpu_bytes;  ///< kFpuSize
};

/// `interrupted` is the state to go back to, `mask` the one that rt_sigreturn puts back, `stack` what sigaltstack said.
/// Nothing where the frame would run over the alternate stack's end.
std::optional<SignalFrame> make_signal_frame(const RegisterFile& interrupted, const SignalAction& action,
                                             const siginfo_t& info, const SignalCause& cause, SignalSet mask,
                                             const SignalStack& stack);

/// What rt_sigreturn takes out of a frame: general registers, rip, the flags that a program may set, and where the
/// FPU's state lies (0: nowhere).
struct RestoredFrame {
  RegisterFile registers;
  SignalSet mask = 0;
  SignalStack stack;
  Address fpu_address;
};
RestoredFrame read_signal_frame(const std::vector<std::uint8_t>& bytes, const RegisterFile& now);
/// The FPU's state out of 512 bytes, into `registers`.
void read_fpu_state(const std::vector<std::uint8_t>& bytes, RegisterFile& registers);
/// As after a reset, which is how a handler finds it.
void reset_fpu_state(RegisterFile& registers);

}  // namespace fiberscope::emu
