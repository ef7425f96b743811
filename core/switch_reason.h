#pragma once
#include <string_view>

#include "core/thread.h"

namespace fiberscope::core {

/// What a runtime function means when a thread leaves its stack inside it; unknown for any other function. Of a chain
/// the innermost such function counts, but a timer's interrupt before all: a yield in its handler is the timer's.
SwitchReason reason_of_function(std::string_view function);

/// Whether a thread passes through this runtime or kernel function on its way to another one: those that yield, block,
/// answer a timer or enter the kernel, and what chooses the next thread on their behalf.
bool leads_away(std::string_view function);

}  // namespace fiberscope::core
