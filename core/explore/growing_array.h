#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace fiberscope::core::explore {

/// Zeroed memory straight from the kernel. It grows by moving addresses instead of bytes (mremap(2)), and a large one
/// asks for huge pages (madvise(2)): arrays of many millions of values spend their time neither on being copied nor on
/// page faults. Memory that was never touched is not taken.
class PageBlock {
 public:
  PageBlock() = default;
  PageBlock(PageBlock&& other) noexcept;
  PageBlock& operator=(PageBlock&& other) noexcept;
  ~PageBlock();

  /// Makes room for at least so many bytes; what was there stays. Throws std::bad_alloc where there is no memory.
  void grow(std::size_t bytes);
  [[nodiscard]] void* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Bytes of memory that the kernel has given at most where the first `used` ones were touched.
  [[nodiscard]] std::size_t footprint(std::size_t used) const;

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A sequence of plain values that grows at its end, in a PageBlock. References hold until it grows; moved
/// from, it is empty.
template <typename T>
class GrowingArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  GrowingArray() = default;
  GrowingArray(GrowingArray&& other) noexcept
      : block_(std::move(other.block_)),
        values_(std::exchange(other.values_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  GrowingArray& operator=(GrowingArray&& other) noexcept {
    block_ = std::move(other.block_);
    values_ = std::exchange(other.values_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  ~GrowingArray() = default;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] T* data() { return values_; }
  [[nodiscard]] const T* data() const { return values_; }
  [[nodiscard]] T& operator[](std::size_t index) { return values_[index]; }
  [[nodiscard]] const T& operator[](std::size_t index) const { return values_[index]; }
  [[nodiscard]] T* begin() { return values_; }
  [[nodiscard]] T* end() { return values_ + size_; }
  [[nodiscard]] const T* begin() const { return values_; }
  [[nodiscard]] const T* end() const { return values_ + size_; }

  void push_back(T value) {
    if (size_ == capacity_) make_room(size_ + 1);
    values_[size_++] = value;
  }
  /// Not of its own.
  void append(std::span<const T> values) {
    if (size_ + values.size() > capacity_) make_room(size_ + values.size());
    std::copy(values.begin(), values.end(), values_ + size_);
    size_ += values.size();
  }
  /// Appends values of zero bytes. Never shrinks.
  void extend(std::size_t size) {
    if (size > capacity_) make_room(size);
    size_ = std::max(size_, size);
  }
  /// Bytes of memory held.
  [[nodiscard]] std::size_t footprint() const { return block_.footprint(size_ * sizeof(T)); }

 private:
  void make_room(std::size_t size) {
    block_.grow(std::max(size * sizeof(T), block_.size() * 2));
    values_ = static_cast<T*>(block_.data());
    capacity_ = block_.size() / sizeof(T);
  }

  PageBlock block_;
  T* values_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace fiberscope::core::explore
