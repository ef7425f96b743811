#include "emu/local_variables.h"

#include <dwarf.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emu/location.h"
#include "emu/type_cells.h"

namespace fiberscope::emu {
namespace {

constexpr int kDeepestBlock = 64;
constexpr std::size_t kMostEntries = 4096;          // of one location list
constexpr std::size_t kMostFunctionCells = 65'536;  // cells and registers of one function

AddressRange both(const AddressRange& a, const AddressRange& b) {
  return {std::max(a.low, b.low), std::min(a.high, b.high)};
}

/// A location, and where it holds. `everywhere` is that of an expression without a list.
struct LocatedRange {
  Location location;
  AddressRange range;
  bool everywhere = false;
};

std::vector<LocatedRange> locations_of(Dwarf_Die& die, unsigned name) {
  std::vector<LocatedRange> found;
  Dwarf_Attribute attribute;
  if (dwarf_attr_integrate(&die, name, &attribute) == nullptr) return found;
  Dwarf_Addr base = 0;
  Dwarf_Addr low = 0;
  Dwarf_Addr high = 0;
  Dwarf_Op* operations = nullptr;
  std::size_t count = 0;
  std::ptrdiff_t offset = 0;
  for (std::size_t i = 0; i < kMostEntries; ++i) {
    offset = dwarf_getlocations(&attribute, offset, &base, &low, &high, &operations, &count);
    if (offset <= 0) break;
    const bool everywhere = low == 0 && high == std::numeric_limits<Dwarf_Addr>::max();
    if (const auto location = location_of(operations, count))
      found.push_back({*location, {Address{low}, Address{high}}, everywhere});
  }
  return found;
}

class Collector {
 public:
  Collector(FunctionInfo& function, Dwarf_Die& die, UnwindTable& unwind)
      : function_(function), unwind_(unwind), frame_bases_(locations_of(die, DW_AT_frame_base)) {}

  /// Adds what is declared in this scope and in those inside it; `ranges` are the scope's, within the function's.
  void add_scope(Dwarf_Die& scope, const std::vector<AddressRange>& ranges, int depth) {
    for_each_child(scope, [&](Dwarf_Die& child) {
      switch (dwarf_tag(&child)) {
        case DW_TAG_formal_parameter:
          return add_variable(child, depth == 0, ranges);
        case DW_TAG_variable:
          if (dwarf_hasattr_integrate(&child, DW_AT_artificial) == 0) add_variable(child, false, ranges);
          return;
        case DW_TAG_lexical_block:
        case DW_TAG_try_block:
        case DW_TAG_catch_block:
        case DW_TAG_inlined_subroutine:
          if (depth < kDeepestBlock) add_scope(child, ranges_of(child), depth + 1);
          return;
        default:
          return;
      }
    });
  }

 private:
  struct Variable {
    std::string name;
    bool is_parameter = false;
    std::uint64_t size = 0;
    std::vector<TypeCell> cells;
  };

  std::vector<AddressRange> ranges_of(Dwarf_Die& scope) const {
    std::vector<AddressRange> ranges;
    for (const AddressRange& range : code_ranges(scope))
      if (const AddressRange part = both(range, function_.range); !part.empty()) ranges.push_back(part);
    return ranges;
  }

  [[nodiscard]] bool full() const { return function_.cells.size() + function_.registers.size() >= kMostFunctionCells; }

  void add_variable(Dwarf_Die& die, bool is_parameter, const std::vector<AddressRange>& scope) {
    const char* name = dwarf_diename(&die);
    const auto type = type_of(die);
    if (name == nullptr || !type || scope.empty()) return;
    const auto locations = locations_of(die, DW_AT_location);
    if (locations.empty()) return;
    const Variable variable{name, is_parameter, size_of(*type), cells_of(*type)};
    for (const LocatedRange& located : locations)
      for (const AddressRange& range : scope) {
        AddressRange live = range;
        if (located.everywhere)
          live.low = std::max(live.low, function_.prologue_end);
        else
          live = both(live, located.range);
        if (!live.empty()) place(variable, located.location, live);
      }
  }

  void place(const Variable& variable, const Location& location, const AddressRange& live) {
    if (location.is_register) {
      if (variable.size <= 8 && !full()) function_.registers.push_back({variable.name, location.reg, live});
      return;
    }
    if (location.dereferenced || location.is_value) return;
    if (location.base != Location::Base::frame_base) return place_in_memory(variable, location, live);
    for (const LocatedRange& frame_base : frame_bases_) {
      const AddressRange part = frame_base.everywhere ? live : both(live, frame_base.range);
      if (part.empty() || frame_base.location.dereferenced) continue;
      Location sum = frame_base.location;
      if (sum.is_register) sum.base = Location::Base::register_value;  // DW_OP_reg6 as a frame base means its contents
      sum.offset = wrapped_sum(sum.offset, location.offset);
      place_in_memory(variable, sum, part);
    }
  }

  void place_in_memory(const Variable& variable, const Location& location, const AddressRange& live) {
    if (location.base == Location::Base::cfa) return add_cells(variable, location.offset, live);
    if (location.base != Location::Base::register_value) return;
    // Relative to a register: exact wherever the unwind table makes the CFA of the same one.
    AddressRange part{live.low, live.low};
    std::optional<std::int64_t> offset;
    while (part.high < live.high) {
      const UnwindTable::Extent extent = unwind_.extent_at(part.high);
      std::optional<std::int64_t> here;
      if (extent.row != nullptr && !extent.row->cfa_dereferenced && extent.row->cfa_register == location.reg)
        here = wrapped_difference(location.offset, extent.row->cfa_offset);
      if (here != offset) {
        if (offset && !part.empty()) add_cells(variable, *offset, part);
        part.low = part.high;
        offset = here;
      }
      part.high = std::min(live.high, extent.range.high);
    }
    if (offset && !part.empty()) add_cells(variable, *offset, part);
  }

  void add_cells(const Variable& variable, std::int64_t offset, const AddressRange& live) {
    for (const TypeCell& cell : variable.cells) {
      if (full()) return;
      const std::int64_t cfa_offset = wrapped_sum(offset, static_cast<std::int64_t>(cell.offset));
      function_.cells.push_back({variable.name + cell.suffix, cfa_offset, cell.size, variable.is_parameter, live});
    }
  }

  FunctionInfo& function_;
  UnwindTable& unwind_;
  std::vector<LocatedRange> frame_bases_;
};

}  // namespace

void add_local_variables(FunctionInfo& function, Dwarf_Die die, UnwindTable& unwind) {
  Collector(function, die, unwind).add_scope(die, {function.range}, 0);
}

}  // namespace fiberscope::emu
