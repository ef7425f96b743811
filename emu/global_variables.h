#pragma once
#include <elfutils/libdw.h>

#include <optional>
#include <string>
#include <vector>

#include "emu/debug_info.h"

namespace fiberscope::emu {

/// The scalars of the global or file-static variable of that name, by ascending address; none where no debug
/// information knows it or it has no fixed address. Of several of the same name the first one counts.
std::vector<GlobalCell> find_global(Dwarf* dwarf, const std::string& name);

/// The same for the variable that begins at that address, one inside a function, too; `name` stands in the place of its
/// own, which others may have.
std::vector<GlobalCell> find_static(Dwarf* dwarf, Address address, const std::string& name);

/// Where a variable lies for the whole run (its location is a single DW_OP_addr); nothing for any other.
std::optional<Address> fixed_address(Dwarf_Die& variable);

}  // namespace fiberscope::emu
