#include "emu/store_buffer.h"

#include <algorithm>

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kWord = 8;
constexpr std::uint64_t kMirroredStore = 3 * kWord;

}  // namespace

bool StoreBuffer::meets(AddressRange range) const {
  return std::any_of(stores_.begin(), stores_.end(), [&range](const BufferedStore& store) {
    return store.address < range.high && range.low < store.address + store.size;
  });
}

BufferedStore StoreBuffer::drain(Memory& memory) {
  const BufferedStore oldest = stores_.front();
  stores_.erase(stores_.begin());
  memory.write(oldest.address, oldest.value, oldest.size);
  return oldest;
}

std::vector<AddressRange> StoreBuffer::mirror(Memory& memory, Address address) const {
  std::vector<AddressRange> changed;
  const auto put = [&](Address at, std::uint64_t value) {
    if (memory.read(at, kWord) == value) return;
    memory.write(at, value, kWord);
    changed.push_back({at, at + kWord});
  };
  put(address, stores_.size());
  for (std::size_t i = 0; i < kEntries; ++i) {
    const BufferedStore store = i < stores_.size() ? stores_[i] : BufferedStore{};
    const Address at = address + kWord + kMirroredStore * i;
    put(at, store.address.value);
    put(at + kWord, store.size);
    put(at + 2 * kWord, store.value);
  }
  return changed;
}

std::vector<BufferedStore> StoreBuffer::from_mirror(const Memory& memory, Address address) {
  const std::uint64_t count = memory.read(address, kWord).value_or(0);
  if (count > kEntries) return {};
  std::vector<BufferedStore> stores;
  for (std::size_t i = 0; i < count; ++i) {
    const Address at = address + kWord + kMirroredStore * i;
    const auto place = memory.read(at, kWord);
    const auto size = memory.read(at + kWord, kWord);
    const auto value = memory.read(at + 2 * kWord, kWord);
    if (!place || !size || !value || *size == 0 || *size > kWord) return {};
    stores.push_back({Address{*place}, static_cast<std::uint8_t>(*size), *value});
  }
  return stores;
}

StoreBuffer::View::View(const StoreBuffer& buffer, Memory& memory) : memory_(memory) {
  for (const BufferedStore& store : buffer.stores()) {
    under_.push_back({store.address, store.size, memory.read(store.address, store.size).value_or(0)});
    memory.write(store.address, store.value, store.size);
  }
}

StoreBuffer::View::~View() {
  std::for_each(under_.rbegin(), under_.rend(),
                [this](const BufferedStore& store) { memory_.write(store.address, store.value, store.size); });
}

}  // namespace fiberscope::emu
