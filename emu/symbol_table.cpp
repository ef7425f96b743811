#include "emu/symbol_table.h"

#include <gelf.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace fiberscope::emu {
namespace {

struct ReadSymbol {
  Symbol symbol;
  bool is_global = false;
};

const Region* region_at(const std::vector<LoadedRegion>& regions, Address address) {
  const auto after =
      std::upper_bound(regions.begin(), regions.end(), address,
                       [](Address wanted, const LoadedRegion& r) { return wanted < r.region.range.low; });
  if (after == regions.begin()) return nullptr;
  const Region& region = std::prev(after)->region;
  return region.range.contains(address) ? &region : nullptr;
}

/// ".Lx", and numbers: "L1" and a control character (GNU as, "Local Symbol Names").
bool is_local_label(std::string_view name) {
  return name.starts_with(".L") || name.find_first_of("\001\002") != std::string_view::npos;
}

std::optional<ReadSymbol> read_symbol(Elf* elf, const GElf_Sym& entry, const char* name) {
  // Labels that an assembler keeps to itself, unless it is told to keep them all.
  if (name == nullptr || *name == '\0' || is_local_label(name)) return std::nullopt;
  if (entry.st_shndx == SHN_UNDEF || entry.st_shndx >= SHN_LORESERVE) return std::nullopt;
  Elf_Scn* section = elf_getscn(elf, entry.st_shndx);
  GElf_Shdr header;
  if (section == nullptr || gelf_getshdr(section, &header) == nullptr || (header.sh_flags & SHF_ALLOC) == 0)
    return std::nullopt;
  if (entry.st_value < header.sh_addr || entry.st_value - header.sh_addr >= header.sh_size) return std::nullopt;
  const unsigned type = GELF_ST_TYPE(entry.st_info);
  const bool is_function = type == STT_FUNC || type == STT_GNU_IFUNC;
  const bool is_label = type == STT_NOTYPE && (header.sh_flags & SHF_EXECINSTR) != 0;
  if (!is_function && !is_label && type != STT_OBJECT) return std::nullopt;
  return ReadSymbol{{name, Address{entry.st_value}, entry.st_size, is_function},
                    GELF_ST_BIND(entry.st_info) != STB_LOCAL};
}

std::vector<ReadSymbol> read_symbols(Elf* elf) {
  std::vector<ReadSymbol> found;
  for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr; section = elf_nextscn(elf, section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_SYMTAB) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr) continue;
    GElf_Sym entry;
    for (int i = 0; gelf_getsym(data, i, &entry) != nullptr; ++i)
      if (auto symbol = read_symbol(elf, entry, elf_strptr(elf, header.sh_link, entry.st_name)))
        found.push_back(std::move(*symbol));
  }
  return found;
}

}  // namespace

SymbolTable SymbolTable::read(Elf* elf, const std::vector<LoadedRegion>& regions) {
  std::vector<ReadSymbol> found = read_symbols(elf);
  std::erase_if(found, [&](const ReadSymbol& read) { return region_at(regions, read.symbol.address) == nullptr; });
  const auto key = [](const ReadSymbol& read) {
    const Symbol& symbol = read.symbol;
    return std::tuple(symbol.address, !read.is_global, !symbol.is_function, symbol.size == 0,
                      std::string_view(symbol.name));
  };
  std::sort(found.begin(), found.end(), [&](const ReadSymbol& a, const ReadSymbol& b) { return key(a) < key(b); });

  std::vector<Symbol> symbols;
  symbols.reserve(found.size());
  for (const ReadSymbol& read : found) symbols.push_back(read.symbol);
  SymbolTable table(std::move(symbols), regions);
  for (std::size_t i = found.size(); i-- > 0;)  // a global one is meant before a file's own of the same name
    if (found[i].is_global) table.by_name_[table.symbols_[i].name] = i;
  return table;
}

SymbolTable::SymbolTable(std::vector<Symbol> symbols, const std::vector<LoadedRegion>& regions)
    : symbols_(std::move(symbols)) {
  for (std::size_t i = 0; i < symbols_.size(); ++i) by_name_.emplace(symbols_[i].name, i);
  index_addresses(regions);
}

void SymbolTable::index_addresses(const std::vector<LoadedRegion>& regions) {
  struct Open {
    std::size_t symbol;
    Address end;
  };
  // What begins where, sized ones from the outermost to the innermost; the first of equals comes last and so wins.
  std::vector<std::size_t> order(symbols_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = order.size() - 1 - i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tuple(symbols_[a].address, symbols_[b].size) < std::tuple(symbols_[b].address, symbols_[a].size);
  });

  const auto end_of = [](const Symbol& symbol, const Region& region) {
    return symbol.size < region.range.high - symbol.address ? symbol.address + symbol.size : region.range.high;
  };
  std::vector<Address> breaks;
  for (const LoadedRegion& loaded : regions) {
    breaks.push_back(loaded.region.range.low);
    breaks.push_back(loaded.region.range.high);
  }
  for (const Symbol& symbol : symbols_) {
    breaks.push_back(symbol.address);
    if (const Region* region = region_at(regions, symbol.address)) breaks.push_back(end_of(symbol, *region));
  }
  std::sort(breaks.begin(), breaks.end());
  breaks.erase(std::unique(breaks.begin(), breaks.end()), breaks.end());

  std::vector<Open> open;
  std::size_t label = kNone;
  const Region* label_region = nullptr;
  auto next = order.begin();
  for (const Address at : breaks) {
    const Region* region = region_at(regions, at);
    bool sized_begins = false;
    for (; next != order.end() && symbols_[*next].address == at; ++next) {
      const Symbol& symbol = symbols_[*next];
      if (region == nullptr) continue;
      if (symbol.size > 0) {
        open.push_back({*next, end_of(symbol, *region)});
        sized_begins = true;
      } else {
        label = *next;
        label_region = region;
      }
    }
    while (!open.empty() && open.back().end <= at) open.pop_back();
    if (sized_begins || region != label_region) label = kNone;
    const std::size_t owner = open.empty() ? label : open.back().symbol;
    if (pieces_.empty() || pieces_.back().symbol != owner) pieces_.push_back({at, owner});
  }
}

std::size_t SymbolTable::piece_at(Address address) const {
  const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), address,
                                      [](Address wanted, const Piece& piece) { return wanted < piece.low; });
  return after == pieces_.begin() ? kNone : static_cast<std::size_t>(after - pieces_.begin()) - 1;
}

const Symbol* SymbolTable::named(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &symbols_[found->second];
}

const Symbol* SymbolTable::covering(Address address) const {
  const std::size_t piece = piece_at(address);
  if (piece == kNone || pieces_[piece].symbol == kNone) return nullptr;
  return &symbols_[pieces_[piece].symbol];
}

AddressRange SymbolTable::extent(Address address) const {
  const std::size_t piece = piece_at(address);
  if (piece == kNone) return {};
  return {pieces_[piece].low, piece + 1 < pieces_.size() ? pieces_[piece + 1].low : pieces_[piece].low};
}

}  // namespace fiberscope::emu
