#pragma once
#include <functional>
#include <optional>
#include <string>

#include "emu/instruction.h"

namespace fiberscope::core::explore {

/// What a function begins with: endbr64, push of a register, mov rbp, rsp, sub rsp, N.
bool is_prologue(const emu::Instruction& instruction);
/// Whether nothing comes from this address on but what a function ends with: nop, leave, pop, add rsp, N, lea rsp, …,
/// and then its ret, before `end`. `decode` gives the instruction at an address, or nothing.
bool is_epilogue(emu::Address from, emu::Address end,
                 const std::function<std::optional<emu::Instruction>(emu::Address)>& decode);
/// With a lock prefix, or an xchg with memory, which has an implied one (Intel SDM vol. 2, LOCK).
bool is_locked(const emu::Instruction& instruction);
/// mfence: waits until the store buffer is empty. sfence and lfence order nothing more under x86-TSO.
bool is_fence(const emu::Instruction& instruction);
/// Why an instruction cannot be explored, with what to do; empty where it can. What user code may not do, what asks a
/// clock or a random generator, and what keeps state that is not followed (x87, MMX, segments).
std::string why_refused(const emu::Instruction& instruction);

}  // namespace fiberscope::core::explore
