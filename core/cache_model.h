#pragma once
#include <cstdint>

#include "core/lru_sets.h"
#include "core/memory_access.h"

namespace fiberscope::core {

/// A MODEL of a first-level data cache: nothing here was measured. It is fed with the real accesses of a run.
/// docs/models.md says what it leaves out.

/// Size and shape. The defaults are those of Intel's Skylake client cores: 32 KiB, 8 ways, lines of 64 bytes (Intel 64
/// and IA-32 Architectures Optimization Reference Manual, 248966-045, "Cache and Memory Subsystem" of Skylake client),
/// as of most x86 cores since 2006. Replacement is LRU, a store fetches its line (write-allocate).
struct CacheParameters {
  std::uint32_t size = 32 * 1024;
  std::uint32_t ways = 8;
  std::uint32_t line = 64;
};

/// Look-ups. An access looks up each line that it touches.
struct CacheCounts {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;

  CacheCounts& operator+=(const CacheCounts& other);
  friend CacheCounts operator-(const CacheCounts& left, const CacheCounts& right);
  friend bool operator==(const CacheCounts&, const CacheCounts&) = default;
};

class CacheModel {
 public:
  explicit CacheModel(CacheParameters parameters = {});

  /// Data only: instruction fetches are not looked at. A prefetch fills its line, but is neither a hit nor a miss.
  void access(const StepAccess& access);
  /// Fills the line that holds the address. True: it was not there.
  bool prefetch(emu::Address address);
  /// Empties the cache, as other work does in the meantime.
  void clear() { lines_.clear(); }

  [[nodiscard]] const CacheCounts& counts() const { return counts_; }

 private:
  std::uint32_t line_;
  LruSets lines_;
  CacheCounts counts_;
};

}  // namespace fiberscope::core
