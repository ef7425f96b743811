#include "core/explore/growing_array.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace fiberscope::core::explore {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kHugePage = 2U << 20;
constexpr std::size_t kFirst = 64U << 10;  // bytes

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

void* map(std::size_t size) {
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}

/// Huge pages need addresses that are multiples of their size: maps more and gives back what lies around.
void* map_aligned(std::size_t size) {
  auto* memory = static_cast<std::byte*>(map(size + kHugePage));
  const std::size_t before = (kHugePage - reinterpret_cast<std::uintptr_t>(memory) % kHugePage) % kHugePage;
  if (before != 0) munmap(memory, before);
  munmap(memory + before + size, kHugePage - before);
  return memory + before;
}

}  // namespace

PageBlock::PageBlock(PageBlock&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

PageBlock& PageBlock::operator=(PageBlock&& other) noexcept {
  if (this == &other) return *this;
  if (data_ != nullptr) munmap(data_, size_);
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

PageBlock::~PageBlock() {
  if (data_ != nullptr) munmap(data_, size_);
}

void PageBlock::grow(std::size_t bytes) {
  const bool is_large = bytes >= kHugePage;
  const std::size_t size = round_up(std::max(bytes, kFirst), is_large ? kHugePage : kPage);
  if (size <= size_) return;
  void* memory = is_large ? map_aligned(size) : map(size);
  if (data_ != nullptr && mremap(data_, size_, size, MREMAP_MAYMOVE | MREMAP_FIXED, memory) == MAP_FAILED) {
    munmap(memory, size);
    throw std::bad_alloc();
  }
  data_ = memory;
  size_ = size;
  if (is_large) madvise(data_, size_, MADV_HUGEPAGE);  // where there are none, small pages do as well
}

std::size_t PageBlock::footprint(std::size_t used) const {
  return std::min(round_up(used, size_ >= kHugePage ? kHugePage : kPage), size_);
}

}  // namespace fiberscope::core::explore
