#include "emu/address_set.h"

#include <algorithm>
#include <iterator>

namespace fiberscope::emu {

void AddressSet::add(AddressRange range) {
  if (range.empty()) return;
  auto at = ranges_.upper_bound(range.low);
  if (at != ranges_.begin() && std::prev(at)->second >= range.low) --at;
  while (at != ranges_.end() && at->first <= range.high) {
    range.low = std::min(range.low, at->first);
    range.high = std::max(range.high, at->second);
    at = ranges_.erase(at);
  }
  ranges_.emplace(range.low, range.high);
}

void AddressSet::remove(AddressRange range) {
  if (range.empty()) return;
  auto at = ranges_.upper_bound(range.low);
  if (at != ranges_.begin() && std::prev(at)->second > range.low) --at;
  while (at != ranges_.end() && at->first < range.high) {
    const auto [low, high] = *at;
    at = ranges_.erase(at);
    if (low < range.low) ranges_.emplace(low, range.low);
    if (range.high < high) ranges_.emplace(range.high, high);
  }
}

bool AddressSet::contains(AddressRange range) const {
  if (range.empty()) return true;
  const auto behind = ranges_.upper_bound(range.low);
  return behind != ranges_.begin() && std::prev(behind)->second >= range.high;
}

std::vector<AddressRange> AddressSet::parts_of(AddressRange range) const {
  std::vector<AddressRange> parts;
  for (const auto& [low, high] : ranges_) {
    const AddressRange part{std::max(low, range.low), std::min(high, range.high)};
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

std::optional<AddressRange> AddressSet::highest_gap(AddressRange within, std::uint64_t size) const {
  const std::vector<AddressRange> held = parts_of(within);
  Address high = within.high;
  for (auto part = held.rbegin(); part != held.rend(); ++part) {
    if (high - part->high >= size) return AddressRange{high - size, high};
    high = part->low;
  }
  if (high - within.low >= size) return AddressRange{high - size, high};
  return std::nullopt;
}

}  // namespace fiberscope::emu
