#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/explore/interner.h"

namespace fiberscope::core::explore {

using SiteId = std::uint32_t;

/// One access of shared memory by a step.
struct SiteAccess {
  std::uint64_t address = 0;
  std::uint32_t size = 0;
  bool is_write = false;
  bool is_sync = false;      ///< by a locked instruction, the runtime, or of a variable declared as synchronisation
  bool is_buffered = false;  ///< a store that only went into the store buffer

  friend bool operator==(const SiteAccess&, const SiteAccess&) = default;
};

/// A step as others see it: which instruction of which thread, and what it accessed of shared memory.
struct Site {
  std::uint32_t thread = 0;
  std::uint64_t rip = 0;  ///< 0: a drain of the thread's store buffer
  std::vector<SiteAccess> accesses;
};

/// All sites, numbered. Two steps are dependent where they access a byte in common and one of them writes it.
class SiteTable {
 public:
  SiteId intern(const Site& site);
  [[nodiscard]] const Site& at(SiteId id) const { return sites_[id]; }
  [[nodiscard]] std::size_t size() const { return sites_.size(); }
  /// Of different threads. A buffered store does not touch memory, so it conflicts with nobody's step.
  [[nodiscard]] bool conflict(SiteId one, SiteId other) const;

 private:
  Interner interner_;
  std::vector<Site> sites_;
};

/// Whether two accesses touch a common byte and at least one writes.
bool accesses_conflict(const SiteAccess& one, const SiteAccess& other);

/// SiteTable::conflict for all pairs, computed once where they are few enough for a table.
class ConflictMatrix {
 public:
  explicit ConflictMatrix(const SiteTable& sites);
  [[nodiscard]] bool operator()(SiteId one, SiteId other) const {
    return table_.empty() ? sites_.conflict(one, other) : table_[one * width_ + other] != 0;
  }

 private:
  const SiteTable& sites_;
  std::size_t width_;
  std::vector<std::uint8_t> table_;
};

}  // namespace fiberscope::core::explore
