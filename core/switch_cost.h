#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/processor_models.h"
#include "core/switch_models.h"
#include "core/switch_window.h"

namespace fiberscope::core {

/// What the switches of a run cost, counted. Each number is exact for the run that was recorded, but those called model
/// (core/tlb_model.h, core/cache_model.h). There are no cycles in it: an emulated processor has none.

/// What the steps of one phase of one window did. An interrupt's or exception's own writes (its frame) count for the
/// step behind it, all other accesses for the step that made them.
struct PhaseCost {
  std::uint64_t steps = 0;
  std::uint64_t reads = 0;  ///< accesses of data (core/memory_access.h); instruction fetches are not in it
  std::uint64_t writes = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t data_tlb_misses = 0;  ///< model; one address space
  std::uint64_t code_tlb_misses = 0;  ///< model; one address space
  std::uint64_t cache_misses = 0;     ///< model; nothing warmed

  [[nodiscard]] std::uint64_t accesses() const { return reads + writes; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_read + bytes_written; }
  PhaseCost& operator+=(const PhaseCost& other);
  friend bool operator==(const PhaseCost&, const PhaseCost&) = default;
};

struct SwitchCost {
  SwitchWindow window;
  std::array<PhaseCost, kSwitchPhases> phases;
  /// Words of 8 bytes that the phase `save` and the frames of interrupts and exceptions stored, and that are still live
  /// when a step of phase `stack` is about to move rsp: not below rsp on the stack that is left. Each word counts once
  /// for each such step that is the first behind its storing.
  std::uint64_t saved_words = 0;
  std::uint64_t saved_at_once = 0;                    ///< the most of them at one such step
  std::array<CacheAtWindow, kCacheSituations> cache;  ///< model

  [[nodiscard]] const PhaseCost& phase(SwitchPhase phase) const { return phases[static_cast<std::size_t>(phase)]; }
  /// Of the whole window.
  [[nodiscard]] PhaseCost total() const;
  /// Of the phases save, stack and restore: the moving of registers itself.
  [[nodiscard]] PhaseCost routine() const;
  /// A kernel that is not executed here did some of its work, so bytes and accesses are not all of them …
  [[nodiscard]] bool has_host_work() const { return window.by_host || window.host_kernel_entries > 0; }
  /// … the phase is all that kernel's …
  [[nodiscard]] bool is_hosts_own(SwitchPhase name) const {
    return window.by_host && phase(name).steps == 0 && (name == SwitchPhase::save || name == SwitchPhase::restore);
  }
  /// … it saved or restored the registers, or some of them: it made a switch, or its signal began the window.
  [[nodiscard]] bool is_saved_by_host() const {
    return window.by_host || (window.by_interrupt && window.host_kernel_entries > 0);
  }
};

/// The least, the middle and the largest of some numbers; of an even count the lower of the two in the middle.
struct Spread {
  std::uint64_t min = 0;
  std::uint64_t median = 0;
  std::uint64_t max = 0;

  friend bool operator==(const Spread&, const Spread&) = default;
};
/// Nothing for no numbers.
std::optional<Spread> spread_of(std::vector<std::uint64_t> values);

/// Instructions that save or load the x87 and SSE registers as a whole (fxsave, fnsave, xsave; fxrstor, frstor,
/// xrstor), anywhere in the run, and exceptions #NM: somebody used them while CR0.TS was set.
struct FpuUse {
  std::uint64_t saves = 0;
  std::uint64_t restores = 0;
  std::uint64_t not_available = 0;
};

struct SwitchCosts {
  std::string name;                  ///< of the scenario or target
  std::uint64_t steps = 0;           ///< of the whole run
  std::uint64_t rounds = 0;          ///< of the clock (core/round_clock.h); with one processor each step is one
  std::uint64_t raw_switches = 0;    ///< entries of Trace::switches(): rsp went from one thread's stack to another's
  std::vector<SwitchCost> switches;  ///< one a window, ascending
  /// False in the Linux profile: the host plays the kernel there, and no step of it is in the trace.
  bool kernel_is_executed = true;
  ModelParameters parameters;
  std::array<std::vector<TlbAtSwitch>, 3> tlb;  ///< model; by policy (kTlbPolicies), then by entry of Trace::switches()
  FpuUse fpu;
  /// What each processor did. Where there are several, `switches` is empty: a switch's way from user code to user code
  /// is followed on one processor only; and an entry of `tlb` is of the processor that switched.
  std::vector<ProcessorCounts> processors;
  std::vector<CpuId> switched_on;  ///< by entry of Trace::switches()

  /// Of the complete windows that are `wanted`, each by one number of it.
  template <typename Number, typename Wanted>
  [[nodiscard]] std::optional<Spread> spread(Number number, Wanted wanted) const {
    std::vector<std::uint64_t> values;
    for (const SwitchCost& cost : switches)
      if (cost.window.complete && wanted(cost)) values.push_back(number(cost));
    return spread_of(std::move(values));
  }
  template <typename Number>
  [[nodiscard]] std::optional<Spread> spread(Number number) const {
    return spread(number, [](const SwitchCost&) { return true; });
  }
  [[nodiscard]] std::uint64_t complete_windows() const;
  /// Sum of one phase over the complete windows.
  [[nodiscard]] PhaseCost sum(SwitchPhase phase) const;
  /// Entries that a processor's TLBs kept at its changes of stack.
  [[nodiscard]] std::optional<Spread> kept_entries(CpuId cpu, std::size_t policy) const;
  /// What an interrupt costs more than a call, of the complete windows to a thread that had run before and from one
  /// that goes on later: the rest has nothing to restore, or nothing to save.
  struct Preemption {
    std::uint64_t windows = 0;      ///< that an interrupt began
    std::optional<Spread> routine;  ///< of these: their steps to save, move rsp and restore …
    std::optional<Spread> by_call;  ///< … and of those that a call began
  };
  [[nodiscard]] Preemption preemption() const;
};

/// Walks the whole trace twice, some 1 µs a step. Without `spaces` each thread counts as a process of its own where the
/// model's policy knows several spaces. Throws CorruptData.
SwitchCosts switch_costs(Trace& trace, const std::optional<AddressSpaces>& spaces = std::nullopt,
                         const ModelParameters& parameters = {});

/// What stands in place of each number about a kernel that is not executed here.
inline constexpr std::string_view kKernelNotExecuted = "kernel work not executed here";

}  // namespace fiberscope::core
