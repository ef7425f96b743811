#pragma once
#include <string_view>

#include "core/thread.h"

namespace fiberscope::core {

/// What a runtime function means when a thread leaves its stack inside it; unknown for any other function. Of a chain
/// the innermost such function counts, but a timer's interrupt before all: a yield in its handler is the timer's.
SwitchReason reason_of_function(std::string_view function);

}  // namespace fiberscope::core
