#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "emu/address.h"
#include "emu/region.h"
#include "emu/result.h"

namespace fiberscope::emu {

inline constexpr std::uint64_t kPageSize = 4096;

/// The guest's memory: regions whose bytes the host owns, page-aligned. Copies are deep.
class Memory {
 public:
  Memory() = default;
  Memory(const Memory& other);
  Memory& operator=(const Memory& other);
  Memory(Memory&&) noexcept = default;
  Memory& operator=(Memory&&) noexcept = default;

  /// Adds a region. Fails where its range is empty, not page-aligned or overlaps another.
  Result<void> add(const LoadedRegion& region);

  [[nodiscard]] const std::vector<Region>& regions() const { return regions_; }
  /// The region that holds the address, or null.
  [[nodiscard]] const Region* region_at(Address address) const;

  /// The host's bytes from `address` to the end of its region; empty where nothing is mapped. Stable for this object's
  /// life.
  [[nodiscard]] std::span<std::uint8_t> bytes_at(Address address);
  [[nodiscard]] std::span<const std::uint8_t> bytes_at(Address address) const;

  /// Little-endian value of 1 … 8 bytes; nothing where any of them is unmapped.
  [[nodiscard]] std::optional<std::uint64_t> read(Address address, std::size_t size) const;
  /// False, and nothing changed, where any byte is unmapped.
  bool write(Address address, std::uint64_t value, std::size_t size);
  bool write_bytes(Address address, std::span<const std::uint8_t> bytes);
  /// The bytes of [address, address + size) that are mapped, up to the first unmapped one.
  [[nodiscard]] std::vector<std::uint8_t> copy(Address address, std::size_t size) const;

  friend bool operator==(const Memory& left, const Memory& right);

 private:
  struct Free {
    std::size_t size = 0;
    void operator()(std::uint8_t* bytes) const;
  };
  using Bytes = std::unique_ptr<std::uint8_t[], Free>;
  static Bytes allocate(std::size_t size);
  [[nodiscard]] std::size_t index_at(Address address) const;

  std::vector<Region> regions_;  ///< ascending
  std::vector<Bytes> bytes_;     ///< of the region with the same index
};

}  // namespace fiberscope::emu
