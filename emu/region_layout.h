#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "emu/address.h"
#include "emu/region.h"
#include "emu/result.h"

namespace fiberscope::emu {

inline constexpr std::uint64_t kPageSize = 4096;
/// More than this in one image is taken for a damaged file, not for a program.
inline constexpr std::uint64_t kLargestImage = std::uint64_t{512} << 20;

/// A section that takes part in the running program.
struct AllocatedSection {
  std::string name;
  AddressRange range;
  bool writable = false;
  bool executable = false;
  std::span<const std::uint8_t> bytes;  ///< empty for NOBITS: all zero
};

/// The file bytes of a loadable segment. They fill what its pages hold beside the sections: the ELF and program
/// headers, which a C library reads at start.
struct SegmentBytes {
  Address address;
  std::span<const std::uint8_t> bytes;
};

/// Makes page-aligned regions of the sections (see Image), by ascending address. A region of several sections is called
/// after the largest one. Fails for overlapping sections, for a stack that shares a page with something else, for
/// addresses that wrap around and for more than kLargestImage bytes; `image` is the file's name in messages.
Result<std::vector<LoadedRegion>> lay_out_regions(std::vector<AllocatedSection> sections,
                                                  const std::vector<SegmentBytes>& segments, const std::string& image);

}  // namespace fiberscope::emu
