#include "emu/memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace fiberscope::emu {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

bool is_zero(const std::uint8_t* page) {
  return page[0] == 0 && std::memcmp(page, page + 1, kPageSize - 1) == 0;
}

}  // namespace

void Memory::Free::operator()(std::uint8_t* bytes) const {
  munmap(bytes, size);
}

Memory::Bytes Memory::allocate(std::size_t size) {
  void* bytes = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytes == MAP_FAILED) throw std::bad_alloc();
  return Bytes(static_cast<std::uint8_t*>(bytes), Free{size});
}

Memory::Memory(const Memory& other) : regions_(other.regions_), rights_(other.rights_) {
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    bytes_.push_back(allocate(regions_[i].range.size()));
    // A fresh page is zero and costs nothing until it is written.
    for (std::uint64_t at = 0; at < regions_[i].range.size(); at += kPageSize)
      if (const std::uint8_t* page = other.bytes_[i].get() + at; !is_zero(page))
        std::memcpy(bytes_[i].get() + at, page, kPageSize);
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
  const PageRights rights{loaded.region.readable, loaded.region.writable, loaded.region.executable};
  rights_.insert(rights_.begin() + (behind - regions_.begin()),
                 std::vector<PageRights>(range.size() / kPageSize, rights));
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

void Memory::protect(AddressRange range, PageRights rights) {
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const AddressRange& region = regions_[i].range;
    const Address low = std::max(range.low, region.low);
    const Address high = std::min(range.high, region.high);
    if (high <= low) continue;
    for (std::uint64_t page = (low - region.low) / kPageSize; page * kPageSize < high - region.low; ++page)
      rights_[i][page] = rights;
  }
}

PageRights Memory::rights_at(Address address) const {
  const std::size_t index = index_at(address);
  return index == kNone ? PageRights{} : rights_[index][(address - regions_[index].range.low) / kPageSize];
}

std::vector<Memory::RightsRun> Memory::rights_in(AddressRange range) const {
  std::vector<RightsRun> runs;
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const AddressRange& region = regions_[i].range;
    bool first = true;
    for (Address at = std::max(range.low, region.low); at < std::min(range.high, region.high); at = at + kPageSize) {
      const PageRights rights = rights_[i][(at - region.low) / kPageSize];
      if (first || runs.back().rights != rights) runs.push_back({{at, at}, rights});
      runs.back().range.high = at + kPageSize;
      first = false;
    }
  }
  return runs;
}

std::size_t Memory::contents_size(const Region& region) const {
  const std::size_t index = index_at(region.range.low);
  if (index == kNone) return 0;
  const std::uint8_t* const bytes = bytes_[index].get();
  std::size_t size = regions_[index].range.size();
  while (size > 0 && is_zero(bytes + size - kPageSize)) size -= kPageSize;
  while (size > 0 && bytes[size - 1] == 0) --size;
  return size;
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
