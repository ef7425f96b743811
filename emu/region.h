#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "emu/address.h"

namespace fiberscope::emu {

enum class RegionKind : std::uint8_t { code, data, stack, tcb };

/// A named, page-aligned piece of guest memory. Regions never overlap; what lies between two of them is unmapped, and
/// touching it stops the guest.
struct Region {
  std::string name;
  RegionKind kind = RegionKind::data;
  AddressRange range;
  bool readable = true;
  bool writable = false;
  bool executable = false;
};

/// A region and what it holds before the first step; bytes beyond contents.size() are zero.
struct LoadedRegion {
  Region region;
  std::vector<std::uint8_t> contents;
};

}  // namespace fiberscope::emu
