#pragma once
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "core/scenario.h"
#include "core/snapshot.h"
#include "core/stack_builder.h"
#include "core/thread_source.h"
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
  /// Where the thread's stack lies, if spaces are told apart.
  [[nodiscard]] std::optional<std::uint32_t> space_of(const Thread& thread) const;
  [[nodiscard]] std::optional<std::uint32_t> space_of(const Snapshot& snapshot, ThreadId thread) const;
  void find_leaves(const Snapshot& snapshot);
  /// Of a task that has not run yet: those of its maker, and what the kernel gave it.
  emu::RegisterFile registers_at_birth(const Thread& thread);
  emu::RegisterFile registers_at_leave(const Switch& entry, emu::AddressRange stack);
  /// The processor whose rsp the thread has.
  [[nodiscard]] std::optional<CpuId> cpu_that_runs(const Snapshot& snapshot, ThreadId thread) const;
  void add_processors(Snapshot& snapshot);
  void compare_with_thread(Snapshot& snapshot);
  void add_times(Snapshot& snapshot);
  void add_rewritten(Snapshot& snapshot);
  void add_lost_updates(Snapshot& snapshot);
  std::optional<RewrittenReturn> rewritten_by(ThreadId thread, const Cell& cell, StepIndex step,
                                              std::optional<std::uint32_t> space);
  [[nodiscard]] bool is_call(StepIndex step);
  /// The next switch, where the function runs on to it without leaving. Moves the trace.
  std::optional<Switch> coming_switch(StepIndex cursor, const emu::Symbol& function);
  [[nodiscard]] bool is_back(const Snapshot& snapshot, const emu::Instruction& instruction,
                             const emu::RegisterFile& before, const std::string& function);
  [[nodiscard]] InstructionView view_of(const emu::Instruction& instruction, std::span<const std::uint8_t> bytes) const;

  Trace& trace_;
  const Scenario* scenario_;
  std::string language_;
  std::optional<ThreadSource> table_;
  std::optional<emu::Address> store_buffers_;            ///< their mirrors, where the processors have some
  std::optional<std::vector<LostUpdate>> lost_updates_;  ///< of the whole trace, once that is finished
  StackBuilder stacks_;
  emu::Disassembler disassembler_;
  std::map<ThreadId, std::optional<emu::Address>>
      lowest_;                                    ///< what was ever written of each stack, or will be by the next step
  std::map<ThreadId, emu::RegisterFile> unborn_;  ///< registers of tasks that have not run yet
  /// The registers with which each thread that is not on the CPU left its stack last.
  std::map<ThreadId, const emu::RegisterFile*> leaves_;
  bool looks_back_ = false;  ///< while the snapshot before a write is made, for the sake of rewritten_
  /// By the step that last wrote a return address, its cell, and whose stack that is in.
  std::map<std::tuple<StepIndex, emu::Address, ThreadId>, std::optional<RewrittenReturn>> rewritten_;
  /// For any ever asked for: by the step that left, and the stack it left.
  std::map<std::tuple<StepIndex, emu::Address, emu::Address>, emu::RegisterFile> left_with_;
};

/// "mov rsp, rsi": mnemonic and operands with one blank between.
std::string instruction_text(const std::string& mnemonic, const std::string& operands);

}  // namespace fiberscope::core
