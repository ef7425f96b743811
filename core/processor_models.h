#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/cache_model.h"
#include "core/switch_models.h"
#include "core/tlb_model.h"

namespace fiberscope::core {

/// What one of a run's processors did in the whole run. The TLB and cache counts are those of MODELS: each processor
/// has its own, fed with its own accesses alone. A switch on it changes its address space, and flushes nothing of
/// another one's. What one processor stores takes no line from another one's cache: coherence is not modelled.
struct ProcessorCounts {
  CpuId cpu;
  std::uint64_t steps = 0;
  std::uint64_t switches = 0;  ///< its rsp went from one thread's stack to another's
  std::uint64_t reads = 0;     ///< of data, as are the writes
  std::uint64_t writes = 0;
  std::array<TlbCounts, kTlbPolicies.size()> tlb;            ///< by policy
  std::array<std::uint64_t, kTlbPolicies.size()> flushed{};  ///< entries lost by switches, by policy
  CacheCounts cache;
};

struct ProcessorModelCounts {
  std::vector<ProcessorCounts> processors;  ///< one for each processor of the trace
  /// By policy (kTlbPolicies), then by entry of Trace::switches(): the TLBs of the processor that switched. `soon` and
  /// `until_next` count its own steps, up to its own next switch.
  std::array<std::vector<TlbAtSwitch>, kTlbPolicies.size()> tlb;
};

/// Without `spaces` each thread counts as a process of its own where the model's policy knows several. Walks the whole
/// trace. Throws CorruptData.
ProcessorModelCounts processor_counts(Trace& trace, const std::optional<AddressSpaces>& spaces = std::nullopt,
                                      const ModelParameters& parameters = {});

}  // namespace fiberscope::core
