#pragma once
#include <string>
#include <vector>

#include "emu/address.h"
#include "emu/image.h"

namespace fiberscope::emu {

/// What a program's own name stands for in its data.
struct DataObject {
  std::string name;
  AddressRange range;
};

/// The objects in the sections that may be written, by ascending address: whatever the symbol table has a name for,
/// labels of assembly too, which have no type. One without a size reaches to the next one, or to its section's end.
std::vector<DataObject> data_objects(const Image& image);

}  // namespace fiberscope::emu
