#pragma once
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>

#include "emu/address.h"
#include "emu/memory.h"

namespace fiberscope::core {

/// How memory lies for an address space of a Linux program (docs/trace-format.md, "Address spaces"), read from the page
/// tables that the program's kernel keeps in recorded memory. One place knows of the exchange; everything else reads
/// bytes where the space sees them.
class SpaceLayout {
 public:
  using Moved = std::map<std::uint64_t, std::uint64_t>;  ///< frame by page, where they differ

  /// Nothing where the memory has no kernel's books: then there is one space, and nothing moves.
  static std::optional<SpaceLayout> find(const emu::Memory& memory);

  /// Which pages of the space lie at a frame of another address. Empty for a space that is no more.
  [[nodiscard]] Moved moved(const emu::Memory& memory, std::uint32_t space) const;
  /// Address of the table of level 4; 0 for a space that is no more, or never was.
  [[nodiscard]] std::uint64_t root(const emu::Memory& memory, std::uint32_t space) const;

  struct Entry {
    std::uint64_t page = 0;
    std::uint64_t entry = 0;  ///< emu::page_entry
  };
  /// All entries of the last level that are in use, ascending.
  template <typename Visit>
  void for_each_page(const emu::Memory& memory, std::uint32_t space, Visit visit) const {
    walk(memory, root(memory, space), 3, 0, visit);
  }

  [[nodiscard]] emu::AddressRange kernel() const { return kernel_; }
  [[nodiscard]] emu::AddressRange frames() const { return frames_; }

 private:
  SpaceLayout(emu::AddressRange kernel, emu::AddressRange frames) : kernel_(kernel), frames_(frames) {}

  template <typename Visit>
  void walk(const emu::Memory& memory, std::uint64_t table, int level, std::uint64_t base, Visit& visit) const {
    if (!kernel_.contains(emu::Address{table}) || table % emu::kPageSize != 0) return;
    const std::uint8_t* const entries = memory.bytes_at(emu::Address{table}).data();
    for (std::size_t i = 0; i < 512; ++i) {
      std::uint64_t value = 0;
      std::memcpy(&value, entries + i * sizeof value, sizeof value);
      if (value == 0) continue;
      const std::uint64_t page = base | static_cast<std::uint64_t>(i) << (12 + 9 * level);
      if (level == 0) {
        visit(Entry{page, value});
      } else {
        walk(memory, value & kFrameBits, level - 1, page, visit);
      }
    }
  }
  static constexpr std::uint64_t kFrameBits = 0x000ffffffffff000;

  emu::AddressRange kernel_;
  emu::AddressRange frames_;
};

}  // namespace fiberscope::core
