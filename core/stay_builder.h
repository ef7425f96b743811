#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/round_clock.h"
#include "core/timeline.h"
#include "core/trace_data.h"
#include "emu/image.h"

namespace fiberscope::core {

/// The seed of the order in which a run's processors take turns; nothing where a schedule says whose turn it is.
std::optional<std::uint64_t> seed_of_turns(const std::map<std::string, std::string>& meta, const emu::Image& image);

/// Makes a timeline of several processors, whose steps alternate, as its trace grows: slices, stays, idle times, clock.
class StayBuilder {
 public:
  StayBuilder() : StayBuilder(1, std::nullopt) {}
  StayBuilder(std::size_t processors, std::optional<std::uint64_t> seed);

  /// The next step of the trace; `halts`: it is a hlt.
  void add_step(CpuId cpu, bool halts) { waiting_.emplace_back(cpu, halts); }
  /// Brings the timeline, whose switches and number of steps are known, up to all steps that were added. `first_owners`
  /// and `events` are those of the whole trace so far.
  void extend(Timeline& timeline, const std::vector<std::optional<ThreadId>>& first_owners,
              const std::vector<EventRecord>& events);

 private:
  void arrive(Timeline& timeline, CpuId cpu, std::optional<ThreadId> thread, StepIndex first);
  void pass_switches(Timeline& timeline, StepIndex step);
  void pass_events(Timeline& timeline, const std::vector<EventRecord>& events, StepIndex step);
  void run_step(Timeline& timeline, StepIndex step, CpuId cpu, bool halts);
  void wake(Timeline& timeline, CpuId cpu, StepIndex last);

  RoundClock clock_;
  std::vector<std::pair<CpuId, bool>> waiting_;  ///< steps that are not yet in the timeline
  std::vector<std::optional<ThreadId>> owners_;  ///< of each processor at the timeline's end
  std::vector<std::size_t> open_stays_;          ///< the place of its last stay; behind the end: none
  std::vector<std::size_t> open_idles_;          ///< likewise
  StepIndex timed_;                              ///< steps that are in the timeline
  std::size_t switches_ = 0;                     ///< so many switches are in it …
  std::size_t events_ = 0;                       ///< … and so many events
};

}  // namespace fiberscope::core
