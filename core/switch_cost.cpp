#include "core/switch_cost.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/memory_access.h"
#include "core/story.h"

namespace fiberscope::core {
namespace {

constexpr std::uint8_t kDeviceNotAvailable = 7;  // #NM
constexpr std::uint32_t kWord = 8;

std::size_t index(SwitchPhase phase) {
  return static_cast<std::size_t>(phase);
}

void count(PhaseCost& cost, const StepAccess& access) {
  if (access.kind == AccessKind::read) {
    ++cost.reads;
    cost.bytes_read += access.size;
  } else if (access.kind == AccessKind::write) {
    ++cost.writes;
    cost.bytes_written += access.size;
  }
}

/// The steps of one run, charged to its windows.
class CostCounter {
 public:
  CostCounter(Trace& trace, SwitchCosts& costs, const AddressSpaces& spaces)
      : trace_(trace),
        costs_(costs),
        windows_(switch_windows(trace)),
        models_(trace, windows_, spaces, costs.parameters),
        reader_(trace) {
    for (const ThreadRecord& record : trace.threads()) stacks_.emplace(record.thread.id, record.thread.stack);
    costs.switches.resize(windows_.size());
  }

  void run() {
    for (StepIndex step{1}; step <= trace_.steps(); step = step + 1) look_at(reader_.at(step));
    models_.finish();
    for (std::size_t i = 0; i < windows_.size(); ++i) costs_.switches[i].cache = models_.cache()[i];
    for (std::size_t i = 0; i < windows_.size(); ++i) costs_.switches[i].window = std::move(windows_[i]);
    costs_.tlb = models_.tlb();
    tell_processor();
  }

 private:
  void tell_processor() {
    ProcessorCounts& counts = costs_.processors.emplace_back();
    counts.steps = costs_.steps;
    counts.switches = costs_.raw_switches;
    counts.reads = reads_;
    counts.writes = writes_;
    for (std::size_t policy = 0; policy < kTlbPolicies.size(); ++policy) {
      counts.tlb[policy] = models_.tlb(policy).counts();
      for (const TlbAtSwitch& entry : costs_.tlb[policy]) counts.flushed[policy] += entry.entry.flushed;
    }
    counts.cache = models_.cache(static_cast<std::size_t>(CacheSituation::as_run)).counts();
  }

  void look_at(const AccessedStep& step) {
    const StepMisses misses = models_.run(step);
    for (const StepAccess& access : step.accesses) {
      reads_ += access.kind == AccessKind::read ? 1 : 0;
      writes_ += access.kind == AccessKind::write ? 1 : 0;
    }
    count_fpu(step);
    while (window_ < windows_.size() && windows_[window_].last < step.step) {
      ++window_;
      saved_.clear();
    }
    if (window_ < windows_.size() && windows_[window_].first <= step.step) {
      SwitchCost& cost = costs_.switches[window_];
      const SwitchPhase name = windows_[window_].phase_of(step.step);
      PhaseCost& phase = cost.phases[index(name)];
      ++phase.steps;
      phase.data_tlb_misses += misses.data_tlb;
      phase.code_tlb_misses += misses.code_tlb;
      phase.cache_misses += misses.cache;
      for (const StepAccess& access : waiting_) count_saved(phase, access, true);
      for (const StepAccess& access : step.accesses)
        if (!access.by_event) count_saved(phase, access, name == SwitchPhase::save);
      if (name == SwitchPhase::stack) {
        const std::uint64_t words = live_words(step, windows_[window_]);
        cost.saved_words += words;
        cost.saved_at_once = std::max(cost.saved_at_once, words);
        saved_.clear();
      }
    }
    keep_event_writes(step);
  }

  /// The frames of interrupts wait for the step behind them; what a kernel of the host wrote counts at once.
  void keep_event_writes(const AccessedStep& step) {
    waiting_.clear();
    const bool waits = std::any_of(step.events.begin(), step.events.end(), [](const ChunkEvent& event) {
      return event.kind == emu::EventKind::interrupt || event.kind == emu::EventKind::exception;
    });
    const bool inside = window_ < windows_.size() && windows_[window_].first <= step.step;
    for (const StepAccess& access : step.accesses) {
      if (!access.by_event) continue;
      if (waits) {
        waiting_.push_back(access);
      } else if (inside) {
        count(costs_.switches[window_].phases[index(windows_[window_].phase_of(step.step))], access);
      }
    }
  }

  void count_saved(PhaseCost& phase, const StepAccess& access, bool saves) {
    count(phase, access);
    if (saves && access.kind == AccessKind::write && access.size == kWord) saved_.insert(access.address);
  }

  /// Of those saved so far, as rsp is about to move.
  std::uint64_t live_words(const AccessedStep& step, const SwitchWindow& window) const {
    const emu::Address rsp{step.before[emu::Register::rsp]};
    emu::AddressRange left;
    for (const std::size_t i : window.switches) {
      const Switch& entry = trace_.switches()[i];
      const auto stack = entry.from ? stacks_.find(*entry.from) : stacks_.end();
      if (entry.step == step.step && stack != stacks_.end()) left = stack->second;
    }
    return static_cast<std::uint64_t>(std::count_if(saved_.begin(), saved_.end(), [&](emu::Address address) {
      return !(left.contains(address) && address < rsp);
    }));
  }

  void count_fpu(const AccessedStep& step) {
    for (const ChunkEvent& event : step.events)
      if (event.kind == emu::EventKind::exception && event.vector == kDeviceNotAvailable) ++costs_.fpu.not_available;
    if (step.decoded == nullptr) return;
    const std::string& name = step.decoded->intel_mnemonic;
    const auto begins = [&](std::string_view word) { return name.compare(0, word.size(), word) == 0; };
    if (begins("fxsave") || begins("fnsave") || begins("fsave") || begins("xsave")) ++costs_.fpu.saves;
    if (begins("fxrstor") || begins("frstor") || begins("xrstor")) ++costs_.fpu.restores;
  }

  Trace& trace_;
  SwitchCosts& costs_;
  std::vector<SwitchWindow> windows_;
  SwitchModels models_;
  AccessReader reader_;
  std::map<ThreadId, emu::AddressRange> stacks_;
  std::size_t window_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t writes_ = 0;
  std::set<emu::Address> saved_;     ///< in the window under way
  std::vector<StepAccess> waiting_;  ///< written by an interrupt behind the last step
};

}  // namespace

PhaseCost& PhaseCost::operator+=(const PhaseCost& other) {
  steps += other.steps;
  reads += other.reads;
  writes += other.writes;
  bytes_read += other.bytes_read;
  bytes_written += other.bytes_written;
  data_tlb_misses += other.data_tlb_misses;
  code_tlb_misses += other.code_tlb_misses;
  cache_misses += other.cache_misses;
  return *this;
}

PhaseCost SwitchCost::total() const {
  PhaseCost sum;
  for (const PhaseCost& phase : phases) sum += phase;
  return sum;
}

PhaseCost SwitchCost::routine() const {
  PhaseCost sum;
  for (const SwitchPhase name : {SwitchPhase::save, SwitchPhase::stack, SwitchPhase::restore}) sum += phase(name);
  return sum;
}

std::optional<Spread> spread_of(std::vector<std::uint64_t> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  return Spread{values.front(), values[(values.size() - 1) / 2], values.back()};
}

std::uint64_t SwitchCosts::complete_windows() const {
  return static_cast<std::uint64_t>(
      std::count_if(switches.begin(), switches.end(), [](const SwitchCost& cost) { return cost.window.complete; }));
}

PhaseCost SwitchCosts::sum(SwitchPhase phase) const {
  PhaseCost sum;
  for (const SwitchCost& cost : switches)
    if (cost.window.complete) sum += cost.phase(phase);
  return sum;
}

std::optional<Spread> SwitchCosts::kept_entries(CpuId cpu, std::size_t policy) const {
  std::vector<std::uint64_t> kept;
  for (std::size_t i = 0; i < tlb[policy].size(); ++i)
    if (switched_on[i] == cpu) kept.push_back(tlb[policy][i].entry.kept);
  return spread_of(std::move(kept));
}

SwitchCosts::Preemption SwitchCosts::preemption() const {
  Preemption preemption;
  std::vector<std::uint64_t> by_interrupt;
  std::vector<std::uint64_t> by_call;
  for (const SwitchCost& cost : switches) {
    const SwitchWindow& window = cost.window;
    if (!window.complete) continue;
    preemption.windows += window.by_interrupt ? 1 : 0;
    if (window.is_first_run || window.reason == SwitchReason::exit) continue;
    (window.by_interrupt ? by_interrupt : by_call).push_back(cost.routine().steps);
  }
  preemption.routine = spread_of(std::move(by_interrupt));
  preemption.by_call = spread_of(std::move(by_call));
  return preemption;
}

SwitchCosts switch_costs(Trace& trace, const std::optional<AddressSpaces>& spaces, const ModelParameters& parameters) {
  SwitchCosts costs;
  costs.name = run_name(trace);
  costs.steps = trace.steps().value;
  costs.raw_switches = trace.switches().size();
  costs.kernel_is_executed = trace.meta("profile") != "linux";
  costs.parameters = parameters;
  costs.rounds = static_cast<std::uint64_t>(trace.timeline().rounds());
  for (const Switch& entry : trace.switches()) costs.switched_on.push_back(entry.cpu);
  if (trace.processors() > 1) {
    ProcessorModelCounts counted = processor_counts(trace, spaces, parameters);
    costs.processors = std::move(counted.processors);
    costs.tlb = std::move(counted.tlb);
    return costs;
  }
  CostCounter(trace, costs, spaces ? *spaces : spaces_of_their_own(trace.threads())).run();
  return costs;
}

}  // namespace fiberscope::core
