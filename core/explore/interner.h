#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fiberscope::core::explore {

/// Gives each distinct sequence of words a small number, in order of first sight. Equal hashes are compared in full.
class Interner {
 public:
  Interner();

  std::uint32_t intern(std::span<const std::uint64_t> words);
  [[nodiscard]] std::span<const std::uint64_t> at(std::uint32_t id) const {
    return {words_.data() + begins_[id], words_.data() + begins_[id + 1]};
  }
  [[nodiscard]] std::size_t size() const { return hashes_.size(); }
  /// Bytes of memory held.
  [[nodiscard]] std::size_t footprint() const;

 private:
  void grow();

  std::vector<std::uint64_t> words_;
  std::vector<std::size_t> begins_{0};
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> table_;  // id + 1, 0 where free
};

}  // namespace fiberscope::core::explore
