#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/scenario.h"
#include "core/snapshot.h"
#include "emu/instruction.h"

namespace fiberscope::core {

/// What a caption is made from, besides the snapshot after the step.
struct CaptionContext {
  const emu::RegisterFile& before;             ///< registers before the step …
  const emu::RegisterFile& after;              ///< … and right behind it, before any event
  const std::vector<RegisterChange>& changed;  ///< by the step alone, in slot order
  const std::vector<MemoryChange>& written;    ///< likewise
  std::string target;                          ///< symbol of the instruction at after's rip, or its address
  const emu::Instruction* instruction;         ///< the step's; never null
  std::string att_text;                        ///< "pushq %rbp"
  std::string function;                        ///< of the instruction; empty where none covers it
  std::optional<Switch> coming;                ///< the switch that this very call of `function` is about to make
  std::optional<ThreadId> first_thread;        ///< who was on the CPU when the trace began
  bool back = false;                           ///< the thread left the CPU inside this call of `function`
};

/// The scenario's own words for this instruction with the real values filled in, else a sentence built from what the
/// step did. `scenario` may be null.
Caption make_caption(const Snapshot& snapshot, const CaptionContext& context, const Scenario* scenario,
                     std::string_view language);

}  // namespace fiberscope::core
