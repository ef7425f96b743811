#pragma once
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/chunk.h"
#include "core/decoded_step.h"
#include "core/machine_state.h"
#include "core/stay_builder.h"
#include "core/timeline.h"
#include "core/trace_data.h"
#include "emu/debug_info.h"
#include "emu/image.h"
#include "emu/stop.h"

namespace fiberscope::core {

/// A recorded run: answers what the machine was at any cursor, forwards and backwards, without running anything again.
/// May grow while it is read. One object is for one thread; a seek moves it, so a state stays valid until the next
/// question.
class Trace {
 public:
  /// Fails where the image in the header cannot be parsed or the regions overlap.
  static emu::Result<std::unique_ptr<Trace>> create(TraceHeader header);
  ~Trace();

  void append(TraceBatch batch);
  void finish(emu::Stop stop);

  [[nodiscard]] StepIndex steps() const;
  /// How the run ended; nothing while it is recorded, and for ever in a trace whose recorder was killed.
  [[nodiscard]] const std::optional<emu::Stop>& stop() const { return stop_; }
  [[nodiscard]] const TraceHeader& header() const { return header_; }
  [[nodiscard]] std::string meta(const std::string& name) const;
  [[nodiscard]] const emu::Image& image() const { return image_; }
  [[nodiscard]] const emu::DebugInfo& debug() const { return debug_; }
  [[nodiscard]] const std::vector<StepTemplate>& templates() const { return templates_; }
  [[nodiscard]] const std::vector<ThreadRecord>& threads() const { return threads_; }
  [[nodiscard]] const std::vector<Switch>& switches() const { return timeline_.switches; }
  [[nodiscard]] const std::vector<EventRecord>& events() const { return events_; }
  [[nodiscard]] const std::vector<OutputRecord>& output() const { return output_; }
  [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
  [[nodiscard]] const Chunk& chunk(std::size_t index) const { return chunks_[index]; }
  /// The chunk that holds the step (1 … steps()); chunk.first < step <= chunk.last().
  [[nodiscard]] const Chunk& chunk_of(StepIndex step) const { return chunks_[chunk_at(step - 1)]; }
  /// Bytes held for steps, uncompressed checkpoints and indexes included.
  [[nodiscard]] std::uint64_t memory_use() const;

  /// A template decoded; made when first asked for.
  const DecodedStep& decoded(std::uint32_t instruction);
  /// Registers and memory at a cursor (clamped to the trace). At most some 0.1 ms. Throws CorruptData. The state's
  /// `registers` are those of the processor that ran the step, or of the one that is named.
  const MachineState& state_at(StepIndex cursor);
  const MachineState& state_at(StepIndex cursor, CpuId cpu);
  /// The state in front of a step (1 … steps()): at the cursor before it, with the registers of the processor that runs
  /// it.
  const MachineState& state_before(StepIndex step) { return state_at(step - 1, cpu_of_step(step)); }
  /// The address space that is laid out at a cursor, as the kernel's books number it; 0 where there is one only.
  std::uint32_t space_at(StepIndex cursor);
  /// Memory that the program cannot touch: the books of its kernel, and frames of other spaces.
  [[nodiscard]] bool is_hidden(emu::Address address) const;
  /// Lays the memory of the present state out as another space sees it, until the end of the object's life: what
  /// state_at() gave stays valid and shows that space. Nothing else may be asked meanwhile.
  class Look {
   public:
    /// Nothing: as it is.
    Look(Trace& trace, std::optional<std::uint32_t> space);
    ~Look();
    Look(const Look&) = delete;
    Look& operator=(const Look&) = delete;

   private:
    Trace& trace_;
    std::uint32_t before_;
  };
  /// The last cursor's state with each frame at its own address, and the space that is laid out there: what recording
  /// goes on from.
  std::pair<MachineState, std::uint32_t> last_flat_state();
  /// What step `step` (1 … steps()) did, the events behind it included; leaves the state at that cursor.
  const StepEffects& effects_of(StepIndex step);

  [[nodiscard]] std::size_t processors() const { return 1 + header_.others.size(); }
  /// The processor that ran a step; 0 for cursor 0.
  [[nodiscard]] CpuId cpu_of_step(StepIndex step) const;
  /// The processor of the last record of the trace so far, event or step.
  [[nodiscard]] CpuId last_cpu() const { return last_cpu_; }
  /// Who ran a step: the owner of its processor's rsp before it; nothing where no thread owned it.
  [[nodiscard]] std::optional<ThreadId> thread_of_step(StepIndex step) const;
  /// Who is on a processor at a cursor: the owner of its rsp. Without a name, the processor that ran the step.
  [[nodiscard]] std::optional<ThreadId> thread_at(StepIndex cursor) const {
    return thread_at(cursor, cpu_of_step(cursor));
  }
  [[nodiscard]] std::optional<ThreadId> thread_at(StepIndex cursor, CpuId cpu) const;
  /// Who was on a processor before the first step and any event.
  [[nodiscard]] std::optional<ThreadId> first_owner(CpuId cpu) const { return first_owners_.at(cpu.value); }
  /// The first switch behind the cursor, the last one at or before it.
  [[nodiscard]] const Switch* next_switch(StepIndex cursor) const;
  [[nodiscard]] const Switch* next_switch(StepIndex cursor, CpuId cpu) const;
  [[nodiscard]] const Switch* last_switch(StepIndex cursor) const;
  [[nodiscard]] const Switch* last_switch(StepIndex cursor, CpuId cpu) const;
  /// The last switch away from the thread at or before the cursor.
  [[nodiscard]] const Switch* last_leave(ThreadId thread, StepIndex cursor) const;
  /// The step of the last switch to the thread at or before the cursor.
  [[nodiscard]] std::optional<StepIndex> last_arrival(ThreadId thread, StepIndex cursor) const;
  /// How many switches to the thread there were up to the cursor.
  [[nodiscard]] std::uint64_t switches_in(ThreadId thread, StepIndex cursor) const;
  /// The events behind one step, in order.
  [[nodiscard]] std::span<const EventRecord> events_behind(StepIndex step) const;
  /// All that was printed up to the cursor.
  [[nodiscard]] std::string output_until(StepIndex cursor) const;

  /// The last step at or before the cursor that wrote any byte of [address, address + size), or the register. Events
  /// count for the step before them. Nothing if none did. Addresses are those of the space that is laid out at the
  /// cursor, or of `space`. A register is that of the cursor's processor, or of the one that is named.
  std::optional<StepIndex> last_write(emu::Address address, std::uint64_t size, StepIndex cursor,
                                      std::optional<std::uint32_t> space = std::nullopt);
  std::optional<StepIndex> last_write(emu::Register reg, StepIndex cursor) {
    return last_write(reg, cursor, cpu_of_step(std::min(cursor, steps())));
  }
  std::optional<StepIndex> last_write(emu::Register reg, StepIndex cursor, CpuId cpu);
  /// The nearest step behind, or before, the cursor's own that reads or writes any of the bytes.
  std::optional<StepIndex> next_access(emu::Address address, std::uint64_t size, StepIndex cursor);
  std::optional<StepIndex> previous_access(emu::Address address, std::uint64_t size, StepIndex cursor);
  /// The lowest address of the range that any step up to the cursor wrote; nothing if none did.
  std::optional<emu::Address> lowest_write(emu::AddressRange range, StepIndex cursor,
                                           std::optional<std::uint32_t> space = std::nullopt);

  /// Stays where it is and grows with the trace.
  [[nodiscard]] const Timeline& timeline() const { return timeline_; }

 private:
  struct WriteIndex;
  struct PageVersions;

  Trace(TraceHeader header, emu::Image image, MachineState start);

  void extend_timeline(std::vector<Switch> switches);
  void note_processors(TraceBatch& batch);
  [[nodiscard]] std::size_t chunk_at(StepIndex cursor) const;
  void open_chunk(std::size_t index, StepEffects* head);
  void restore_memory(std::size_t chunk);
  void pass_chunk(std::size_t chunk);
  void mark_dirty(const Chunk& chunk);
  void advance_to(StepIndex cursor);
  const WriteIndex& write_index(std::size_t chunk);
  std::optional<StepIndex> last_write_in(std::size_t chunk, std::uint64_t word, std::uint8_t mask, StepIndex cursor);
  /// The frames' addresses of a range, page by page: one range where every page lies at its own.
  struct Part {
    emu::Address address;
    emu::AddressRange physical;
  };
  std::vector<Part> parts_of(emu::AddressRange range, StepIndex cursor, std::optional<std::uint32_t> space);
  std::optional<StepIndex> last_physical_write(emu::Address address, std::uint64_t size, StepIndex cursor);
  std::optional<emu::Address> lowest_physical_write(emu::AddressRange range, StepIndex cursor);
  bool step_accesses(StepIndex step, const std::vector<Part>& parts);
  [[nodiscard]] std::vector<std::uint8_t> initial_page(std::uint64_t address) const;

  TraceHeader header_;
  emu::Image image_;
  emu::DebugInfo debug_;
  std::vector<StepTemplate> templates_;
  std::deque<Chunk> chunks_;  ///< a decoder keeps a reference while the trace grows
  std::vector<ThreadRecord> threads_;
  std::vector<EventRecord> events_;
  std::vector<OutputRecord> output_;
  std::vector<Finding> findings_;
  std::optional<emu::Stop> stop_;
  std::vector<std::optional<ThreadId>> first_owners_;  ///< of each processor's stack
  /// Where there are several processors: by chunk, those of its steps; by processor, the places of its switches.
  std::vector<std::vector<std::uint16_t>> chunk_cpus_;
  std::vector<std::vector<std::size_t>> cpu_switches_;
  StayBuilder stays_;
  std::vector<std::uint32_t> halts_;  ///< templates of hlt, ascending
  CpuId last_cpu_;
  Timeline timeline_;
  std::map<ThreadId, std::vector<std::uint64_t>> arrivals_;  ///< steps of the switches to each thread

  bool has_spaces_ = false;  ///< a chunk knows of a second one
  StepState state_;
  std::unique_ptr<ChunkDecoder> decoder_;
  std::size_t open_chunk_ = 0;
  StepIndex cursor_;
  StepEffects effects_;
  std::optional<StepIndex> effects_step_;

  std::map<std::uint64_t, PageVersions> pages_;  ///< by page address: every page that was ever written
  std::vector<std::vector<std::uint64_t>>
      words_;  ///< by chunk: values of its touched words at its end; empty: not yet known
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>>
      writers_;                    ///< by word: the chunks that wrote it, ascending …
  std::size_t known_writers_ = 0;  ///< … of the first so many chunks: made when first asked for
  std::list<std::pair<std::size_t, std::unique_ptr<WriteIndex>>> indexes_;  ///< newest first
  emu::Disassembler disassembler_;
  std::unordered_map<std::uint32_t, DecodedStep> decoded_;
};

}  // namespace fiberscope::core
