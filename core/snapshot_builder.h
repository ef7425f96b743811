#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/scenario.h"
#include "core/snapshot.h"
#include "core/stack_builder.h"
#include "core/thread_table.h"
#include "core/trace.h"
#include "emu/disassembler.h"

namespace fiberscope::core {

/// Makes snapshots of one trace. A snapshot costs a few seeks: about a millisecond.
class SnapshotBuilder {
 public:
  /// `scenario` gives the captions, where there is one. Both must outlive the builder.
  SnapshotBuilder(Trace& trace, const Scenario* scenario, std::string language = "en");

  /// The cursor is clamped to the trace. Throws CorruptData where the trace is damaged.
  Snapshot build(StepIndex cursor);

 private:
  void add_instruction(Snapshot& snapshot, const StepTemplate& step);
  void add_next(Snapshot& snapshot, const MachineState& state);
  void add_threads(Snapshot& snapshot);
  void add_stacks(Snapshot& snapshot, const MachineState& state);
  void find_leaves(const Snapshot& snapshot);
  emu::RegisterFile registers_at_leave(const Switch& entry, emu::AddressRange stack);
  /// The processor whose rsp the thread has.
  [[nodiscard]] std::optional<CpuId> cpu_that_runs(const Snapshot& snapshot, ThreadId thread) const;
  void add_processors(Snapshot& snapshot);
  void compare_with_thread(Snapshot& snapshot);
  void add_times(Snapshot& snapshot);
  void add_rewritten(Snapshot& snapshot);
  std::optional<RewrittenReturn> rewritten_by(ThreadId thread, const Cell& cell, StepIndex step);
  [[nodiscard]] bool is_call(StepIndex step);
  /// The next switch, where the function runs on to it without leaving. Moves the trace.
  std::optional<Switch> coming_switch(StepIndex cursor, const emu::Symbol& function);
  [[nodiscard]] InstructionView view_of(const emu::Instruction& instruction, std::span<const std::uint8_t> bytes) const;

  Trace& trace_;
  const Scenario* scenario_;
  std::string language_;
  std::optional<ThreadTable> table_;
  StackBuilder stacks_;
  emu::Disassembler disassembler_;
  std::map<ThreadId, std::optional<emu::Address>>
      lowest_;                            ///< what was ever written of each stack, or will be by the next step
  std::map<ThreadId, StepIndex> leaves_;  ///< the last one of each thread that is not on the CPU …
  bool looks_back_ = false;               ///< while the snapshot before a write is made, for the sake of rewritten_
  /// By the step that last wrote a return address, and its cell.
  std::map<std::pair<StepIndex, emu::Address>, std::optional<RewrittenReturn>> rewritten_;
  std::map<std::pair<ThreadId, StepIndex>, emu::RegisterFile>
      left_with_;  ///< … and the registers just before it, for any ever asked for
};

/// "mov rsp, rsi": mnemonic and operands with one blank between.
std::string instruction_text(const std::string& mnemonic, const std::string& operands);

}  // namespace fiberscope::core
