#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/explore/step_site.h"

namespace fiberscope::core::explore {

using LocalId = std::uint32_t;   ///< a thread's own state: registers, flags, stack, store buffer
using SharedId = std::uint32_t;  ///< the contents of shared memory

/// What a step leads to.
struct StepResult {
  bool enabled = false;  ///< false: the thread is blocked here, and nothing else holds
  LocalId local = 0;
  SharedId shared = 0;
  SiteId site = 0;  ///< the instruction and what it accessed
};

/// The results of steps, by what a step depends on. Every transition asks here first: the results lie side by side in
/// the order of their first use, which is about that of their next ones, and the table in front of them is small.
class StepMemory {
 public:
  StepMemory();

  /// Null where nothing is known. Holds until the next keep().
  [[nodiscard]] const StepResult* find(LocalId local, SharedId shared) const {
    const std::uint64_t key = key_of(local, shared);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t slot = hash_of(key) & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
      const Entry& entry = entries_[slots_[slot] - 1];
      if (entry.key == key) return &entry.result;
    }
    return nullptr;
  }
  /// What is not known yet.
  void keep(LocalId local, SharedId shared, const StepResult& result);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// Bytes of memory held.
  [[nodiscard]] std::size_t footprint() const;

 private:
  struct Entry {
    std::uint64_t key = 0;
    StepResult result;
  };

  static std::uint64_t key_of(LocalId local, SharedId shared) { return std::uint64_t{local} << 32 | shared; }
  static std::uint64_t hash_of(std::uint64_t key) {
    key *= 0xd6e8feb86659fd93ULL;
    return key ^ key >> 32;
  }
  void place(std::uint32_t entry);

  std::vector<std::uint32_t> slots_;  // entry + 1, 0 where free
  std::vector<Entry> entries_;
};

}  // namespace fiberscope::core::explore
