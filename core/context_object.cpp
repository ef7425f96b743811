#include "core/context_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "asm/runtime/tcb.h"

namespace fiberscope::core {
namespace {

using emu::Address;
using emu::Register;

/// The eight words of `__jmpbuf`, glibc's sysdeps/x86_64/jmpbuf-offsets.h: JB_RBX 0, JB_RBP 1, …, JB_RSP 6, JB_PC 7.
constexpr std::array<std::string_view, 8> kJumpWords = {"rbx", "rbp", "r12", "r13", "r14", "r15", "rsp", "rip"};
constexpr std::string_view kJumpMember = "__jmpbuf[";
/// PTR_MANGLE of glibc (sysdeps/unix/sysv/linux/x86_64/pointer_guard.h): xor with tcbhead_t::pointer_guard, which lies
/// at fs:0x30, then rol by 2 * 8 + 1. __sigsetjmp mangles rbp, rsp and the program counter.
constexpr std::uint64_t kPointerGuard = 0x30;
constexpr int kMangleRotation = 0x11;
constexpr std::uint64_t kFxsaveSize = 512;  // Intel SDM vol. 2, FXSAVE; at a multiple of 16
constexpr std::string_view kAs = " as ";
/// glibc's signal set and the like are longer than this; a guest's name is not.
constexpr std::uint64_t kLongestText = 64;

bool is_mangled(std::size_t word) {
  return word == 1 || word == 6 || word == 7;
}

/// Which word of a jmp_buf a member is.
std::optional<std::size_t> jump_word(std::string_view member) {
  const std::size_t at = member.rfind(kJumpMember);
  if (at == std::string_view::npos || member.size() != at + kJumpMember.size() + 2) return std::nullopt;
  const auto word = static_cast<std::size_t>(member[member.size() - 2] - '0');
  return word < kJumpWords.size() ? std::optional(word) : std::nullopt;
}

/// An object as a place in memory, before anything is read of it.
struct Placed {
  std::string name;
  Address address;
  std::uint64_t alignment = 1;
  const emu::Structure* structure = nullptr;
};

bool names_stack_pointer(std::string_view name) {
  for (const std::string_view word : {"rsp", "rbp", "RSP", "RBP"})
    if (name.find(word) != std::string_view::npos) return true;
  return false;
}

std::string flag_names(std::uint64_t rflags) {
  constexpr std::pair<const char*, unsigned> kFlags[] = {{"CF", 0}, {"PF", 2}, {"AF", 4},  {"ZF", 6}, {"SF", 7},
                                                         {"TF", 8}, {"IF", 9}, {"DF", 10}, {"OF", 11}};
  std::string text;
  for (const auto& [name, bit] : kFlags)
    if ((rflags >> bit & 1) != 0) text += (text.empty() ? "" : " ") + std::string(name);
  return text;
}

class Reader {
 public:
  Reader(Trace& trace, const Snapshot& snapshot)
      : trace_(trace), snapshot_(snapshot), memory_(trace.state_at(snapshot.step).memory) {
    const Address guard{snapshot.registers[Register::fs_base] + kPointerGuard};
    if (snapshot.registers[Register::fs_base] != 0) guard_ = memory_.read(guard, 8);
  }

  /// Where the objects of one entry of `watch.contexts` lie.
  [[nodiscard]] std::vector<Placed> places(const std::string& entry) const {
    std::vector<Placed> found;
    const std::size_t as = entry.find(kAs);
    const std::string path = entry.substr(0, as);
    const bool named = as != std::string::npos;
    const emu::Structure* type = named ? trace_.debug().structure(entry.substr(as + kAs.size())) : nullptr;
    for (const emu::ObjectPlace& place : trace_.debug().objects(path)) {
      if (!place.is_pointer) {
        if (!named) found.push_back({place.name, place.address, place.alignment, place.structure});
        continue;
      }
      const emu::Structure* target = named ? type : place.structure;
      const Address address{memory_.read(place.address, 8).value_or(0)};
      if (target == nullptr || address.value == 0 || (named && !is_parked_at(address))) continue;
      if (memory_.copy(address, target->size).size() < target->size) continue;
      found.push_back({"*" + place.name, address, target->alignment, target});
    }
    return found;
  }

  [[nodiscard]] ContextObject read(const Placed& place) const {
    ContextObject object;
    object.name = place.name;
    object.type = place.structure->name;
    object.address = place.address;
    object.size = place.structure->size;
    object.alignment = place.alignment;
    for (const emu::StructureMember& member : place.structure->members)
      object.fields.push_back(read_member(member, place, object.kind));
    std::stable_sort(object.fields.begin(), object.fields.end(),
                     [](const ContextField& a, const ContextField& b) { return a.offset < b.offset; });
    object.thread = owner_of(object);
    return object;
  }

  /// What the stack of a parked thread keeps in its innermost frame.
  [[nodiscard]] std::optional<ContextObject> frame_of(const StackView& stack) const {
    if (stack.holds_rsp || stack.frames.empty()) return std::nullopt;
    const auto innermost = static_cast<std::uint32_t>(stack.frames.size() - 1);
    ContextObject object;
    object.kind = ContextObject::Kind::stack_frame;
    object.name = stack.frames.back().function;
    object.address = stack.rsp;
    object.alignment = 8;
    object.thread = stack.thread;
    object.never_ran = stack.chain_end == ChainEnd::forged && trace_.switches_in(stack.thread, snapshot_.step) == 0;
    for (auto cell = stack.cells.rbegin(); cell != stack.cells.rend(); ++cell) {
      const bool saved = cell->role == CellRole::saved_register || cell->role == CellRole::saved_rbp ||
                         cell->role == CellRole::return_address;
      if (!saved || cell->frame != innermost) continue;
      constexpr std::string_view kSaved = "saved ";
      ContextField field;
      field.name = cell->role == CellRole::return_address ? "rip" : cell->symbol.substr(kSaved.size());
      field.offset = cell->address - stack.rsp;
      field.address = cell->address;
      field.size = cell->size;
      field.value = cell->value;
      field.meaning = cell->role == CellRole::return_address ? cell->symbol : meaning(field.name, cell->value);
      if (field.meaning.empty()) field.meaning = cell->owner;
      object.fields.push_back(std::move(field));
    }
    if (object.fields.empty()) return std::nullopt;
    object.size = object.fields.back().offset + object.fields.back().size;
    return object;
  }

  /// All that moves the trace, behind everything that was read from the state.
  void add_times(std::vector<ContextObject>& objects) const {
    for (ContextObject& object : objects) {
      const std::optional<std::uint32_t> space = space_of(object);
      for (ContextField& field : object.fields) {
        field.written_at = trace_.last_write(field.address, field.size, snapshot_.step, space);
        field.changed =
            space.value_or(snapshot_.space) == snapshot_.space &&
            std::any_of(snapshot_.written.begin(), snapshot_.written.end(), [&](const MemoryChange& change) {
              const bool meets =
                  change.address < field.address + field.size && field.address < change.address + change.size;
              return meets && change.old_value != change.new_value;
            });
      }
    }
    std::erase_if(objects, [&](const ContextObject& object) {
      const bool zero = std::all_of(object.fields.begin(), object.fields.end(),
                                    [](const ContextField& field) { return field.value == 0 && !field.written_at; });
      return zero && !trace_.last_write(object.address, object.size, snapshot_.step);
    });
  }

  /// Whose stack a stack pointer of this value is on.
  [[nodiscard]] std::optional<ThreadId> owner_at(Address rsp) const {
    const Thread* thread = stack_at("rsp", rsp);
    return thread == nullptr ? std::nullopt : std::optional(thread->id);
  }

 private:
  /// Whether a context lies at the address: not where the stack that holds it is in use, or its thread has ended.
  [[nodiscard]] bool is_parked_at(Address address) const {
    for (const ThreadView& view : snapshot_.threads) {
      const Thread& thread = view.thread;
      if (!thread.stack.contains(address)) continue;
      return snapshot_.on_cpu != thread.id && thread.state != ThreadState::finished;
    }
    return address.value != 0;
  }

  [[nodiscard]] ContextField read_member(const emu::StructureMember& member, const Placed& place,
                                         ContextObject::Kind& kind) const {
    ContextField field;
    field.name = member.name;
    field.offset = member.offset;
    field.address = place.address + member.offset;
    field.size = member.size;
    if (member.size > 8) {
      field.text = long_text(member, field);
      return field;
    }
    field.value = memory_.read(field.address, member.size).value_or(0);
    if (const auto word = jump_word(member.name)) {
      kind = ContextObject::Kind::jump_buffer;
      field.name = member.name.substr(0, member.name.rfind(kJumpMember)) + std::string(kJumpWords[*word]);
      if (is_mangled(*word) && guard_ && field.value != 0)
        field.plain = std::rotr(field.value, kMangleRotation) ^ *guard_;
    }
    if (has_thread_state(place.structure->name) && member.name == "state") {
      if (field.value <= THREAD_FINISHED) field.meaning = to_string(static_cast<ThreadState>(field.value));
    } else if (place.structure->name == "tcb" && member.name == "kind") {
      if (field.value <= KIND_SIGNAL) field.meaning = to_string(static_cast<ThreadKind>(field.value));
    } else if (member.name == "rflags" || member.name == "REG_EFL") {
      field.meaning = flag_names(field.value);
    } else {
      field.meaning = meaning(field.name, field.plain.value_or(field.value));
    }
    return field;
  }

  /// Structures of the guests' headers whose `state` is an enum thread_state (asm/runtime/tcb.h).
  [[nodiscard]] bool has_thread_state(std::string_view structure) const {
    const bool is_own = trace_.image().symbol("thread_table").has_value();
    return structure == "tcb" || (is_own && (structure == "thread" || structure == "task"));
  }

  [[nodiscard]] std::string long_text(const emu::StructureMember& member, ContextField& field) const {
    const std::vector<std::uint8_t> bytes = memory_.copy(field.address, member.size);
    if (member.is_text && member.size <= kLongestText) {
      const auto end = std::find(bytes.begin(), bytes.end(), 0);
      if (std::all_of(bytes.begin(), end, [](std::uint8_t byte) { return byte >= ' ' && byte <= '~'; }))
        return "\"" + std::string(bytes.begin(), end) + "\"";
    }
    if (member.size == kFxsaveSize && member.name == "fxsave")
      field.meaning = field.address.value % 16 == 0 ? "at a multiple of 16, as fxsave needs it"
                                                    : "no multiple of 16: fxsave faults";
    return fmt::format("{} bytes", member.size);
  }

  [[nodiscard]] std::string meaning(std::string_view name, std::uint64_t value) const {
    if (value == 0) return {};
    for (const ThreadView& view : snapshot_.threads)
      if (view.thread.tcb.value == value) return "block of " + view.thread.name;
    if (const Thread* thread = stack_at(name, Address{value})) return "stack of " + thread->name;
    if (memory_.region_at(Address{value}) == nullptr) return {};
    return emu::symbolized(trace_.image(), Address{value});
  }

  /// The end of one stack may be the begin of the next one: there a stack pointer belongs to the former.
  [[nodiscard]] const Thread* stack_at(std::string_view name, Address address) const {
    const Thread* found = nullptr;
    for (const ThreadView& view : snapshot_.threads) {
      const Thread& thread = view.thread;
      if (thread.stack.empty()) continue;
      if (thread.stack.contains(address) && (found == nullptr || !names_stack_pointer(name))) found = &thread;
      if (address == thread.stack.high && (found == nullptr || names_stack_pointer(name))) found = &thread;
    }
    return found;
  }

  /// That of its task, where the kernel's own table is the table of threads.
  [[nodiscard]] std::optional<std::uint32_t> space_of(const ContextObject& object) const {
    if (trace_.image().symbol("thread_table")) return std::nullopt;
    for (const ThreadView& view : snapshot_.threads)
      if (view.thread.id == object.thread) return view.thread.space;
    return std::nullopt;
  }

  [[nodiscard]] std::optional<ThreadId> owner_of(const ContextObject& object) const {
    for (const ThreadView& view : snapshot_.threads)
      if (view.thread.tcb == object.address || view.thread.stack.contains(object.address)) return view.thread.id;
    for (const ContextField& field : object.fields) {
      if (field.name.find("rsp") == std::string::npos && field.name != "REG_RSP") continue;
      if (const Thread* thread = stack_at(field.name, Address{field.plain.value_or(field.value)})) return thread->id;
    }
    for (const ContextField& field : object.fields)
      for (const ThreadView& view : snapshot_.threads)
        if (field.size == 8 && field.value != 0 && view.thread.tcb.value == field.value) return view.thread.id;
    return std::nullopt;
  }

  Trace& trace_;
  const Snapshot& snapshot_;
  const emu::Memory& memory_;
  std::optional<std::uint64_t> guard_;
};

}  // namespace

std::vector<ContextObject> context_objects(Trace& trace, const Snapshot& snapshot, const Scenario* scenario) {
  const std::vector<std::string> always = {std::string(kParkedStacks), "thread_table"};
  const bool own = scenario != nullptr && !scenario->watch.contexts.empty();
  const Reader reader(trace, snapshot);
  std::vector<ContextObject> objects;
  for (const std::string& entry : own ? scenario->watch.contexts : always) {
    if (entry == kParkedStacks) {
      for (const StackView& stack : snapshot.stacks)
        if (auto frame = reader.frame_of(stack)) objects.push_back(std::move(*frame));
      continue;
    }
    for (const Placed& place : reader.places(entry)) objects.push_back(reader.read(place));
  }
  reader.add_times(objects);
  return objects;
}

std::vector<KeptStackPointer> kept_stack_pointers(Trace& trace, const Snapshot& snapshot, const Scenario& scenario) {
  std::vector<KeptStackPointer> kept;
  const Reader reader(trace, snapshot);
  for (const std::string& entry : scenario.watch.contexts) {
    if (entry == kParkedStacks || entry == "thread_table") continue;
    for (const Placed& place : reader.places(entry)) {
      const ContextObject object = reader.read(place);
      if (!object.thread) continue;
      for (const ContextField& field : object.fields) {
        const bool is_rsp = field.name.ends_with("rsp") || field.name.ends_with("REG_RSP");
        const Address rsp{field.plain.value_or(field.value)};
        if (!is_rsp || field.size != 8 || reader.owner_at(rsp) != object.thread) continue;
        kept.push_back({*object.thread, rsp, field.address});
      }
    }
  }
  return kept;
}

std::string to_text(const std::vector<ContextObject>& objects, const Snapshot& snapshot) {
  std::string text;
  for (const ContextObject& object : objects) {
    std::string whose;
    for (const ThreadView& view : snapshot.threads)
      if (view.thread.id == object.thread) whose = ", of " + view.thread.name;
    const bool frame = object.kind == ContextObject::Kind::stack_frame;
    text += fmt::format("{}{}: {}, {} bytes at {:x}\n", frame ? "Frame of " + object.name : object.name, whose,
                        frame ? (object.never_ran ? "built by hand" : "saved registers")
                              : fmt::format("{}, aligned to {}", object.type, object.alignment),
                        object.size, object.address.value);
    for (const ContextField& field : object.fields) {
      const std::string value = field.size > 8 ? field.text : fmt::format("{:0{}x}", field.value, 2 * field.size);
      std::string meaning = field.meaning;
      if (field.plain) meaning = fmt::format("= {:x} demangled  {}", *field.plain, meaning);
      text += fmt::format("{}{:>6}  {:<24}{:>18}  {}", field.changed ? '*' : ' ', fmt::format("+{}", field.offset),
                          field.name, value, meaning);
      text.erase(text.find_last_not_of(' ') + 1);
      text += field.written_at ? fmt::format("  (step {})\n", field.written_at->value) : "\n";
    }
    text += '\n';
  }
  return text;
}

}  // namespace fiberscope::core
