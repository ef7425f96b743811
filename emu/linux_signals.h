#pragma once
#include <signal.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "emu/address.h"
#include "emu/cpu.h"

namespace fiberscope::emu {

inline constexpr int kSignals = 64;

/// A set of signals: bit n - 1 is signal n.
using SignalSet = std::uint64_t;
constexpr SignalSet signal_bit(int number) {
  return std::uint64_t{1} << (number - 1);
}

/// "SIGALRM"; "SIGRTMIN+3"; "signal 99".
std::string signal_name(int number);

/// What happens where a program has said nothing (signal(7)).
enum class SignalDefault : std::uint8_t { terminate, ignore, stop };
SignalDefault signal_default(int number);

/// What a program wants to happen: the kernel's struct sigaction.
struct SignalAction {
  std::uint64_t handler = 0;  ///< 0: the default; 1: nothing
  std::uint64_t flags = 0;
  std::uint64_t restorer = 0;
  SignalSet mask = 0;

  [[nodiscard]] bool is_default() const { return handler == 0; }
  /// Nothing happens when it comes.
  [[nodiscard]] bool ignores(int number) const {
    return handler == 1 || (handler == 0 && signal_default(number) == SignalDefault::ignore);
  }
  [[nodiscard]] bool has_handler() const { return handler > 1; }
};
static_assert(sizeof(SignalAction) == 32, "rt_sigaction reads and writes it");

/// Signals that have come and are not delivered yet; of each number only the first one counts.
class PendingSignals {
 public:
  void add(const siginfo_t& info);
  /// Takes the one to deliver next: first what an instruction brought about, then the lowest number (signal(7)).
  std::optional<siginfo_t> take(SignalSet blocked);
  void drop(int number) { set_ &= ~signal_bit(number); }
  [[nodiscard]] SignalSet set() const { return set_; }

 private:
  SignalSet set_ = 0;
  std::array<siginfo_t, kSignals + 1> infos_{};
};

/// What Linux makes of an exception in user mode (arch/x86/kernel/traps.c, mm/fault.c); `mapped` says whether the
/// program was given the page that was touched.
siginfo_t signal_of(const CpuStop& exception, Address rip, std::uint16_t fpu_status, std::uint16_t fpu_control,
                    bool mapped);

}  // namespace fiberscope::emu
