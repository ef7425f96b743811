#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/lost_update.h"
#include "core/step.h"
#include "core/thread.h"
#include "emu/address.h"
#include "emu/registers.h"
#include "emu/store_buffer.h"

namespace fiberscope::core {

/// Everything there is to say about one cursor: what `show` prints and what the panels draw. Plain data, made by
/// SnapshotBuilder from a trace; equal cursors of equal traces give equal snapshots.

struct InstructionView {
  emu::Address address;
  std::vector<std::uint8_t> bytes;
  std::string intel;   ///< "mov rsp, rsi"
  std::string att;     ///< "movq %rsi, %rsp"
  std::string symbol;  ///< "switch_to_context+15"; empty where none covers the address
  std::string file;    ///< empty where the line table says nothing
  int line = 0;        ///< 0 where the line table says nothing
};

struct RegisterChange {
  emu::Register reg = emu::Register::rax;
  std::uint64_t old_value = 0;
  std::uint64_t new_value = 0;
};

struct MemoryChange {
  emu::Address address;
  std::uint8_t size = 0;  ///< 1 … 8 bytes
  std::uint64_t old_value = 0;
  std::uint64_t new_value = 0;
  emu::Address physical = address;  ///< of its frame: another one where several address spaces have this address
};

/// A read or write of memory, by the step that just ran or by the next one.
struct MemoryAccess {
  emu::Address address;
  std::uint32_t size = 0;
  bool is_write = false;
};

/// One value as the step that just ran moved it: mov, push, pop, leave, call (rip to the stack), ret.
struct Move {
  std::optional<emu::Register> from_register;  ///< exactly one of the two sources is set
  std::optional<emu::Address> from_memory;
  std::optional<emu::Register> to_register;  ///< exactly one of the two targets is set
  std::optional<emu::Address> to_memory;
  std::uint8_t size = 8;  ///< bytes
  std::uint64_t value = 0;
};

enum class CellRole : std::uint8_t {
  return_address,
  saved_rbp,       ///< a saved rbp that continues a frame-pointer chain
  saved_register,  ///< any other saved callee-saved register
  argument,
  local,
  padding,  ///< written, but debug information names nothing there
  never_written
};
std::string_view to_string(CellRole role);

/// A return address that is not the one its call pushed.
struct RewrittenReturn {
  StepIndex step;          ///< the step that wrote the new one
  std::uint64_t was = 0;   ///< what the call had pushed …
  std::string was_symbol;  ///< … "chainhead+26"
};

struct Cell {
  emu::Address address;
  std::uint8_t size = 8;
  std::uint64_t value = 0;
  CellRole role = CellRole::never_written;
  std::string symbol;  ///< "thread_yield+15", "saved rbx", "item", …: the label to print in the cell
  std::string owner;   ///< saved_register: the local that lives in it ("producer's count"), where one does; else empty
  bool live = true;    ///< false below rsp: popped, but still in memory
  std::optional<std::uint32_t> frame;   ///< index in StackView::frames; nothing below rsp and above the outermost frame
  std::optional<StepIndex> written_at;  ///< the step that last wrote any of its bytes; nothing if none did
  std::optional<RewrittenReturn> rewritten;  ///< of a return address that something else than its call wrote
};

enum class UnwindMethod : std::uint8_t { cfi, frame_pointer };
std::string_view to_string(UnwindMethod method);

struct Frame {
  std::string function;
  emu::Address frame_base;                     ///< canonical frame address: the value of rsp before the call
  emu::Address rip;                            ///< where this frame will go on (the innermost: where it is)
  std::optional<emu::Address> saved_rbp_at;    ///< the cell that holds the caller's rbp
  std::optional<std::uint64_t> saved_rbp;      ///< its value
  std::optional<emu::Address> return_address;  ///< nothing in the outermost frame of a complete chain
  std::string return_symbol;
  UnwindMethod method = UnwindMethod::cfi;
  bool is_signal = false;  ///< nobody called it: an interrupt or a signal came, and its cells keep what was interrupted
  emu::AddressRange cells;  ///< the part of the stack that belongs to this frame
};

/// How a chain ends: at a thread's entry, at a first frame that was built by hand and never called, or where the
/// unwinder could not go on.
enum class ChainEnd : std::uint8_t { entry, forged, unknown };
std::string_view to_string(ChainEnd end);

struct StackView {
  ThreadId thread;
  emu::AddressRange range;
  emu::Address rsp;        ///< the register's value where it lies on this stack, else the one it was left with
  bool holds_rsp = false;  ///< a CPU's rsp lies on this stack …
  CpuId cpu;               ///< … that of this one
  bool chain_complete = false;
  ChainEnd chain_end = ChainEnd::unknown;
  std::uint64_t omitted =
      0;                    ///< cells of [range.low, range.high) that are not listed: never written ones at the low end
  std::vector<Cell> cells;  ///< from high to low addresses, without a gap, to the lowest one written so far or next
  std::vector<Frame> frames;  ///< from the outermost to the innermost
};

/// Memory around an rsp that is on nobody's stack: a context that is popped as if it were one.
struct RspPlace {
  struct Word {
    emu::Address address;
    std::uint8_t size = 8;
    std::uint64_t value = 0;
    std::string name;  ///< of the variable or member; empty where nothing names it
    bool live = true;  ///< false below rsp
  };
  std::string name;         ///< "contexts[2]"; the region's where no variable lies there
  std::vector<Word> words;  ///< from high to low addresses
};

struct ThreadView {
  Thread thread;                  ///< as its own table says: `thread.state` is the word of whoever keeps that table
  std::uint64_t switches_in = 0;  ///< switches to this thread up to the cursor
  /// Where it stands on the machine: `thread.state`, but where that says running and another thread, which carries it
  /// (a kernel thread under a scheduler or a fiber, the kernel's half of a task), is ready or waiting: then as that
  /// one. A thread that is running and on no processor goes on `with` another, or that is its table's word alone.
  ThreadState state = ThreadState::unused;
  std::optional<ThreadId> with;            ///< running: whose stack it is on meanwhile; else: who carries it
  std::optional<emu::Address> parked_rsp;  ///< not running: the rsp that it will go on with, where that is known
};

/// One sentence for people about the step that just ran; at cursor 0 what the scenario is about.
struct Caption {
  std::string instruction;  ///< its text, in Intel syntax; empty at cursor 0
  std::string sentence;
};

/// The machine's own doings after step N, before step N+1 (interrupt delivered, …).
struct EventView {
  std::string kind;
  std::string text;
};

/// One of several processors at the cursor.
/// A store that its processor has made and memory does not hold yet.
struct WaitingStore {
  emu::BufferedStore store;
  std::string symbol;  ///< "x" or "queue+8"; the address where it has no name
};

struct ProcessorView {
  CpuId cpu;
  bool running = false;            ///< it has been started
  std::optional<ThreadId> thread;  ///< the owner of its rsp
  emu::RegisterFile registers;
  std::vector<RegisterChange>
      changed;  ///< by the step, where it ran here, and by the events behind it that happened here
  std::optional<InstructionView> next;  ///< the one at its rip; nothing where no code is
  std::vector<WaitingStore> stores;     ///< in its store buffer, oldest first
};

struct Snapshot {
  StepIndex step;
  StepIndex steps;  ///< the trace's length so far
  CpuId cpu;        ///< the processor that ran the step; what follows is about it where nothing else is said
  std::optional<CpuId> next_cpu;               ///< the one that runs the next step; nothing at the end
  bool store_buffers = false;                  ///< the processors have store buffers (a model)
  std::vector<ProcessorView> cpus;             ///< where there are several processors: all of them
  std::uint32_t space = 0;                     ///< the address space that is laid out
  std::optional<ThreadId> thread;              ///< whose step it was: the owner of rsp before the step ran
  std::optional<ThreadId> on_cpu;              ///< the owner of rsp now
  std::optional<InstructionView> instruction;  ///< the step that just ran; nothing at cursor 0
  std::optional<InstructionView> next;         ///< the one at rip; nothing where no code is
  Caption caption;
  emu::RegisterFile registers;
  std::vector<RegisterChange> changed;         ///< by the step and the events behind it; in slot order
  std::vector<MemoryChange> written;           ///< likewise, in the order of the writes
  std::vector<MemoryAccess> accesses;          ///< of the step that just ran
  std::optional<Move> moved;                   ///< by the step that just ran, where all it does is to move one value
  std::vector<MemoryAccess> next_accesses;     ///< of the next one, computed from its operands
  std::optional<Switch> switched;              ///< where this very step is a switch
  std::optional<ThreadId> before_last_switch;  ///< who was on the CPU before the last switch at or before the cursor
  std::optional<StepIndex>
      compared_with;  ///< after a switch: the last cursor at which the thread on the CPU was on it before …
  std::vector<RegisterChange> changed_for_thread;  ///< … and how the registers differ from then
  std::optional<ThreadId> rsp_thread;
  std::optional<ThreadId> rbp_thread;
  std::optional<RspPlace> rsp_place;  ///< where rsp is on no thread's stack but in readable memory
  std::vector<ThreadView> threads;
  std::vector<StackView> stacks;         ///< one a thread, in the order of `threads`
  std::vector<LostUpdate> lost_updates;  ///< those of which a store is what happened at `step`; of a finished trace
  std::vector<EventView> events;
  std::string console;  ///< all that the guest printed up to the cursor
};

}  // namespace fiberscope::core
