#pragma once
#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "emu/address.h"
#include "emu/image.h"
#include "emu/region.h"

struct Elf;

namespace fiberscope::emu {

/// The symbols of an image, found by name and by address. Movable, not copyable: its index points into its own strings.
class SymbolTable {
 public:
  SymbolTable() = default;
  /// Of these symbols, in the order of Image::symbols(); they all lie in one of the regions.
  SymbolTable(std::vector<Symbol> symbols, const std::vector<LoadedRegion>& regions);
  /// Of an ELF file: functions, objects, and labels without a type in executable sections. A damaged table gives fewer.
  static SymbolTable read(Elf* elf, const std::vector<LoadedRegion>& regions);

  SymbolTable(SymbolTable&&) noexcept = default;
  SymbolTable& operator=(SymbolTable&&) noexcept = default;

  [[nodiscard]] const std::vector<Symbol>& all() const { return symbols_; }
  [[nodiscard]] const Symbol* named(std::string_view name) const;
  /// The symbol that covers the address, as Image::symbol_at says; nullptr where none does.
  [[nodiscard]] const Symbol* covering(Address address) const;
  /// The addresses around `address` that have the same covering symbol.
  [[nodiscard]] AddressRange extent(Address address) const;

 private:
  /// From `low` to the next piece's low, `symbol` covers (kNone: nothing does).
  struct Piece {
    Address low;
    std::size_t symbol;
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  void index_addresses(const std::vector<LoadedRegion>& regions);
  [[nodiscard]] std::size_t piece_at(Address address) const;

  std::vector<Symbol> symbols_;
  std::unordered_map<std::string_view, std::size_t> by_name_;
  std::vector<Piece> pieces_;
};

}  // namespace fiberscope::emu
