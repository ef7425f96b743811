#pragma once
#include <cstdint>
#include <optional>

#include "emu/memory.h"

namespace fiberscope::emu {

/// Where the instruction begins that lies across the end of the page of `start`, if instructions lead from there to it
/// and there is at least one before it.
std::optional<std::uint64_t> straddling_instruction(const Memory& memory, std::uint64_t start);

}  // namespace fiberscope::emu
