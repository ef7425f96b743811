#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "emu/address.h"
#include "emu/image.h"
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
  std::string text;  ///< of the file
  AddressRange code;
  std::vector<Row> rows;
};

/// Gives the image a compilation unit more (DWARF 4) for each of these: what stands in DebugInfo's line table. Fails
/// where the image has no debug information to add to. The texts go with the image.
Result<void> add_lines(ImagePatch& patch, const std::vector<AddedLines>& added);

/// The texts of source files alone, by the name that debug information gives them. Once for an image.
Result<void> add_sources(ImagePatch& patch, const std::map<std::string, std::string>& sources);

/// Such texts, by the file's name.
std::map<std::string, std::string> added_sources(const Image& image);

}  // namespace fiberscope::emu
