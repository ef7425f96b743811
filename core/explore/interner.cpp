#include "core/explore/interner.h"

#include <xxhash.h>

#include <algorithm>

namespace fiberscope::core::explore {
namespace {
constexpr std::size_t kFirstTable = 1024;
}

Interner::Interner() : table_(kFirstTable, 0) {}

std::uint32_t Interner::intern(std::span<const std::uint64_t> words) {
  const std::uint64_t hash = XXH3_64bits(words.data(), words.size_bytes());
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = hash & mask;
  for (; table_[slot] != 0; slot = (slot + 1) & mask) {
    const std::uint32_t id = table_[slot] - 1;
    if (hashes_[id] != hash) continue;
    const auto known = at(id);
    if (std::equal(known.begin(), known.end(), words.begin(), words.end())) return id;
  }
  const auto id = static_cast<std::uint32_t>(hashes_.size());
  table_[slot] = id + 1;
  hashes_.push_back(hash);
  words_.insert(words_.end(), words.begin(), words.end());
  begins_.push_back(words_.size());
  if (hashes_.size() * 2 > table_.size()) grow();
  return id;
}

std::size_t Interner::footprint() const {
  return words_.capacity() * sizeof words_[0] + begins_.capacity() * sizeof begins_[0] +
         hashes_.capacity() * sizeof hashes_[0] + table_.capacity() * sizeof table_[0];
}

void Interner::grow() {
  std::vector<std::uint32_t> larger(table_.size() * 2, 0);
  const std::size_t mask = larger.size() - 1;
  for (std::uint32_t id = 0; id < hashes_.size(); ++id) {
    std::size_t slot = hashes_[id] & mask;
    while (larger[slot] != 0) slot = (slot + 1) & mask;
    larger[slot] = id + 1;
  }
  table_ = std::move(larger);
}

}  // namespace fiberscope::core::explore
