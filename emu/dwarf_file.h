#pragma once
#include <elfutils/libdw.h>
#include <libelf.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "emu/address.h"

namespace fiberscope::emu {

/// libelf's and libdw's view of an ELF file in memory. Reads only those bytes: no separate, split or alternate debug
/// file is looked for. The bytes must outlive this object.
class DwarfFile {
 public:
  explicit DwarfFile(std::span<const std::uint8_t> file);

  /// nullptr where the file has no DWARF.
  [[nodiscard]] Dwarf* dwarf() const { return dwarf_.get(); }
  /// Call frame information, `.eh_frame` first and then `.debug_frame`; either may be absent.
  [[nodiscard]] const std::vector<Dwarf_CFI*>& call_frames() const { return call_frames_; }

 private:
  struct ElfCloser {
    void operator()(Elf* elf) const { elf_end(elf); }
  };
  struct DwarfCloser {
    void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
  };
  struct CfiCloser {
    void operator()(Dwarf_CFI* cfi) const { dwarf_cfi_end(cfi); }
  };
  std::unique_ptr<Elf, ElfCloser> elf_;
  std::unique_ptr<Dwarf, DwarfCloser> dwarf_;
  std::unique_ptr<Dwarf_CFI, CfiCloser> eh_frame_;
  std::vector<Dwarf_CFI*> call_frames_;
};

/// Calls visit for each child, in order. Stops at a child that does not lie behind the one before, as in a damaged file
/// siblings may form a ring.
void for_each_child(Dwarf_Die& parent, const std::function<void(Dwarf_Die&)>& visit);

/// The code addresses of a function, block or inlined call, none of them empty.
std::vector<AddressRange> code_ranges(Dwarf_Die& die);

}  // namespace fiberscope::emu
