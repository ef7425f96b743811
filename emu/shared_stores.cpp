#include "emu/shared_stores.h"

namespace fiberscope::emu {

void SharedStores::note(Address address, std::uint64_t size) {
  if (keeps_) {
    Store store{{address, address + size}, memory_.copy(address, size)};
    for (std::uint64_t i = 0; i < store.before.size(); ++i)
      if (const Address at = address + i; at >= at_ && at - at_ < over_.size()) store.before[i] = over_[at - at_];
    kept_.push_back(std::move(store));
  }
  for (std::uint64_t i = 0; i < over_.size(); ++i)
    if (const Address at = at_ + i; at >= address && at - address < size) written_ |= 1U << i;
  const Region* region = memory_.region_at(address);
  if (region != nullptr && region->executable) code_.push_back({address, address + size});
}

void SharedStores::latch(Address address, std::span<const std::uint8_t> bytes) {
  at_ = address;
  over_ = memory_.copy(address, bytes.size());
  written_ = 0;
  memory_.write_bytes(address, bytes);
}

void SharedStores::unlatch(bool completed) {
  for (std::size_t i = 0; i < over_.size(); ++i)
    if (!completed || (written_ >> i & 1) == 0) memory_.write_bytes(at_ + i, {&over_[i], 1});
  over_.clear();
}

}  // namespace fiberscope::emu
