#include "core/cache_model.h"

#include <stdexcept>

namespace fiberscope::core {

CacheCounts& CacheCounts::operator+=(const CacheCounts& other) {
  hits += other.hits;
  misses += other.misses;
  return *this;
}

CacheCounts operator-(const CacheCounts& left, const CacheCounts& right) {
  return {left.hits - right.hits, left.misses - right.misses};
}

namespace {

std::uint32_t lines_of(const CacheParameters& parameters) {
  if (parameters.line == 0 || parameters.size % parameters.line != 0)
    throw std::invalid_argument("a cache's size must be a multiple of its line");
  return parameters.size / parameters.line;
}

}  // namespace

CacheModel::CacheModel(CacheParameters parameters)
    : line_(parameters.line), lines_(lines_of(parameters), parameters.ways) {}

void CacheModel::access(const StepAccess& access) {
  if (access.kind == AccessKind::fetch || access.size == 0) return;
  const std::uint64_t first = access.address.value / line_;
  const std::uint64_t last = (access.address.value + access.size - 1) / line_;
  for (std::uint64_t number = first;; ++number) {
    const bool hit = lines_.touch({number, 0});
    if (access.kind != AccessKind::prefetch) ++(hit ? counts_.hits : counts_.misses);
    if (number == last) break;
  }
}

bool CacheModel::prefetch(emu::Address address) {
  return !lines_.touch({address.value / line_, 0});
}

}  // namespace fiberscope::core
