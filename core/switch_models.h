#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/cache_model.h"
#include "core/switch_window.h"
#include "core/tlb_model.h"

namespace fiberscope::core {

/// The models run over one trace, and what they say about its switches (docs/models.md).

/// To which address space each thread belongs. A thread that is not in it (a kernel's or a scheduler's stack) goes on
/// in whatever space is loaded, as kernel threads of Linux do.
using AddressSpaces = std::map<ThreadId, std::uint32_t>;

/// One space for every thread of kind main, user, fiber or signal, as if each were a process of its own.
AddressSpaces spaces_of_their_own(const std::vector<ThreadRecord>& threads);

inline constexpr std::array<TlbPolicy, 3> kTlbPolicies{TlbPolicy::same_space, TlbPolicy::full_flush, TlbPolicy::pcid};

/// The cache before a switch, and whether it is warmed for it.
enum class CacheSituation : std::uint8_t {
  as_run,         ///< what the run itself left in it
  as_run_warmed,  ///< the same, warmed
  cold,           ///< emptied at each window's first step, as if other work had run for long since
  cold_warmed
};
inline constexpr std::size_t kCacheSituations = 4;
std::string_view to_string(CacheSituation situation);

struct ModelParameters {
  TlbParameters tlb;
  CacheParameters cache;
  std::uint64_t soon = 64;  ///< how many steps are "the first steps" after a switch
};

/// Of one entry of Trace::switches(). The space changes behind the step of the switch: the accesses of that step and of
/// the events behind it belong to the space that is left.
struct TlbAtSwitch {
  TlbSwitch entry;
  TlbCounts soon;        ///< in the first steps behind the switch, at most up to the next one or the end
  TlbCounts until_next;  ///< from behind this switch up to the next one's step, or the end
};

/// Of one window. Warming prefetches two lines, that of `next_context` and that of `next_stack_top`, before the first
/// step that is not of phase `enter` (note 001: prefetch_read(&new_thread.context),
/// prefetch_read(new_thread.stack_top)); they are there at once.
struct CacheAtWindow {
  std::uint64_t restore_misses = 0;  ///< in the phase restore
  std::uint64_t soon_misses = 0;     ///< in the first steps behind the window, at most up to the next window
};

/// What one step missed, with one address space and nothing warmed.
struct StepMisses {
  std::uint64_t data_tlb = 0;
  std::uint64_t code_tlb = 0;
  std::uint64_t cache = 0;
};

class SwitchModels {
 public:
  /// `windows` as switch_windows(trace) gave them; they must outlive this object.
  SwitchModels(const Trace& trace, const std::vector<SwitchWindow>& windows, const AddressSpaces& spaces,
               const ModelParameters& parameters = {});

  /// The next step: to be called for each step of the trace, from the first one on.
  StepMisses run(const AccessedStep& step);
  void finish();

  /// By policy (in the order of kTlbPolicies), then by switch.
  [[nodiscard]] const std::array<std::vector<TlbAtSwitch>, 3>& tlb() const { return tlb_results_; }
  /// By window, then by situation.
  [[nodiscard]] const std::vector<std::array<CacheAtWindow, kCacheSituations>>& cache() const { return cache_results_; }
  [[nodiscard]] const TlbModel& tlb(std::size_t policy) const { return tlbs_[policy]; }
  [[nodiscard]] const CacheModel& cache(std::size_t situation) const { return caches_[situation]; }

 private:
  void prepare_caches(StepIndex step);
  void charge_caches(StepIndex step, const std::array<CacheCounts, kCacheSituations>& before);
  void pass_switches(StepIndex step);
  void end_soon(std::size_t policy);
  void end_switch(std::size_t policy);

  const Trace& trace_;
  const std::vector<SwitchWindow>& windows_;
  AddressSpaces spaces_;
  ModelParameters parameters_;
  std::array<TlbModel, 3> tlbs_;
  std::array<CacheModel, kCacheSituations> caches_;
  std::array<std::vector<TlbAtSwitch>, 3> tlb_results_;
  std::vector<std::array<CacheAtWindow, kCacheSituations>> cache_results_;
  std::array<TlbCounts, 3> at_switch_;  ///< counts when the last switch was passed
  std::optional<StepIndex> last_switch_;
  bool soon_is_over_ = true;
  std::size_t next_switch_ = 0;
  std::size_t window_ = 0;  ///< the first one that does not end before the step
  bool is_warmed_ = false;  ///< in the window under way
};

}  // namespace fiberscope::core
