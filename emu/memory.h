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

/// What may be done with a page.
struct PageRights {
  bool readable = false;
  bool writable = false;
  bool executable = false;

  friend bool operator==(const PageRights&, const PageRights&) = default;
};

/// The guest's memory: regions whose bytes the host owns, page-aligned. A page begins with its region's rights. Copies
/// are deep, and cheap for pages that hold nothing but zeros.
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

  /// Changes the rights of the pages in the range, whole pages; nothing happens to what is not mapped.
  void protect(AddressRange range, PageRights rights);
  /// All false where nothing is mapped.
  [[nodiscard]] PageRights rights_at(Address address) const;
  /// The pages of the range that are mapped, ascending: neighbours of one region with the same rights together.
  struct RightsRun {
    AddressRange range;
    PageRights rights;
  };
  [[nodiscard]] std::vector<RightsRun> rights_in(AddressRange range) const;

  /// How many bytes of the region there are up to the last one that is not zero.
  [[nodiscard]] std::size_t contents_size(const Region& region) const;

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

  std::vector<Region> regions_;                  ///< ascending
  std::vector<Bytes> bytes_;                     ///< of the region with the same index
  std::vector<std::vector<PageRights>> rights_;  ///< of its pages
};

}  // namespace fiberscope::emu
