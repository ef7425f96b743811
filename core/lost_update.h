#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/step.h"
#include "core/thread.h"
#include "emu/address.h"

namespace fiberscope::core {

class Trace;

/// An update that a run lost: a store of one thread, overwritten by another one that had loaded the variable before it
/// (explore::find_lost_updates() has the rule).
struct LostUpdate {
  struct Access {
    StepIndex step;  ///< of a store that waited in a store buffer: where it reached memory
    ThreadId thread;
    emu::Address code;                  ///< of its instruction
    std::optional<std::int64_t> value;  ///< what was loaded or stored, where it was just the variable
  };
  std::string variable;  ///< "x", "slots[2]"
  Access load;
  Access lost;
  Access store;
  bool drained = false;  ///< the store that overwrites came out of a store buffer

  /// Its store or the lost one is what happened at that step.
  [[nodiscard]] bool is_at(StepIndex step) const { return store.step == step || lost.step == step; }
};

/// Those of some global variables in a finished trace, in the order of the stores that overwrite: from the accesses of
/// its steps. Where the image says what a schedule counts (emu/thread_bodies.h), only that code is looked at. An
/// instruction that is not atomic among several processors loads with its first half. One pass over the trace, under a
/// microsecond a step, and some 0.1 ms for each step that touches the variables. Throws CorruptData.
std::vector<LostUpdate> find_lost_updates(Trace& trace, const std::vector<std::string>& variables);

/// What to say about it behind its store, or behind the store that is lost, with the names of threads: a sentence.
std::string sentence(const LostUpdate& update, StepIndex cursor, const std::function<std::string(ThreadId)>& name);

}  // namespace fiberscope::core
