#pragma once
#include <deque>
#include <map>
#include <unordered_map>

#include "emu/address.h"
#include "emu/debug_info.h"
#include "emu/dwarf_file.h"

namespace fiberscope::emu {

/// The call frame information of an image as compact rows.
class UnwindTable {
 public:
  /// A row and the addresses that it holds for; row is nullptr where nothing is known there.
  struct Extent {
    const UnwindRow* row = nullptr;
    AddressRange range;
  };

  explicit UnwindTable(const DwarfFile& file) : file_(file) {}

  /// The row at rip, nullptr where there is none. Rows stay where they are as long as the table lives.
  const UnwindRow* row_at(Address rip);
  /// The same with its range; where nothing is known the range is rip alone.
  Extent extent_at(Address rip);

 private:
  Extent read(Address rip);

  const DwarfFile& file_;
  std::deque<UnwindRow> rows_;
  std::map<Address, Extent> extents_;  ///< by the low end
  std::unordered_map<Address, const UnwindRow*> by_rip_;
};

}  // namespace fiberscope::emu
