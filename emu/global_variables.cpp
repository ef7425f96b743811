#include "emu/global_variables.h"

#include <dwarf.h>

#include <optional>

#include "emu/dwarf_file.h"
#include "emu/type_cells.h"

namespace fiberscope::emu {
std::optional<Address> fixed_address(Dwarf_Die& variable) {
  Dwarf_Attribute attribute;
  if (dwarf_attr_integrate(&variable, DW_AT_location, &attribute) == nullptr) return std::nullopt;
  Dwarf_Op* operations = nullptr;
  std::size_t count = 0;
  if (dwarf_getlocation(&attribute, &operations, &count) != 0) return std::nullopt;
  if (count != 1 || operations[0].atom != DW_OP_addr) return std::nullopt;
  return Address{operations[0].number};
}

std::vector<GlobalCell> find_global(Dwarf* dwarf, const std::string& name) {
  std::vector<GlobalCell> cells;
  if (dwarf == nullptr) return cells;
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  while (cells.empty() && dwarf_get_units(dwarf, unit, &unit, nullptr, nullptr, &die, nullptr) == 0) {
    if (dwarf_tag(&die) != DW_TAG_compile_unit) continue;
    for_each_child(die, [&](Dwarf_Die& child) {
      if (!cells.empty() || dwarf_tag(&child) != DW_TAG_variable) return;
      const char* own = dwarf_diename(&child);
      if (own == nullptr || name != own) return;
      const auto address = fixed_address(child);
      const auto type = type_of(child);
      if (!address || !type) return;
      for (const TypeCell& cell : cells_of(*type, kMostGlobalCells))
        cells.push_back({name + cell.suffix, *address + cell.offset, cell.size});
    });
  }
  return cells;
}

}  // namespace fiberscope::emu
