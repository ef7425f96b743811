#include "core/lru_sets.h"

#include <algorithm>
#include <stdexcept>

namespace fiberscope::core {

LruSets::LruSets(std::uint32_t entries, std::uint32_t ways) : ways_(ways) {
  if (ways == 0 || entries == 0 || entries % ways != 0)
    throw std::invalid_argument("the entries of a cache must be a multiple of its ways");
  sets_.resize(entries / ways);
  for (std::vector<Key>& set : sets_) set.reserve(ways);
}

bool LruSets::touch(Key key) {
  std::vector<Key>& set = sets_[key.number % sets_.size()];
  const auto found = std::find(set.begin(), set.end(), key);
  if (found != set.end()) {
    std::rotate(set.begin(), found, found + 1);
    return true;
  }
  if (set.size() == ways_) {
    set.pop_back();
  } else {
    ++size_;
  }
  set.insert(set.begin(), key);
  return false;
}

bool LruSets::contains(Key key) const {
  const std::vector<Key>& set = sets_[key.number % sets_.size()];
  return std::find(set.begin(), set.end(), key) != set.end();
}

std::uint32_t LruSets::clear() {
  const std::uint32_t lost = size_;
  for (std::vector<Key>& set : sets_) set.clear();
  size_ = 0;
  return lost;
}

std::uint32_t LruSets::size_of(std::uint32_t space) const {
  std::uint32_t count = 0;
  for (const std::vector<Key>& set : sets_)
    count += static_cast<std::uint32_t>(
        std::count_if(set.begin(), set.end(), [space](const Key& key) { return key.space == space; }));
  return count;
}

}  // namespace fiberscope::core
