#include "core/touched_words.h"

#include <algorithm>

#include "core/varint.h"

namespace fiberscope::core {
namespace {

constexpr std::uint64_t kOnlySpace = 0;

}  // namespace

std::uint8_t TouchedWords::mask_of(std::uint64_t word) const {
  const auto found = std::lower_bound(words.begin(), words.end(), word);
  return found != words.end() && *found == word ? masks[static_cast<std::size_t>(found - words.begin())]
                                                : std::uint8_t{0};
}

std::vector<std::uint8_t> serialize(const TouchedWords& touched) {
  VarintWriter out;
  out.put(kOnlySpace);
  out.put(touched.words.size());
  std::uint64_t previous = 0;
  for (std::size_t i = 0; i < touched.words.size(); ++i) {
    out.put(touched.words[i] - previous);
    out.put(touched.masks[i]);
    previous = touched.words[i];
  }
  return {out.bytes().begin(), out.bytes().end()};
}

TouchedWords deserialize_touched(std::span<const std::uint8_t> bytes) {
  TouchedWords touched;
  VarintReader in(bytes);
  while (!in.done()) {
    if (in.get() != kOnlySpace) throw CorruptData("a second address space, which this version does not read");
    std::uint64_t word = 0;
    for (std::uint64_t count = in.get(); count > 0; --count) {
      word += in.get();
      touched.words.push_back(word);
      touched.masks.push_back(static_cast<std::uint8_t>(in.get()));
    }
  }
  return touched;
}

}  // namespace fiberscope::core
