#include "emu/rep_writes.h"

#include <algorithm>
#include <cstring>

#include "emu/step_log.h"

namespace fiberscope::emu {

void RepWrites::add(Address address, std::uint64_t size) {
  last_ = {address, address + size};
  if (!ranges_.empty() && ranges_.back().high == address) {
    ranges_.back().high = address + size;
  } else if (!ranges_.empty() && ranges_.back().low == address + size) {
    ranges_.back().low = address;  // the direction flag is set
  } else {
    ranges_.push_back(last_);
  }
}

Address RepWrites::take_back_last() {
  AddressRange& range = ranges_.back();
  if (range.high == last_.high) {
    range.high = last_.low;
  } else {
    range.low = last_.high;
  }
  if (range.empty()) ranges_.pop_back();
  return last_.low;
}

std::size_t RepWrites::log_words() const {
  std::size_t words = 0;
  for (const AddressRange& range : ranges_) words += 2 + (range.size() + 7) / 8;
  return words;
}

std::uint64_t* RepWrites::log(std::uint64_t* at, const Memory& memory) const {
  for (const AddressRange& range : ranges_) {
    const std::vector<std::uint8_t> bytes = memory.copy(range.low, range.size());
    const std::size_t data_words = (bytes.size() + 7) / 8;
    at[0] = (range.low.value & kWriteAddressMask) | (kBlockWrite << 56);
    at[1] = bytes.size();
    std::fill_n(at + 2, data_words, 0);
    std::memcpy(at + 2, bytes.data(), bytes.size());
    at += 2 + data_words;
  }
  return at;
}

}  // namespace fiberscope::emu
