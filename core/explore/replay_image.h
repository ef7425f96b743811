#pragma once
#include "core/explore/compiled_program.h"
#include "core/explore/thread_program.h"
#include "core/explore/typed_program.h"
#include "emu/image.h"
#include "emu/result.h"

namespace fiberscope::core::explore {

/// "fork[2]" and "queue.head" are parts of fork and queue; "times.0[1]" is one of times.0, a variable inside a
/// function.
std::string whole_name(const std::string& name);

/// Typed threads as an image of the bare machine: the same instructions as encode_threads() makes, each thread's run by
/// a thread of the guest's runtime, preempted where a schedule says (emu/body_schedule.h), with the statements as its
/// source lines and the shared variables as symbols. Fails where a thread's code or the variables need more room than
/// the image has (asm/replay_runtime/statement_code.S).
emu::Result<emu::Image> typed_replay_image(const TypedThreads& typed, bool whole_statements, ReplayRuntime runtime);

/// The same of compiled threads: what link_guest() made of the program's source.
emu::Result<emu::Image> compiled_replay_image(const LinkedGuest& guest, const ThreadProgram& program);

}  // namespace fiberscope::core::explore
