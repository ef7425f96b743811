#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/scenario.h"
#include "core/snapshot.h"
#include "core/trace.h"

namespace fiberscope::core {

// The objects that a switch saves into, as they are at one cursor: control blocks, the note's contexts, jmp_bufs,
// ucontexts, the registers that the stack of a parked thread keeps. Where a structure lies and what its members are
// called is read from the image's debug information; only glibc's jmp_buf is known here (its members have no names).
//
// A scenario lists them in `watch.contexts`, in the order of the picture:
//
//   "thread_table"                        a global variable that is a structure, or an array of them: each that is in
//   use "threads.context"                     a member of it; a pointer to a structure stands for what it points at
//   "thread_table.saved_rsp as swapped"   a word that holds the address of a structure of that type
//   "parked stacks"                       of each thread that is not on the CPU: what its innermost frame keeps
//
// Without the key: "parked stacks" and "thread_table".

struct ContextField {
  std::string name;          ///< "rbx", "saved_rsp"; of a jmp_buf the register's
  std::uint64_t offset = 0;  ///< from the object's begin
  emu::Address address;
  std::uint64_t size = 0;              ///< bytes
  std::uint64_t value = 0;             ///< as stored; 0 where it is longer than 8 bytes, of which `text` tells
  std::string text;                    ///< of more than 8 bytes: a text in quotes, or how many bytes
  std::optional<std::uint64_t> plain;  ///< of a mangled pointer: what it is without the mangling
  std::string meaning;  ///< what the value, or the plain one, is: "stack of producer", "yield+15"; may be empty
  std::optional<StepIndex> written_at;  ///< the step that last wrote any of its bytes; nothing if none did
  bool changed = false;                 ///< by the step that led to the cursor
};

struct ContextObject {
  enum class Kind : std::uint8_t { structure, jump_buffer, stack_frame };
  Kind kind = Kind::structure;
  std::string name;  ///< "threads[1].context"; of a frame the function that left it, "switch_to_context"
  std::string type;  ///< of a structure its name
  emu::Address address;
  std::uint64_t size = 0;
  std::uint64_t alignment = 1;     ///< promised by its declaration
  std::optional<ThreadId> thread;  ///< whose it is: of a block its own, else the one that its stack pointer belongs to
  bool never_ran = false;          ///< of a frame: built by hand for a thread that did not run yet
  std::vector<ContextField> fields;  ///< by ascending offset
};

/// What `watch.contexts` may say beside paths.
inline constexpr std::string_view kParkedStacks = "parked stacks";

/// The rsp that an object of `watch.contexts` keeps for a thread.
struct KeptStackPointer {
  ThreadId thread;
  emu::Address rsp;  ///< demangled
  emu::Address at;   ///< the member that holds it, 8 bytes
};
/// All of them at the snapshot's cursor, those that lie on their threads' own stacks. The snapshot is that of `trace`.
std::vector<KeptStackPointer> kept_stack_pointers(Trace& trace, const Snapshot& snapshot, const Scenario& scenario);

/// The objects of the scenario (nullptr: those of any), in its order. Without those that nothing was ever written to
/// and that hold zeros only. The snapshot is that of `trace`; moves the trace.
std::vector<ContextObject> context_objects(Trace& trace, const Snapshot& snapshot, const Scenario* scenario);

/// As `show --contexts` prints them.
std::string to_text(const std::vector<ContextObject>& objects, const Snapshot& snapshot);

}  // namespace fiberscope::core
