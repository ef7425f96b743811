#include "core/space_layout.h"

#include <cstring>
#include <vector>

#include "emu/linux_books.h"

namespace fiberscope::core {
namespace {

/// Whether the tables below this one are a tree, each met once: those of a damaged trace may lead in circles.
bool is_tree(const emu::Memory& memory, emu::AddressRange kernel, std::uint64_t table, int level,
             std::vector<bool>& met) {
  if (!kernel.contains(emu::Address{table}) || table % emu::kPageSize != 0) return true;  // nobody follows it
  const std::size_t index = (table - kernel.low.value) / emu::kPageSize;
  if (met[index]) return false;
  met[index] = true;
  const std::uint8_t* const entries = memory.bytes_at(emu::Address{table}).data();
  for (std::size_t i = 0; level > 0 && i < emu::kPageSize; i += sizeof(std::uint64_t)) {
    std::uint64_t entry = 0;
    std::memcpy(&entry, entries + i, sizeof entry);
    if (entry != 0 && !is_tree(memory, kernel, entry & emu::page_entry::kFrame, level - 1, met)) return false;
  }
  return true;
}

}  // namespace

std::optional<SpaceLayout> SpaceLayout::find(const emu::Memory& memory) {
  emu::AddressRange kernel;
  emu::AddressRange frames;
  for (const emu::Region& region : memory.regions()) {
    if (region.readable || region.writable || region.executable) continue;
    if (region.name == emu::kKernelRegionName) kernel = region.range;
    if (region.name == emu::kFramesRegionName) frames = region.range;
  }
  if (kernel.size() <= emu::linux_books::kTablesAt ||
      memory.read(kernel.low, 4) != std::uint64_t{emu::LinuxBookHead::kMagic})
    return std::nullopt;
  return SpaceLayout(kernel, frames);
}

std::uint64_t SpaceLayout::root(const emu::Memory& memory, std::uint32_t space) const {
  if (space >= emu::linux_books::kMostSpaces) return 0;
  const emu::Address at = kernel_.low + emu::linux_books::kSpacesAt + space * sizeof(emu::LinuxBookSpace);
  const std::uint64_t root = memory.read(at, 8).value_or(0);
  std::vector<bool> met(kernel_.size() / emu::kPageSize);
  return is_tree(memory, kernel_, root, 3, met) ? root : 0;
}

SpaceLayout::Moved SpaceLayout::moved(const emu::Memory& memory, std::uint32_t space) const {
  Moved moved;
  for_each_page(memory, space, [&](const Entry& entry) {
    const std::uint64_t frame = entry.entry & emu::page_entry::kFrame;
    if (frame != entry.page && frames_.contains(emu::Address{frame})) moved.emplace(entry.page, frame);
  });
  return moved;
}

}  // namespace fiberscope::core
