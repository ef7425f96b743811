#pragma once
#include <string_view>

#include "core/thread.h"
#include "core/unwinder.h"
#include "emu/image.h"

namespace fiberscope::core {

/// What a runtime function means when a thread leaves its stack inside it; unknown for any other function.
SwitchReason reason_of_function(std::string_view function);

/// The reason told by the innermost runtime entry on the leaving thread's chain.
SwitchReason switch_reason(const emu::Image& image, const UnwoundChain& leaving);

}  // namespace fiberscope::core
