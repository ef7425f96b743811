#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emu/address.h"
#include "emu/debug_info.h"
#include "emu/dwarf_file.h"

namespace fiberscope::emu {

/// The line tables of all compilation units as one, by ascending address. Rows outside executable regions are left out:
/// they belong to functions that the linker threw away.
class LineTable {
 public:
  LineTable(Dwarf* dwarf, const std::vector<AddressRange>& executable);

  [[nodiscard]] std::optional<SourceLine> line_at(Address rip) const;
  /// See DebugInfo::lines_in; a row that goes on with the line of the row before it begins nothing.
  [[nodiscard]] std::vector<DebugInfo::LineStart> lines_in(AddressRange range) const;
  /// Where the function's prologue ends: at the row that is marked so, else at the second row (as gdb and libdw do),
  /// else at its first address.
  [[nodiscard]] Address prologue_end(AddressRange function) const;
  [[nodiscard]] std::vector<std::string> source_files() const;

 private:
  struct Row {
    Address address;
    std::uint32_t file = 0;  ///< index in files_
    int line = 0;            ///< 0: code that belongs to no line
    bool ends_sequence = false;
    bool ends_prologue = false;
  };
  using Rows = std::vector<Row>;
  [[nodiscard]] Rows::const_iterator first_from(Address address) const;
  [[nodiscard]] SourceLine source_line(const Row& row) const { return {files_[row.file], row.line}; }

  Rows rows_;
  std::vector<std::string> files_;
};

}  // namespace fiberscope::emu
