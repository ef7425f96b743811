#include "emu/linux_signals.h"

#include <bit>
#include <cstring>
#include <iterator>

namespace fiberscope::emu {
namespace {

constexpr const char* kNames[] = {"no signal", "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",  "SIGTRAP",   "SIGABRT",
                                  "SIGBUS",    "SIGFPE",  "SIGKILL",   "SIGUSR1", "SIGSEGV", "SIGUSR2",   "SIGPIPE",
                                  "SIGALRM",   "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP",   "SIGTSTP",
                                  "SIGTTIN",   "SIGTTOU", "SIGURG",    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF",
                                  "SIGWINCH",  "SIGIO",   "SIGPWR",    "SIGSYS"};
constexpr int kFirstRealTime = 32;  // of the kernel: glibc keeps two for itself
constexpr SignalSet kSynchronous = signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGILL) | signal_bit(SIGTRAP) |
                                   signal_bit(SIGFPE) | signal_bit(SIGSYS);

/// The first unmasked x87 exception, as math_error of the kernel looks for it.
int fpu_code(std::uint16_t status, std::uint16_t control) {
  const unsigned raised = status & ~static_cast<unsigned>(control);
  if ((raised & 1) != 0) return FPE_FLTINV;
  if ((raised & 4) != 0) return FPE_FLTDIV;
  if ((raised & 8) != 0) return FPE_FLTOVF;
  if ((raised & 0x12) != 0) return FPE_FLTUND;
  return (raised & 0x20) != 0 ? FPE_FLTRES : 0;
}

}  // namespace

std::string signal_name(int number) {
  if (number >= 0 && number < static_cast<int>(std::size(kNames))) return kNames[number];
  if (number >= kFirstRealTime && number <= kSignals) {
    const int above = number - kFirstRealTime - 2;
    if (above < 0) return "SIG" + std::to_string(number);
    return above == 0 ? "SIGRTMIN" : "SIGRTMIN+" + std::to_string(above);
  }
  return "signal " + std::to_string(number);
}

SignalDefault signal_default(int number) {
  switch (number) {
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH:
    case SIGCONT:
      return SignalDefault::ignore;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      return SignalDefault::stop;
    default:
      return SignalDefault::terminate;
  }
}

void PendingSignals::add(const siginfo_t& info) {
  if ((set_ & signal_bit(info.si_signo)) != 0) return;
  set_ |= signal_bit(info.si_signo);
  infos_[static_cast<std::size_t>(info.si_signo)] = info;
}

std::optional<siginfo_t> PendingSignals::take(SignalSet blocked) {
  const SignalSet ready = set_ & ~blocked;
  if (ready == 0) return std::nullopt;
  const SignalSet first = (ready & kSynchronous) != 0 ? ready & kSynchronous : ready;
  const int number = std::countr_zero(first) + 1;
  drop(number);
  return infos_[static_cast<std::size_t>(number)];
}

siginfo_t signal_of(const CpuStop& exception, Address rip, std::uint16_t fpu_status, std::uint16_t fpu_control,
                    bool mapped) {
  siginfo_t info;
  std::memset(&info, 0, sizeof info);
  const auto is = [&](int number, int code, Address address) {
    info.si_signo = number;
    info.si_code = code;
    info.si_addr = reinterpret_cast<void*>(address.value);  // NOLINT: an address of the guest
  };
  switch (exception.vector) {
    case 0:
      is(SIGFPE, FPE_INTDIV, rip);
      break;
    case 1:
      is(SIGTRAP, TRAP_TRACE, rip);
      break;
    case 3:
      is(SIGTRAP, SI_KERNEL, {});
      break;
    case 6:
      is(SIGILL, ILL_ILLOPN, rip);
      break;
    case 12:
      is(SIGBUS, SI_KERNEL, {});
      break;
    case 14:
      is(SIGSEGV, mapped ? SEGV_ACCERR : SEGV_MAPERR, exception.fault_address);
      break;
    case 16:
    case 19:
      is(SIGFPE, fpu_code(fpu_status, fpu_control), rip);
      break;
    case 17:
      is(SIGBUS, BUS_ADRALN, {});
      break;
    default:
      is(SIGSEGV, SI_KERNEL, {});
      break;
  }
  return info;
}

}  // namespace fiberscope::emu
