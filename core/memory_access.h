#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/decoded_step.h"
#include "core/trace.h"
#include "emu/instruction.h"

namespace fiberscope::core {

enum class AccessKind : std::uint8_t {
  fetch,    ///< of the instruction itself: all its bytes, once
  read,     ///< of data
  write,    ///< of data
  prefetch  ///< a hint (prefetcht0, …): nothing is read, but a cache may fill a line
};
std::string_view to_string(AccessKind kind);

/// One access of memory by the processor.
struct StepAccess {
  AccessKind kind = AccessKind::read;
  emu::Address address;
  std::uint32_t size = 0;
  bool by_event = false;  ///< by what the machine itself did behind the step: the frame of an interrupt, a signal, …
  CpuId cpu{};            ///< the processor it belongs to

  friend bool operator==(const StepAccess&, const StepAccess&) = default;
};

/// What one step of a trace was, as far as its use of memory goes.
struct AccessedStep {
  StepIndex step;
  std::uint32_t instruction = 0;              ///< index of its template
  const emu::Instruction* decoded = nullptr;  ///< null where the bytes are no instruction that the disassembler knows
  emu::RegisterFile before;                   ///< registers before the step
  std::uint64_t rsp_alone = 0;                ///< behind the step, before any event
  std::uint64_t rsp_after = 0;                ///< behind the events, too
  std::uint64_t rip_alone = 0;                ///< where the step led, before any event
  std::span<const ChunkEvent> events;         ///< behind the step
  std::vector<std::uint64_t> event_rsp;       ///< rsp behind each of them
  std::vector<StepAccess> accesses;           ///< fetch, reads, writes, then the events' writes, each in program order
};

/// Every access of memory, step by step, computed from what a trace keeps: the instructions, the registers before each
/// step, and the bytes written.
///
///   - Each memory operand is one access of its size, the implicit ones included (push, pop, call, ret, leave, enter,
///     pushfq; iretq reads five of 8 bytes). One that is read and written is two accesses.
///   - A repeated string instruction accesses its operands once an element.
///   - lea, nop, invlpg, clflush and the like access nothing. A bit test with a register reaches beyond its operand, as
///     the register says.
///   - The bytes written are those of the trace: where the operands do not cover just these (a compare and exchange
///   that
///     failed, fnsave, …), the trace's own pieces of at most 8 bytes are the writes.
///   - The frame of an interrupt or exception, and whatever else an event wrote: a write of at most 8 bytes each, with
///     `by_event`.
///
/// Not in it, because the trace does not keep where they lie: reads of descriptor tables (IDT, GDT, TSS) and of page
/// tables. What an event reads is not known either.
class AccessReader {
 public:
  explicit AccessReader(Trace& trace) : trace_(trace) {}

  /// Valid until the next call. Ascending steps take some 0.2 µs each, any other a seek. Throws CorruptData.
  const AccessedStep& at(StepIndex step);

 private:
  void add_operand(const DecodedStep& code, const emu::MemoryOperand& operand, AccessKind kind, std::uint64_t elements);
  void add_copied_frames(const DecodedStep& code);
  void add_writes(const DecodedStep& code, std::span<const MemoryChange> written, std::uint64_t elements);

  Trace& trace_;
  AccessedStep current_;
};

}  // namespace fiberscope::core
