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

namespace {

void add_cells(Dwarf_Die& variable, Address address, const std::string& name, std::vector<GlobalCell>& cells) {
  const auto type = type_of(variable);
  if (!type) return;
  for (const TypeCell& cell : cells_of(*type, kMostGlobalCells))
    cells.push_back({name + cell.suffix, address + cell.offset, cell.size, cell.kind});
}

void search_inside(Dwarf_Die& die, Address address, const std::string& name, std::vector<GlobalCell>& cells) {
  for_each_child(die, [&](Dwarf_Die& child) {
    if (!cells.empty()) return;
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_variable && fixed_address(child) == address) add_cells(child, address, name, cells);
    if (tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine)
      search_inside(child, address, name, cells);
  });
}

}  // namespace

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
      if (const auto address = fixed_address(child)) add_cells(child, *address, name, cells);
    });
  }
  return cells;
}

std::vector<GlobalCell> find_static(Dwarf* dwarf, Address address, const std::string& name) {
  std::vector<GlobalCell> cells;
  if (dwarf == nullptr) return cells;
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  while (cells.empty() && dwarf_get_units(dwarf, unit, &unit, nullptr, nullptr, &die, nullptr) == 0)
    if (dwarf_tag(&die) == DW_TAG_compile_unit) search_inside(die, address, name, cells);
  return cells;
}

}  // namespace fiberscope::emu
