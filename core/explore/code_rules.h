#pragma once
#include <string>

#include "emu/instruction.h"

namespace fiberscope::core::explore {

/// What a function begins with: endbr64, push of a register, mov rbp, rsp, sub rsp, N.
bool is_prologue(const emu::Instruction& instruction);
/// What it ends with: nop, leave, pop, add rsp, N, lea rsp, …, ret.
bool is_epilogue_instruction(const emu::Instruction& instruction);
/// With a lock prefix, or an xchg with memory, which has an implied one (Intel SDM vol. 2, LOCK).
bool is_locked(const emu::Instruction& instruction);
/// mfence: waits until the store buffer is empty. sfence and lfence order nothing more under x86-TSO.
bool is_fence(const emu::Instruction& instruction);
/// Why an instruction cannot be explored, with what to do; empty where it can. What user code may not do, what asks a
/// clock or a random generator, and what keeps state that is not followed (x87, MMX, segments).
std::string why_refused(const emu::Instruction& instruction);

}  // namespace fiberscope::core::explore
