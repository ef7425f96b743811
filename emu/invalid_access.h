#pragma once
#include "emu/cpu.h"
#include "emu/registers.h"
#include "emu/step_code.h"

namespace fiberscope::emu {

/// A memory access that the engine refused.
struct InvalidAccess {
  Address address;
  bool is_write = false;
  bool is_fetch = false;
  bool is_mapped = false;  ///< the page is there, but not for this kind of access
};

/// The exception that it raises: #PF, or #GP or #SS where the address is not canonical. Some engines cut the upper bits
/// of such an address off, so it is taken from the operands of the instruction under way (null: none).
CpuStop fault_of(const InvalidAccess& access, const StepCode* instruction, const RegisterFile& now);

}  // namespace fiberscope::emu
