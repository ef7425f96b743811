#include "core/tlb_model.h"

#include "emu/memory.h"

namespace fiberscope::core {

std::string_view to_string(TlbPolicy policy) {
  switch (policy) {
    case TlbPolicy::same_space:
      return "same_space";
    case TlbPolicy::full_flush:
      return "full_flush";
    case TlbPolicy::pcid:
      break;
  }
  return "pcid";
}

TlbCounts& TlbCounts::operator+=(const TlbCounts& other) {
  data_hits += other.data_hits;
  data_misses += other.data_misses;
  code_hits += other.code_hits;
  code_misses += other.code_misses;
  return *this;
}

TlbCounts operator-(const TlbCounts& left, const TlbCounts& right) {
  return {left.data_hits - right.data_hits, left.data_misses - right.data_misses, left.code_hits - right.code_hits,
          left.code_misses - right.code_misses};
}

TlbModel::TlbModel(TlbPolicy policy, TlbParameters parameters)
    : policy_(policy),
      data_(parameters.data_entries, parameters.data_ways),
      code_(parameters.code_entries, parameters.code_ways) {}

void TlbModel::access(const StepAccess& access) {
  if (access.size == 0) return;
  const bool is_code = access.kind == AccessKind::fetch;
  LruSets& entries = is_code ? code_ : data_;
  const std::uint64_t first = access.address.value / emu::kPageSize;
  const std::uint64_t last = (access.address.value + access.size - 1) / emu::kPageSize;
  for (std::uint64_t page = first;; ++page) {
    const bool hit = entries.touch({page, tag()});
    if (access.kind == AccessKind::prefetch) {
      // neither: nobody waits for it
    } else if (is_code) {
      ++(hit ? counts_.code_hits : counts_.code_misses);
    } else {
      ++(hit ? counts_.data_hits : counts_.data_misses);
    }
    if (page == last) break;
  }
}

TlbSwitch TlbModel::enter_space(std::uint32_t space) {
  const bool changes = policy_ != TlbPolicy::same_space && space != space_;
  space_ = space;
  const std::uint32_t flushed = policy_ == TlbPolicy::full_flush && changes ? data_.clear() + code_.clear() : 0;
  TlbSwitch result = stay();
  result.changes_space = changes;
  result.flushed = flushed;
  return result;
}

TlbSwitch TlbModel::stay() const {
  TlbSwitch result;
  result.kept = data_.size() + code_.size();
  result.usable = policy_ == TlbPolicy::pcid ? data_.size_of(space_) + code_.size_of(space_) : result.kept;
  return result;
}

}  // namespace fiberscope::core
