#include "emu/memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace fiberscope::emu {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

}  // namespace

void Memory::Free::operator()(std::uint8_t* bytes) const {
  munmap(bytes, size);
}

Memory::Bytes Memory::allocate(std::size_t size) {
  void* bytes = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytes == MAP_FAILED) throw std::bad_alloc();
  return Bytes(static_cast<std::uint8_t*>(bytes), Free{size});
}

Memory::Memory(const Memory& other) : regions_(other.regions_) {
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    bytes_.push_back(allocate(regions_[i].range.size()));
    std::memcpy(bytes_[i].get(), other.bytes_[i].get(), regions_[i].range.size());
  }
}

Memory& Memory::operator=(const Memory& other) {
  if (this != &other) *this = Memory(other);
  return *this;
}

Result<void> Memory::add(const LoadedRegion& loaded) {
  const AddressRange range = loaded.region.range;
  if (range.empty() || range.low.value % kPageSize != 0 || range.high.value % kPageSize != 0)
    return Error{fmt::format("region '{}' [{:#x}, {:#x}) is not made of whole pages", loaded.region.name,
                             range.low.value, range.high.value)};
  if (range.high.value > (std::uint64_t{1} << 47))
    return Error{fmt::format("region '{}' ends at {:#x}, beyond the lower half of the address space",
                             loaded.region.name, range.high.value)};
  const auto behind = std::find_if(regions_.begin(), regions_.end(),
                                   [&](const Region& region) { return region.range.high > range.low; });
  if (behind != regions_.end() && behind->range.low < range.high)
    return Error{fmt::format("regions '{}' and '{}' overlap at {:#x}", loaded.region.name, behind->name,
                             std::max(behind->range.low, range.low).value)};
  Bytes bytes = allocate(range.size());
  std::copy_n(loaded.contents.begin(), std::min<std::size_t>(loaded.contents.size(), range.size()), bytes.get());
  bytes_.insert(bytes_.begin() + (behind - regions_.begin()), std::move(bytes));
  regions_.insert(behind, loaded.region);
  return {};
}

std::size_t Memory::index_at(Address address) const {
  const auto behind = std::upper_bound(regions_.begin(), regions_.end(), address,
                                       [](Address at, const Region& region) { return at < region.range.low; });
  if (behind == regions_.begin()) return kNone;
  const auto index = static_cast<std::size_t>(behind - regions_.begin()) - 1;
  return regions_[index].range.contains(address) ? index : kNone;
}

const Region* Memory::region_at(Address address) const {
  const std::size_t index = index_at(address);
  return index == kNone ? nullptr : &regions_[index];
}

std::span<std::uint8_t> Memory::bytes_at(Address address) {
  const std::size_t index = index_at(address);
  if (index == kNone) return {};
  const AddressRange range = regions_[index].range;
  return {bytes_[index].get() + (address - range.low), static_cast<std::size_t>(range.high - address)};
}

std::span<const std::uint8_t> Memory::bytes_at(Address address) const {
  const std::size_t index = index_at(address);
  if (index == kNone) return {};
  const AddressRange range = regions_[index].range;
  return {bytes_[index].get() + (address - range.low), static_cast<std::size_t>(range.high - address)};
}

std::optional<std::uint64_t> Memory::read(Address address, std::size_t size) const {
  std::uint64_t value = 0;
  const auto bytes = bytes_at(address);
  if (bytes.size() >= size) {
    std::memcpy(&value, bytes.data(), size);
    return value;
  }
  const auto pieces = copy(address, size);
  if (pieces.size() < size) return std::nullopt;
  std::memcpy(&value, pieces.data(), size);
  return value;
}

bool Memory::write(Address address, std::uint64_t value, std::size_t size) {
  std::uint8_t bytes[8];
  std::memcpy(bytes, &value, sizeof bytes);
  return write_bytes(address, {bytes, size});
}

bool Memory::write_bytes(Address address, std::span<const std::uint8_t> bytes) {
  const auto target = bytes_at(address);
  if (target.size() >= bytes.size()) {
    std::memcpy(target.data(), bytes.data(), bytes.size());
    return true;
  }
  if (copy(address, bytes.size()).size() < bytes.size()) return false;
  while (!bytes.empty()) {
    const auto part = bytes_at(address);
    const std::size_t count = std::min(part.size(), bytes.size());
    std::memcpy(part.data(), bytes.data(), count);
    bytes = bytes.subspan(count);
    address = address + count;
  }
  return true;
}

std::vector<std::uint8_t> Memory::copy(Address address, std::size_t size) const {
  std::vector<std::uint8_t> result;
  while (result.size() < size) {
    const auto part = bytes_at(address);
    if (part.empty()) break;
    const std::size_t count = std::min(part.size(), size - result.size());
    result.insert(result.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(count));
    address = address + count;
  }
  return result;
}

bool operator==(const Memory& left, const Memory& right) {
  if (left.regions_.size() != right.regions_.size()) return false;
  for (std::size_t i = 0; i < left.regions_.size(); ++i) {
    const AddressRange range = left.regions_[i].range;
    if (range != right.regions_[i].range) return false;
    if (std::memcmp(left.bytes_[i].get(), right.bytes_[i].get(), range.size()) != 0) return false;
  }
  return true;
}

}  // namespace fiberscope::emu
