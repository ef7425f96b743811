#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "emu/address.h"
#include "emu/image_patch.h"
#include "emu/result.h"

namespace fiberscope::emu {

/// Code that no compiler made, and the source lines it stands for.
struct AddedLines {
  struct Row {
    Address address;  ///< ascending
    int line = 0;     ///< from 1
  };
  std::string file;
  AddressRange code;
  std::vector<Row> rows;
};

/// Gives the image a compilation unit more (DWARF 4) for each of these: what stands in DebugInfo's line table. Fails
/// where the image has no debug information to add to.
Result<void> add_lines(ImagePatch& patch, const std::vector<AddedLines>& added);

}  // namespace fiberscope::emu
