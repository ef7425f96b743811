#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace fiberscope::core {

/// Which memory the steps of a chunk wrote: 8-byte words (address / 8), ascending, each with a mask of its bytes (bit
/// i: the byte at address word * 8 + i).
struct TouchedWords {
  std::vector<std::uint64_t> words;
  std::vector<std::uint8_t> masks;  ///< as many as words

  /// The mask of a word; 0 where it was not written.
  [[nodiscard]] std::uint8_t mask_of(std::uint64_t word) const;
};

/// The form in the trace file: for each address space its number, the count, then difference and mask of each word.
std::vector<std::uint8_t> serialize(const TouchedWords& touched);
/// Throws CorruptData.
TouchedWords deserialize_touched(std::span<const std::uint8_t> bytes);

}  // namespace fiberscope::core
