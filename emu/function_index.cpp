#include "emu/function_index.h"

#include <dwarf.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "emu/dwarf_file.h"

namespace fiberscope::emu {
namespace {

constexpr int kDeepestScope = 64;

class Finder {
 public:
  Finder(std::vector<FunctionIndex::Entry>& entries, const std::vector<AddressRange>& executable, bool is_assembly)
      : entries_(entries), executable_(executable), is_assembly_(is_assembly) {}

  void search(Dwarf_Die& scope, int depth) {
    for_each_child(scope, [&](Dwarf_Die& child) {
      switch (dwarf_tag(&child)) {
        case DW_TAG_subprogram:
          add(child);
          break;
        case DW_TAG_namespace:
        case DW_TAG_module:
        case DW_TAG_structure_type:
        case DW_TAG_class_type:
        case DW_TAG_lexical_block:
          break;
        default:
          return;
      }
      if (depth < kDeepestScope) search(child, depth + 1);
    });
  }

 private:
  void add(Dwarf_Die& die) {
    const char* name = dwarf_diename(&die);
    if (name == nullptr) return;
    for (const AddressRange& range : code_ranges(die)) {
      const bool is_loaded = std::any_of(executable_.begin(), executable_.end(), [&](const AddressRange& code) {
        return code.low <= range.low && range.high <= code.high;
      });
      if (is_loaded) entries_.push_back({name, range, die, is_assembly_});
    }
  }

  std::vector<FunctionIndex::Entry>& entries_;
  const std::vector<AddressRange>& executable_;
  bool is_assembly_;
};

}  // namespace

FunctionIndex::FunctionIndex(Dwarf* dwarf, const std::vector<AddressRange>& executable) {
  if (dwarf == nullptr) return;
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  while (dwarf_get_units(dwarf, unit, &unit, nullptr, nullptr, &die, nullptr) == 0) {
    if (dwarf_tag(&die) != DW_TAG_compile_unit) continue;
    Finder(entries_, executable, dwarf_srclang(&die) == DW_LANG_Mips_Assembler).search(die, 0);
  }
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.range.low < b.range.low; });
}

std::size_t FunctionIndex::position(Address address) const {
  const auto after = std::upper_bound(entries_.begin(), entries_.end(), address,
                                      [](Address wanted, const Entry& entry) { return wanted < entry.range.low; });
  if (after == entries_.begin() || !std::prev(after)->range.contains(address)) return entries_.size();
  return static_cast<std::size_t>(after - entries_.begin()) - 1;
}

}  // namespace fiberscope::emu
