#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "core/export/instruction_texts.h"
#include "core/trace.h"

namespace fiberscope::core {

/// What an instruction did, without the events behind it.
struct StepRecord {
  StepIndex step;
  std::optional<ThreadId> thread;  ///< whose step it was
  CpuId cpu;
  std::uint32_t template_index = 0;
  const InstructionText* instruction = nullptr;
  std::span<const RegisterChange> registers;  ///< changed ones but rip, in the order of slots
  std::span<const MemoryChange> memory;       ///< in the order of the writes, equal values included
  std::uint64_t rip = 0;                      ///< behind the step
  std::uint64_t rsp = 0;                      ///< likewise
};

/// What the machine itself did behind a step.
struct MachineEvent {
  const EventRecord* record = nullptr;
  std::optional<ThreadId> thread;             ///< who was on its CPU before it
  std::span<const RegisterChange> registers;  ///< rip among them; none at cursor 0, which is behind such an event
  std::span<const MemoryChange> memory;
};

/// A switch, and what rsp was around the step or event that made it.
struct SwitchRecord {
  const Switch* entry = nullptr;
  std::uint64_t from_rsp = 0;
  std::uint64_t to_rsp = 0;
};

/// Takes a trace record by record.
class RecordVisitor {
 public:
  virtual ~RecordVisitor() = default;
  virtual void on_step(const StepRecord& step) = 0;
  virtual void on_event(const MachineEvent&) {}
  virtual void on_switch(const SwitchRecord&) {}
  virtual void on_output(const OutputRecord&) {}
  /// All records up to this cursor have been told; the registers are those of the processor that ran the step.
  virtual void on_cursor(StepIndex, CpuId, const emu::RegisterFile&) {}
};

/// Goes through the whole trace once, in the order in which things happened: the events and switches before the first
/// step, then each step, what it printed, and the events behind it, a switch standing behind the step or event that
/// made it. Holds one step at a time. Throws CorruptData.
void walk_records(Trace& trace, RecordVisitor& visitor);

}  // namespace fiberscope::core
