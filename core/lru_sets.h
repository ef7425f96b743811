#pragma once
#include <cstdint>
#include <vector>

namespace fiberscope::core {

/// The mechanism of caches and TLBs: sets of so many ways each, in which the least recently used entry makes room.
class LruSets {
 public:
  /// What is kept: a page or a line by its number, with the address space that it belongs to. The set is the number
  /// modulo the number of sets; the space has no part in it.
  struct Key {
    std::uint64_t number = 0;
    std::uint32_t space = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };

  /// `entries` must be a multiple of `ways`, both at least 1.
  LruSets(std::uint32_t entries, std::uint32_t ways);

  /// Makes the key the most recently used of its set. True: it was there (a hit).
  bool touch(Key key);
  [[nodiscard]] bool contains(Key key) const;
  /// Empties all sets; returns how many entries that lost.
  std::uint32_t clear();
  /// How many entries there are, and how many of one space.
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint32_t size_of(std::uint32_t space) const;

 private:
  std::uint32_t ways_;
  std::uint32_t size_ = 0;
  std::vector<std::vector<Key>> sets_;  ///< each from the most to the least recently used
};

}  // namespace fiberscope::core
