#pragma once
#include <array>
#include <bitset>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "core/flow_reader.h"
#include "core/snapshot.h"
#include "core/step.h"
#include "core/step_state.h"
#include "core/step_template.h"
#include "core/touched_words.h"
#include "core/varint.h"
#include "emu/registers.h"
#include "emu/step_log.h"

namespace fiberscope::core {

/// At most this many steps make a chunk.
inline constexpr std::uint64_t kChunkSteps = emu::StepBuffer::kMaxSteps;

/// A run of consecutive steps, encoded (docs/trace-format.md). Decoded from the state at cursor `first`, before the
/// events that stand at the chunk's head, if any.
struct Chunk {
  StepIndex first;
  std::uint64_t steps = 0;
  CpuId cpu;                                 ///< the processor that runs at the start
  std::uint32_t space = 0;                   ///< the address space that is laid out at the start
  std::vector<emu::RegisterFile> registers;  ///< at the start, of each processor
  std::uint64_t rip_after = 0;               ///< behind the last step, before any event of the next chunk
  std::vector<std::uint8_t> body;            ///< compressed (zstd)
  std::uint32_t body_size = 0;               ///< uncompressed
  TouchedWords touched;
  std::bitset<emu::kRegisterSlots> written;  ///< registers written in it

  [[nodiscard]] StepIndex last() const { return first + steps; }
};

/// An event as it stands in a chunk.
struct ChunkEvent {
  StepIndex step;  ///< it came behind this step
  emu::EventKind kind = emu::EventKind::interrupt;
  std::uint32_t vector = 0;  ///< of a system call, a signal, a task: its number
  std::uint32_t error_code = 0;
  emu::Address rip_before;
  CpuId cpu;  ///< the processor it happened on
};

/// What one step, with the events behind it, did.
struct StepEffects {
  std::uint32_t instruction = 0;          ///< index of its template
  CpuId cpu;                              ///< the processor that ran it; an event tells its own
  std::vector<RegisterChange> registers;  ///< changed ones but rip, in the order of slots; events append theirs
  std::vector<MemoryChange> memory;       ///< in order of the writes, at most 8 bytes each, equal values included
  std::vector<ChunkEvent> events;
  /// Where an event's own changes begin in `registers` and `memory`; they end where the next event's begin.
  struct EventStart {
    std::size_t registers = 0;
    std::size_t memory = 0;
  };
  std::vector<EventStart> event_starts;  ///< one for each of `events`
  std::uint64_t rip_before = 0;
  std::uint64_t rip_after = 0;  ///< of the step's processor, behind the events

  /// What the step itself changed, without the events behind it.
  [[nodiscard]] std::span<const RegisterChange> own_registers() const {
    return {registers.data(), event_starts.empty() ? registers.size() : event_starts.front().registers};
  }
  /// What the step and the events on that processor changed, in order.
  [[nodiscard]] std::vector<RegisterChange> registers_of(CpuId processor) const;
  /// rip of the step's processor behind the step, before any event.
  [[nodiscard]] std::uint64_t rip_alone() const;
  [[nodiscard]] std::span<const MemoryChange> own_memory() const {
    return {memory.data(), event_starts.empty() ? memory.size() : event_starts.front().memory};
  }
  void clear();
};

/// Turns the raw log into chunks. Keeps the state of registers and memory as it goes.
class ChunkEncoder {
 public:
  /// Told about what the stack pointer does, in the middle of encoding.
  class Observer {
   public:
    virtual ~Observer() = default;
    /// The step under way writes into `watched()`; true if on_step is to be called when it is complete.
    virtual bool on_watched_write(std::uint64_t address, std::size_t size) = 0;
    /// The step before the current state moved rsp out of `stack()`, or made a write that was to be looked at.
    virtual void on_step(StepIndex step, const StepTemplate& instruction, std::uint64_t rsp_before) = 0;
    virtual void on_event(const ChunkEvent& event, std::uint64_t rsp_before) = 0;
    /// What the event just told of says of itself.
    virtual void on_event_text(std::string text) = 0;
    /// Another address space was laid out, by the event just told of.
    virtual void on_space(StepIndex step) = 0;
    virtual void on_output(StepIndex step, std::span<const std::uint8_t> bytes) = 0;
    /// From here on all is about that processor, whose registers are now the state's.
    virtual void on_cpu(CpuId) {}
    /// Asked again after each call of one of the above.
    [[nodiscard]] virtual emu::AddressRange stack() const = 0;
    [[nodiscard]] virtual emu::AddressRange watched() const = 0;
  };

  /// `templates` grows as new instructions are met; `state` must be the state before the first buffer.
  ChunkEncoder(StepState& state, std::vector<StepTemplate>& templates, Observer& observer);
  ChunkEncoder(const ChunkEncoder&) = delete;  // plans point to each other
  ChunkEncoder& operator=(const ChunkEncoder&) = delete;
  ~ChunkEncoder() = default;

  /// Encodes all complete records of the words given, `first` being the cursor before them.
  Chunk encode(std::span<const std::uint64_t> words, StepIndex first, std::uint64_t rip_after);

 private:
  /// What every step asks of its template, in one piece and in the order of asking: following a template's three lists
  /// takes longer than encoding a step.
  struct Plan {
    static constexpr std::size_t kSlots = 8;  ///< few instructions change more registers
    static constexpr std::uint64_t kManyWrites = ~std::uint64_t{0};

    std::uint64_t rip = 0;
    Plan* successor = nullptr;         ///< of the instruction that followed last; never null once it is used …
    std::uint32_t successor_mark = 0;  ///< … and the chunk in which it did
    std::uint32_t written_mark = 0;    ///< the chunk in whose `written` all of its slots are
    std::uint32_t id = 0;              ///< index of the template
    bool may_change = true;            ///< lies in writable memory, as far as is known
    bool has_source = false;
    bool moves_rsp = false;
    std::uint8_t target_slot = OperandAddress::kNone;
    std::uint8_t slots = 0;
    std::uint8_t general_slots = 0;  ///< they come first
    std::array<std::uint8_t, kSlots> first_slots{};
    std::uint64_t write_words = 0;  ///< in a record; more than one write: kManyWrites
    OperandAddress write;           ///< the first one
  };

  /// All steps up to the next record of another kind, which it returns.
  const std::uint64_t* encode_steps(const std::uint64_t* record, const std::uint64_t* end);
  void encode_event(const std::uint64_t* record);
  void encode_cpu(const std::uint64_t* record);
  /// These tell if any of the writes is to be looked at.
  bool encode_write(const OperandAddress& operand, std::uint64_t next_rip, const std::uint64_t* words,
                    const std::uint64_t* forecast);
  bool encode_expected_writes(const Plan& plan, const std::uint64_t* words, std::size_t count, std::uint64_t source);
  bool encode_explicit_writes(const std::uint64_t* words, std::size_t count);
  void encode_values(const Plan& plan, const std::uint64_t* values, std::uint64_t source);
  void add_written(Plan& plan, const std::uint64_t* values);
  void tell_step(const Plan& plan, std::uint64_t rsp_before, const std::uint64_t* next, const std::uint64_t* end);

  void forget_previous();
  Plan* plan_at(std::uint64_t rip, std::uint8_t size);
  Plan* find_template(std::uint64_t rip, std::uint8_t size);
  Plan* add_plan(const StepTemplate& step);

  StepState& state_;
  std::vector<StepTemplate>& templates_;
  Observer& observer_;
  emu::Disassembler disassembler_;
  std::deque<Plan> plans_;    ///< of the template with the same index; none ever moves
  std::vector<Plan*> known_;  ///< by a hash of rip
  std::uint32_t chunk_mark_ = 0;
  Plan none_;                  ///< stands for the step before where there is none
  Plan* previous_ = &none_;    ///< of the last record of this chunk, output aside, if that was a step
  std::vector<Plan*> parked_;  ///< the same of processors that do not run; null: none_
  bool after_step_ = false;    ///< the last record was a step of the processor that runs
  StepIndex step_;
  std::uint64_t rip_after_ = 0;
  emu::AddressRange stack_;  ///< as the observer last said
  bool off_stack_ = false;   ///< rsp is not in it
  emu::AddressRange watched_;
  std::bitset<emu::kRegisterSlots> written_;
  VarintWriter flow_;
  VarintWriter values_;
  VarintWriter writes_;
  VarintWriter events_;
  VarintWriter body_;
};

/// Plays a chunk on a state, one step at a time. Throws CorruptData where the chunk makes no sense.
class ChunkDecoder {
 public:
  /// Sets the state's registers to those at the chunk's start; its memory must already be that of the start. Applies
  /// the events at the chunk's head, telling them to `head` if given.
  ChunkDecoder(const Chunk& chunk, const std::vector<StepTemplate>& templates, StepState& state,
               StepEffects* head = nullptr);

  /// Applies the next step and the events behind it; false, and nothing done, at the chunk's end.
  bool next(StepEffects* effects);
  [[nodiscard]] std::uint64_t done() const { return done_; }

 private:
  /// Moves to the next item; `rip_behind`: where the processor stands if nothing else follows.
  void read_flow(std::uint64_t rip_behind);
  void apply_events(StepEffects* effects);
  void apply_writes(const StepTemplate& step, bool expected, std::uint64_t source, StepEffects* effects);
  void apply_explicit_write(std::uint64_t base, StepEffects* effects);
  void store(std::uint64_t address, std::uint64_t value, std::size_t size, StepEffects* effects);
  std::uint64_t rip_before_next();
  void change_space();

  const Chunk& chunk_;
  const std::vector<StepTemplate>& templates_;
  StepState& state_;
  std::vector<std::uint8_t> body_;
  FlowReader flow_;
  VarintReader values_;
  VarintReader writes_;
  VarintReader events_;
  FlowReader::Item ahead_ = FlowReader::Item::end;
  std::uint64_t event_rip_before_ = 0;
  std::uint64_t done_ = 0;
};

/// The templates of a chunk's steps, in order; without playing it on a state some 5 ns a step. Throws CorruptData.
std::vector<std::uint32_t> instructions_of(const Chunk& chunk, std::size_t templates);

/// On which processor a chunk's steps ran, and its events happened, in order. Throws CorruptData.
struct ChunkProcessors {
  std::vector<std::uint16_t> steps;
  std::vector<std::uint32_t> instructions;  ///< of each step: the index of its template
  std::vector<std::uint16_t> events;
  std::uint16_t last = 0;  ///< the one that goes on
};
ChunkProcessors processors_of(const Chunk& chunk, std::size_t templates);

}  // namespace fiberscope::core
