#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace fiberscope::core {

/// Thrown by readers of encoded data that ends early or says something impossible; turned into an Error where a file is
/// read.
struct CorruptData : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Little-endian base-128 integers (LEB128): seven bits a byte, the highest bit set on all but the last.
class VarintWriter {
 public:
  void put(std::uint64_t value) {
    reserve(kLongest);
    std::uint8_t* at = bytes_.data() + size_;
    while (value >= 0x80) {
      *at++ = static_cast<std::uint8_t>(value | 0x80);
      value >>= 7;
    }
    *at++ = static_cast<std::uint8_t>(value);
    size_ = static_cast<std::size_t>(at - bytes_.data());
  }
  void put_signed(std::int64_t value) {
    put((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void put_bytes(std::span<const std::uint8_t> bytes) {
    reserve(bytes.size());
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += bytes.size();
  }
  void clear() { size_ = 0; }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {bytes_.data(), size_}; }

 private:
  static constexpr std::size_t kLongest = 10;  // bytes of a 64-bit number

  void reserve(std::size_t count) {
    if (bytes_.size() - size_ < count) bytes_.resize(2 * bytes_.size() + count);
  }

  std::vector<std::uint8_t>
      bytes_;  // larger than what is used: growing it byte by byte is what encoding would mostly do
  std::size_t size_ = 0;
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
