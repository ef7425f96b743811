#pragma once
#include <cstdint>

#include "emu/result.h"

struct uc_struct;

namespace fiberscope::emu {

/// The selectors of ring 3, as Linux has them (arch/x86/include/asm/segment.h).
inline constexpr std::uint16_t kUserCodeSelector = 0x33;
inline constexpr std::uint16_t kUserDataSelector = 0x2b;

/// Takes a fresh engine to ring 3. The segment descriptors lie on the last page of the lower half of the address space,
/// which Linux leaves free too; that page belongs to the engine, not to the guest's memory.
Result<void> enter_user_mode(uc_struct* engine);

}  // namespace fiberscope::emu
