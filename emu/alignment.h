#pragma once
#include "emu/write_set.h"

namespace fiberscope::emu {

/// The instruction has a memory operand that the processor refuses with #GP unless it lies on a 16-byte boundary: the
/// 16-byte operands of legacy SSE instructions but for the moves made for unaligned data and the string comparisons
/// (Intel SDM vol. 2, 2.4, exceptions of type 1, 2 and 4), cmpxchg16b, fxsave, fxrstor. By opcode, because the
/// decoder's operand sizes are wrong for some of them (it gives comiss 16 bytes). The engine checks only the last two.
bool needs_aligned_operand(const OpcodeBytes& op);

}  // namespace fiberscope::emu
