#include "emu/dwarf_file.h"

#include <cstddef>

namespace fiberscope::emu {
namespace {

constexpr std::size_t kMostRanges = 4096;  // of one DIE; a damaged list may have no end

}  // namespace

DwarfFile::DwarfFile(std::span<const std::uint8_t> file) {
  elf_version(EV_CURRENT);
  // libelf wants a writable pointer, but opens memory for reading only; what it converts, it copies.
  elf_.reset(elf_memory(const_cast<char*>(reinterpret_cast<const char*>(file.data())), file.size()));
  if (!elf_) return;
  dwarf_.reset(dwarf_begin_elf(elf_.get(), DWARF_C_READ, nullptr));
  eh_frame_.reset(dwarf_getcfi_elf(elf_.get()));
  if (eh_frame_) call_frames_.push_back(eh_frame_.get());
  if (!dwarf_) return;
  dwarf_setalt(dwarf_.get(), nullptr);
  if (Dwarf_CFI* debug_frame = dwarf_getcfi(dwarf_.get())) call_frames_.push_back(debug_frame);
}

void for_each_child(Dwarf_Die& parent, const std::function<void(Dwarf_Die&)>& visit) {
  Dwarf_Die child;
  if (dwarf_child(&parent, &child) != 0) return;
  while (true) {
    visit(child);
    Dwarf_Die next;
    if (dwarf_siblingof(&child, &next) != 0 || dwarf_dieoffset(&next) <= dwarf_dieoffset(&child)) return;
    child = next;
  }
}

std::vector<AddressRange> code_ranges(Dwarf_Die& die) {
  std::vector<AddressRange> ranges;
  Dwarf_Addr base = 0;
  Dwarf_Addr low = 0;
  Dwarf_Addr high = 0;
  std::ptrdiff_t offset = 0;
  while (ranges.size() < kMostRanges && (offset = dwarf_ranges(&die, offset, &base, &low, &high)) > 0)
    if (low < high) ranges.push_back({Address{low}, Address{high}});
  return ranges;
}

}  // namespace fiberscope::emu
