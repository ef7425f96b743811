#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>

namespace fiberscope::core {

/// Thrown by readers of encoded data that ends early or says something impossible; turned into an Error where a file is
/// read.
struct CorruptData : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline constexpr std::size_t kLongestVarint = 10;  // bytes of a 64-bit number

/// Writes a number where there is room for the longest; returns the place behind it.
inline std::uint8_t* put_varint(std::uint8_t* at, std::uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<std::uint8_t>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<std::uint8_t>(value);
  return at;
}
inline std::uint8_t* put_signed_varint(std::uint8_t* at, std::int64_t value) {
  return put_varint(at, (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

/// Little-endian base-128 integers (LEB128): seven bits a byte, the highest bit set on all but the last.
class VarintWriter {
 public:
  void put(std::uint64_t value) { put_until(put_varint(room(1), value)); }
  void put_signed(std::int64_t value) { put_until(put_signed_varint(room(1), value)); }
  void put_bytes(std::span<const std::uint8_t> bytes) {
    reserve(bytes.size());
    at_ = std::copy(bytes.begin(), bytes.end(), at_);
  }
  /// Where the next number goes, with room for `count` of them: quicker than asking for each. put_until() takes over
  /// what was written there.
  std::uint8_t* room(std::size_t count) {
    reserve(count * kLongestVarint);
    return at_;
  }
  void put_until(std::uint8_t* end) { at_ = end; }
  void clear() { at_ = bytes_.get(); }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {bytes_.get(), size()}; }

 private:
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(at_ - bytes_.get()); }
  void reserve(std::size_t count) {
    if (static_cast<std::size_t>(end_ - at_) < count) grow(count);
  }
  void grow(std::size_t count) {
    const std::size_t used = size();
    const std::size_t capacity = 2 * (used + count);
    auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
    at_ = std::copy_n(bytes_.get(), used, larger.get());
    end_ = larger.get() + capacity;
    bytes_ = std::move(larger);
  }

  std::unique_ptr<std::uint8_t[]> bytes_;
  std::uint8_t* at_ = nullptr;  ///< behind what is written
  std::uint8_t* end_ = nullptr;
};

class VarintReader {
 public:
  VarintReader() = default;
  explicit VarintReader(std::span<const std::uint8_t> bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  std::uint64_t get() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) throw CorruptData("encoded data ends early");
      const std::uint8_t byte = *at_++;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw CorruptData("an encoded number is longer than 64 bits");
  }
  std::int64_t get_signed() {
    const std::uint64_t value = get();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  std::span<const std::uint8_t> get_bytes(std::uint64_t count) {
    if (count > static_cast<std::uint64_t>(end_ - at_)) throw CorruptData("encoded data ends early");
    const std::span<const std::uint8_t> bytes(at_, static_cast<std::size_t>(count));
    at_ += count;
    return bytes;
  }
  [[nodiscard]] bool done() const { return at_ == end_; }

 private:
  const std::uint8_t* at_ = nullptr;
  const std::uint8_t* end_ = nullptr;
};

}  // namespace fiberscope::core
