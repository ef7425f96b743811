#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/lru_sets.h"
#include "core/memory_access.h"

namespace fiberscope::core {

/// A MODEL of the first-level TLBs of one processor: nothing here was measured, and the emulated processor has none of
/// its own that could be seen. It is fed with the real accesses of a run. docs/models.md says what it leaves out.

/// Size and shape. The defaults are those of Intel's Skylake client cores for 4 KiB pages, of one thread alone on its
/// core: data 64 entries, 4 ways; instructions 128 entries, 8 ways (Intel 64 and IA-32 Architectures Optimization
/// Reference Manual, 248966-045, table 2-15). Real ones replace by an approximation of LRU; the model by LRU itself.
struct TlbParameters {
  std::uint32_t data_entries = 64;
  std::uint32_t data_ways = 4;
  std::uint32_t code_entries = 128;
  std::uint32_t code_ways = 8;
};

/// What becomes of the entries where one address space follows another.
enum class TlbPolicy : std::uint8_t {
  same_space,  ///< all threads share one address space: no space is ever left, nothing is flushed, there are no tags
  full_flush,  ///< mov cr3 without PCIDs: all entries go, whosever they are (Intel SDM vol. 3, 4.10.4.1)
  pcid         ///< each entry carries the id of its space: nothing is flushed, and only one's own entries are hits
};
std::string_view to_string(TlbPolicy policy);

/// Look-ups. An access looks up each 4 KiB page that it touches.
struct TlbCounts {
  std::uint64_t data_hits = 0;
  std::uint64_t data_misses = 0;
  std::uint64_t code_hits = 0;
  std::uint64_t code_misses = 0;

  [[nodiscard]] std::uint64_t hits() const { return data_hits + code_hits; }
  [[nodiscard]] std::uint64_t misses() const { return data_misses + code_misses; }
  TlbCounts& operator+=(const TlbCounts& other);
  friend TlbCounts operator-(const TlbCounts& left, const TlbCounts& right);
  friend bool operator==(const TlbCounts&, const TlbCounts&) = default;
};

/// What a change of address space did.
struct TlbSwitch {
  bool changes_space = false;
  std::uint32_t flushed = 0;  ///< entries that were lost by it
  std::uint32_t kept = 0;     ///< entries there are behind it, of whatever space …
  std::uint32_t usable = 0;   ///< … and of the space that was entered: only these can be hits
};

class TlbModel {
 public:
  explicit TlbModel(TlbPolicy policy, TlbParameters parameters = {});

  /// Instruction fetches ask the instruction TLB, everything else the data TLB; a prefetch fills it, too, but is
  /// neither a hit nor a miss.
  void access(const StepAccess& access);
  /// The accesses from here on belong to this space. Under `same_space` the number makes no difference.
  TlbSwitch enter_space(std::uint32_t space);
  /// The space stays: what there is in it.
  [[nodiscard]] TlbSwitch stay() const;

  [[nodiscard]] TlbPolicy policy() const { return policy_; }
  [[nodiscard]] const TlbCounts& counts() const { return counts_; }

 private:
  [[nodiscard]] std::uint32_t tag() const { return policy_ == TlbPolicy::pcid ? space_ : 0; }

  TlbPolicy policy_;
  LruSets data_;
  LruSets code_;
  std::uint32_t space_ = 0;
  TlbCounts counts_;
};

}  // namespace fiberscope::core
