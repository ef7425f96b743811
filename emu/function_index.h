#pragma once
#include <elfutils/libdw.h>

#include <string>
#include <vector>

#include "emu/address.h"

namespace fiberscope::emu {

/// The functions that DWARF describes, by their code. A function in several pieces (a cold part) has an entry for each.
class FunctionIndex {
 public:
  struct Entry {
    std::string name;
    AddressRange range;
    Dwarf_Die die{};
    bool is_assembly = false;  ///< hand-written: no prologue, no locals
  };

  /// Leaves out what does not lie in executable regions.
  FunctionIndex(Dwarf* dwarf, const std::vector<AddressRange>& executable);

  /// The position in entries() of the function that holds the address, or entries().size().
  [[nodiscard]] std::size_t position(Address address) const;
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;  // by address
};

}  // namespace fiberscope::emu
