#include "core/explore/step_site.h"

#include <algorithm>
#include <cstddef>

namespace fiberscope::core::explore {
namespace {
constexpr std::size_t kLargestMatrix = 4096;  // sites; 16 MiB
}

bool accesses_conflict(const SiteAccess& one, const SiteAccess& other) {
  return (one.is_write || other.is_write) && one.address < other.address + other.size &&
         other.address < one.address + one.size;
}

SiteId SiteTable::intern(const Site& site) {
  std::vector<std::uint64_t> words = {site.thread, site.rip};
  for (const SiteAccess& access : site.accesses) {
    words.push_back(access.address);
    words.push_back(std::uint64_t{access.size} << 3 | (access.is_write ? 1U : 0U) | (access.is_sync ? 2U : 0U) |
                    (access.is_buffered ? 4U : 0U));
  }
  const SiteId id = interner_.intern(words);
  if (id == sites_.size()) sites_.push_back(site);
  return id;
}

bool SiteTable::conflict(SiteId one, SiteId other) const {
  for (const SiteAccess& left : sites_[one].accesses)
    for (const SiteAccess& right : sites_[other].accesses)
      if (!left.is_buffered && !right.is_buffered && accesses_conflict(left, right)) return true;
  return false;
}

ConflictMatrix::ConflictMatrix(const SiteTable& sites) : sites_(sites), width_(sites.size()) {
  if (width_ > kLargestMatrix) return;
  table_.resize(width_ * width_);
  for (SiteId one = 0; one < width_; ++one)
    for (SiteId other = 0; other < width_; ++other) table_[one * width_ + other] = sites.conflict(one, other) ? 1 : 0;
}

}  // namespace fiberscope::core::explore
