#include "emu/region_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string_view>
#include <utility>

namespace fiberscope::emu {
namespace {

constexpr std::string_view kStackPrefix = ".stack.";

bool is_stack(const AllocatedSection& section) {
  return section.name.starts_with(kStackPrefix);
}

RegionKind kind_of(const AllocatedSection& section) {
  if (section.executable || section.name.starts_with(".text")) return RegionKind::code;
  if (is_stack(section)) return RegionKind::stack;
  if (section.name == ".tcb" || section.name.starts_with(".tcb.")) return RegionKind::tcb;
  return RegionKind::data;
}

RegionKind stronger(RegionKind a, RegionKind b) {
  for (const RegionKind kind : {RegionKind::code, RegionKind::stack, RegionKind::tcb})
    if (a == kind || b == kind) return kind;
  return RegionKind::data;
}

AddressRange pages_of(const AddressRange& range) {
  return {Address{range.low.value & ~(kPageSize - 1)}, Address{(range.high.value + kPageSize - 1) & ~(kPageSize - 1)}};
}

/// Copies the part of `bytes` (which begin at `address`) that lies in the region.
void fill(LoadedRegion& loaded, Address address, std::span<const std::uint8_t> bytes) {
  const AddressRange& range = loaded.region.range;
  const Address low = std::max(range.low, address);
  const Address high = std::min(range.high, address + bytes.size());
  if (high <= low) return;
  const auto part = bytes.subspan(low - address, high - low);
  const std::size_t at = low - range.low;
  if (loaded.contents.size() < at + part.size()) loaded.contents.resize(at + part.size());
  std::copy(part.begin(), part.end(), loaded.contents.begin() + static_cast<std::ptrdiff_t>(at));
}

Result<void> check(const std::vector<AllocatedSection>& sections, const std::string& image) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const AllocatedSection& section = sections[i];
    if (section.range.high > Address{std::numeric_limits<std::uint64_t>::max() - kPageSize})
      return Error{
          fmt::format("{}: section {} reaches the end of the address space; the file is damaged or its linker "
                      "script is wrong, so link it again",
                      image, section.name)};
    total += pages_of(section.range).size();
    if (total > kLargestImage)
      return Error{
          fmt::format("{}: its sections need more than {} MiB (at {} of {:#x} bytes); make its arrays smaller, "
                      "or link it again if the file is damaged",
                      image, kLargestImage >> 20, section.name, section.range.size())};
    if (i == 0) continue;
    const AllocatedSection& before = sections[i - 1];
    if (section.range.low < before.range.high)
      return Error{
          fmt::format("{}: sections {} and {} overlap at {:#x}; give each its own addresses in the linker "
                      "script and link it again",
                      image, before.name, section.name, section.range.low.value)};
    if ((is_stack(before) || is_stack(section)) && pages_of(section.range).low < pages_of(before.range).high)
      return Error{
          fmt::format("{}: sections {} and {} share the page at {:#x}, but a stack needs pages of its own; "
                      "put ALIGN({}) before and after it in the linker script",
                      image, before.name, section.name, pages_of(section.range).low.value, kPageSize)};
  }
  return {};
}

}  // namespace

Result<std::vector<LoadedRegion>> lay_out_regions(std::vector<AllocatedSection> sections,
                                                  const std::vector<SegmentBytes>& segments, const std::string& image) {
  std::sort(sections.begin(), sections.end(),
            [](const AllocatedSection& a, const AllocatedSection& b) { return a.range.low < b.range.low; });
  if (const auto checked = check(sections, image); !checked) return checked.error();

  std::vector<LoadedRegion> regions;
  for (std::size_t i = 0; i < sections.size();) {
    LoadedRegion loaded;
    Region& region = loaded.region;
    region.range = pages_of(sections[i].range);
    std::size_t end = i;
    std::uint64_t largest = 0;
    for (; end < sections.size() && sections[end].range.low < region.range.high; ++end) {
      const AllocatedSection& section = sections[end];
      region.range.high = std::max(region.range.high, pages_of(section.range).high);
      region.kind = stronger(region.kind, kind_of(section));
      region.writable |= section.writable;
      region.executable |= section.executable;
      if (section.range.size() > largest) {
        largest = section.range.size();
        region.name = is_stack(section) ? section.name.substr(kStackPrefix.size()) : section.name;
      }
    }
    for (const SegmentBytes& segment : segments) fill(loaded, segment.address, segment.bytes);
    for (; i < end; ++i) fill(loaded, sections[i].range.low, sections[i].bytes);
    regions.push_back(std::move(loaded));
  }
  return regions;
}

}  // namespace fiberscope::emu
