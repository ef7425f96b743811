#pragma once
#include <cstdint>
#include <string>

#include "emu/address.h"

namespace fiberscope::emu {

class DebugInfo;
class Image;

/// What people call `size` bytes of data at an address: the variable, its element or member ("want[1]", "queue.head"),
/// as the debug information knows them. What it does not know at all, such as data of assembly, is taken for an array
/// of elements of that size, where they fill it. Else as symbolized() says: "want+2".
std::string cell_name(const Image& image, const DebugInfo& debug, Address address, std::uint64_t size);

}  // namespace fiberscope::emu
