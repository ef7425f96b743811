#pragma once
#include "core/trace.h"

namespace fiberscope::core {

/// The cursor right before the first step that a schedule counts (emu/thread_bodies.h): where a replay begins to be
/// what was asked for. 0 where the image names no such code, or none of it ran.
StepIndex replay_start(const Trace& trace);

}  // namespace fiberscope::core
