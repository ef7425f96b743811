#pragma once
#include "emu/instruction.h"

namespace fiberscope::emu {

/// With a lock prefix, or an xchg with memory, which has an implied one (Intel SDM vol. 2, LOCK).
bool is_locked(const Instruction& instruction);
/// mfence: waits until the store buffer is empty. sfence and lfence order nothing more under x86-TSO.
bool is_fence(const Instruction& instruction);

}  // namespace fiberscope::emu
