#include "emu/symbol_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kRegionSize = 64;

std::vector<LoadedRegion> regions_at(std::initializer_list<std::uint64_t> lows) {
  std::vector<LoadedRegion> regions;
  for (const std::uint64_t low : lows) {
    LoadedRegion loaded;
    loaded.region.range = {Address{low}, Address{low + kRegionSize}};
    regions.push_back(loaded);
  }
  return regions;
}

/// What symbol_at promises, address by address and symbol by symbol.
const Symbol* looked_up_naively(const std::vector<Symbol>& symbols, const std::vector<LoadedRegion>& regions,
                                Address address) {
  const AddressRange* range = nullptr;
  for (const LoadedRegion& loaded : regions)
    if (loaded.region.range.contains(address)) range = &loaded.region.range;
  if (range == nullptr) return nullptr;
  const Symbol* innermost = nullptr;
  const Symbol* last = nullptr;
  for (const Symbol& symbol : symbols) {
    if (!range->contains(symbol.address) || symbol.address > address) continue;
    if (symbol.size > address - symbol.address &&
        (innermost == nullptr || symbol.address > innermost->address ||
         (symbol.address == innermost->address && symbol.size < innermost->size)))
      innermost = &symbol;
    const bool sized_before =
        last != nullptr && last->address == symbol.address;  // at one address the first one counts
    if (!sized_before) last = &symbol;
  }
  if (innermost != nullptr) return innermost;
  if (last == nullptr) return nullptr;
  for (const Symbol& symbol :
       symbols)  // a sized one that begins at the same place has ended: it was not the label's end
    if (symbol.address == last->address && symbol.size > 0) return nullptr;
  return last;
}

RC_GTEST_PROP(SymbolTable, AgreesWithANaiveLookup, ()) {
  const auto regions = regions_at({0, 64, 192});
  std::vector<Symbol> symbols;
  for (const auto& [offset, size] : *rc::gen::container<std::vector<std::pair<int, int>>>(
           rc::gen::pair(rc::gen::inRange(0, 192), rc::gen::elementOf(std::vector<int>{0, 1, 2, 5, 20, 100})))) {
    const int address = offset < 128 ? offset : offset + 64;
    symbols.push_back({"", Address{static_cast<std::uint64_t>(address)}, static_cast<std::uint64_t>(size), true});
  }
  std::stable_sort(symbols.begin(), symbols.end(), [](const Symbol& a, const Symbol& b) {
    return std::pair(a.address, a.size == 0) < std::pair(b.address, b.size == 0);
  });
  for (std::size_t i = 0; i < symbols.size(); ++i) symbols[i].name = fmt::format("s{}", i);
  const SymbolTable table(symbols, regions);
  for (std::uint64_t at = 0; at < 300; ++at) {
    const Symbol* expected = looked_up_naively(symbols, regions, Address{at});
    const Symbol* found = table.covering(Address{at});
    RC_ASSERT((expected == nullptr ? "none" : expected->name) == (found == nullptr ? "none" : found->name));
  }
}

TEST(SymbolTable, TheFirstOfSeveralAtOneAddressWins) {
  const auto regions = regions_at({0});
  const SymbolTable table({{"global", Address{8}, 8, true}, {"alias", Address{8}, 8, true}}, regions);
  EXPECT_EQ(table.covering(Address{9})->name, "global");
  EXPECT_EQ(table.named("alias")->address, Address{8});
  EXPECT_EQ(table.covering(Address{16}), nullptr);
}

TEST(SymbolTable, ALabelReachesToTheNextSymbolOfItsRegion) {
  const SymbolTable table({{"label", Address{8}, 0, false}, {"function", Address{32}, 4, true}}, regions_at({0, 64}));
  EXPECT_EQ(table.covering(Address{31})->name, "label");
  EXPECT_EQ(table.extent(Address{10}), (AddressRange{Address{8}, Address{32}}));
  EXPECT_EQ(table.covering(Address{36}), nullptr);
  EXPECT_EQ(table.covering(Address{70}), nullptr);
}

}  // namespace
}  // namespace fiberscope::emu
