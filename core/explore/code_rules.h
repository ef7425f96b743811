#pragma once
#include <functional>
#include <optional>
#include <string>

#include "emu/instruction.h"
#include "emu/store_order.h"

namespace fiberscope::core::explore {

/// What a function begins with: endbr64, push of a register, mov rbp, rsp, sub rsp, N.
bool is_prologue(const emu::Instruction& instruction);
/// Whether nothing comes from this address on but what a function ends with: nop, leave, pop, add rsp, N, lea rsp, …,
/// and then its ret, before `end`. `decode` gives the instruction at an address, or nothing.
bool is_epilogue(emu::Address from, emu::Address end,
                 const std::function<std::optional<emu::Instruction>(emu::Address)>& decode);
using emu::is_fence;
using emu::is_locked;
/// div and idiv: a processor refuses them where the divisor is 0 or the quotient does not fit.
bool is_division(const emu::Instruction& instruction);
/// Why an instruction cannot be explored, with what to do; empty where it can. What user code may not do, what asks a
/// clock or a random generator, and what keeps state that is not followed (x87, MMX, segments).
std::string why_refused(const emu::Instruction& instruction);

}  // namespace fiberscope::core::explore
