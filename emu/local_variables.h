#pragma once
#include <elfutils/libdw.h>

#include "emu/debug_info.h"
#include "emu/unwind_table.h"

namespace fiberscope::emu {

/// Fills in cells and registers of `function`, whose DIE this is and whose range and prologue_end are known. Locals of
/// inlined calls are locals of the function. A variable at a fixed place counts from the end of the prologue, one with
/// a location list exactly where the list says. Left out: what cannot be said relative to the CFA (a variable-length
/// array), what is spread over several places, and what the optimizer keeps nowhere.
void add_local_variables(FunctionInfo& function, Dwarf_Die die, UnwindTable& unwind);

}  // namespace fiberscope::emu
