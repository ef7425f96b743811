#include "emu/switch_routines.h"

#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "emu/disassembler.h"

namespace fiberscope::emu {
namespace {

using Kind = RegisterRule::Kind;

constexpr std::size_t kRip = slot(Register::rip);

/// ucontext_t's offsets (glibc, sysdeps/unix/sysv/linux/x86_64/ucontext_i.sym).
constexpr std::pair<Register, std::int64_t> kInUcontext[] = {
    {Register::rbx, 0x80}, {Register::rbp, 0x78}, {Register::r12, 0x48}, {Register::r13, 0x50},
    {Register::r14, 0x58}, {Register::r15, 0x60}, {Register::rip, 0xA8}};

/// The bytes from the symbol to its end; empty where the image does not hold them.
std::span<const std::uint8_t> code_of(const Symbol& symbol, const std::vector<LoadedRegion>& regions) {
  for (const LoadedRegion& loaded : regions) {
    if (!loaded.region.executable || !loaded.region.range.contains(symbol.address)) continue;
    const std::uint64_t offset = symbol.address - loaded.region.range.low;
    if (offset + symbol.size > loaded.contents.size()) return {};
    return {loaded.contents.data() + offset, symbol.size};
  }
  return {};
}

bool is_on_stack(const MemoryOperand& operand) {
  return operand.base == Register::rsp && !operand.index;
}

/// "lea d(%rsp), %rsp": d.
std::optional<std::int64_t> moved_by_lea(const Instruction& instruction) {
  const std::string& operands = instruction.att_operands;
  if (!instruction.att_mnemonic.starts_with("lea") || !operands.ends_with("(%rsp), %rsp")) return std::nullopt;
  return std::strtoll(operands.c_str(), nullptr, 0);
}

}  // namespace

/// Goes through a routine from its first instruction to its last and knows where the caller's registers are.
class SwitchRoutines::Walk {
 public:
  explicit Walk(Arrival arrival) : arrival_(arrival) {
    row_.cfa_offset = 8;
    row_.rules[kRip] = {Kind::at_cfa_offset, -8};
  }

  /// The row that holds before the instruction; then goes past it.
  UnwindRow pass(const Instruction& instruction) {
    const UnwindRow before = row_;
    move_past(instruction);
    return before;
  }

 private:
  void move_past(const Instruction& instruction) {
    if (const auto moved = moved_by_lea(instruction)) row_.cfa_offset -= *moved;
    if (!instruction.transfer) return;
    const Transfer& transfer = *instruction.transfer;
    if (transfer.to_register == Register::rsp) {
      arrive();
    } else if (transfer.to_register) {
      load(*transfer.to_register, transfer);
    } else if (transfer.to_memory && is_on_stack(*transfer.to_memory)) {
      store(*transfer.to_memory, transfer.from_register);
    }
    if (instruction.att_mnemonic.starts_with("pop")) row_.cfa_offset -= 8;
  }

  void arrive() {
    row_.signal_frame = true;  // where it goes on is an exact address, for a new context its function's first one
    if (arrival_ == Arrival::same_shape) return;
    row_.cfa_offset = 0;
    row_.rules = {};
    if (arrival_ == Arrival::in_registers) {
      row_.rules[kRip] = {Kind::in_register, 0, Register::rdx};
      row_.rules[slot(Register::rbp)] = {Kind::in_register, 0, Register::r9};
    } else {
      for (const auto& [reg, offset] : kInUcontext)
        row_.rules[slot(reg)] = {Kind::at_register_offset, offset, Register::rdx};
    }
  }

  void load(Register reg, const Transfer& transfer) {
    RegisterRule& rip = row_.rules[kRip];
    const bool loads_rip = transfer.from_memory && rip.kind == Kind::at_register_offset &&
                           transfer.from_memory->base == rip.reg && transfer.from_memory->displacement == rip.offset;
    if (loads_rip) rip = {Kind::in_register, 0, reg};
    if (!is_callee_saved(reg)) return;
    // Behind the load of rsp this is the register coming back; before it, the leaving thread's value is gone, unless it
    // was saved on the stack.
    RegisterRule& rule = row_.rules[slot(reg)];
    if (row_.signal_frame) {
      rule = {};
    } else if (rule.kind == Kind::same_value) {
      rule.kind = Kind::undefined;
    }
  }

  void store(const MemoryOperand& to, std::optional<Register> from) {
    RegisterRule& rip = row_.rules[kRip];
    if (to.displacement < 0) row_.cfa_offset -= to.displacement;  // a push, which stores below rsp
    const std::int64_t at = (to.displacement < 0 ? 0 : to.displacement) - row_.cfa_offset;
    if (!from) return;
    if (rip.kind == Kind::in_register && rip.reg == *from) rip = {Kind::at_cfa_offset, at};
    if (is_callee_saved(*from)) row_.rules[slot(*from)] = {Kind::at_cfa_offset, at};
  }

  Arrival arrival_;
  UnwindRow row_;
};

SwitchRoutines::SwitchRoutines(const std::vector<Symbol>& symbols, const std::vector<LoadedRegion>& regions) {
  constexpr std::pair<std::string_view, Arrival> kRoutines[] = {
      {"__longjmp", Arrival::in_registers},       {"__longjmp_cancel", Arrival::in_registers},
      {"____longjmp_chk", Arrival::in_registers}, {"__swapcontext", Arrival::in_ucontext},
      {"__setcontext", Arrival::in_ucontext},     {"jump_fcontext", Arrival::same_shape},
      {"ontop_fcontext", Arrival::same_shape}};
  for (const Symbol& symbol : symbols) {
    for (const auto& [name, arrival] : kRoutines)
      if (symbol.name == name) add(symbol, arrival, regions);
    if (symbol.name == "__start_context") add_beginning(symbol, symbol.address, regions);
    if (symbol.name == "make_fcontext") add_beginning(symbol, std::nullopt, regions);
  }
}

void SwitchRoutines::add(const Symbol& routine, Arrival arrival, const std::vector<LoadedRegion>& regions) {
  Walk walk(arrival);
  fill(routine, regions, [&](const Instruction& instruction) { return walk.pass(instruction); });
}

void SwitchRoutines::add_beginning(const Symbol& routine, std::optional<Address> first,
                                   const std::vector<LoadedRegion>& regions) {
  if (first) beginnings_.insert(*first);
  fill(routine, regions, [&](const Instruction& instruction) {
    UnwindRow row;
    const bool begins = first && *first <= instruction.address;
    row.cfa_offset = begins ? 0 : 8;
    row.rules[kRip] = begins ? RegisterRule{Kind::undefined, 0} : RegisterRule{Kind::at_cfa_offset, -8};
    const bool leaves = instruction.flow == Flow::ret || instruction.flow == Flow::jump;
    const Address next = instruction.address + instruction.size;
    if (leaves && next < routine.address + routine.size) {
      if (!first) first = next;
      beginnings_.insert(next);
    }
    return row;
  });
}

void SwitchRoutines::fill(const Symbol& routine, const std::vector<LoadedRegion>& regions,
                          const std::function<UnwindRow(const Instruction&)>& row_of) {
  const Disassembler disassembler;
  const auto code = code_of(routine, regions);
  for (std::size_t at = 0; at < code.size();) {
    const auto instruction = disassembler.decode(routine.address + at, code.subspan(at));
    if (!instruction) return;
    const UnwindRow row = row_of(*instruction);
    // A return address is looked up in the middle of the call before it.
    for (std::size_t byte = 0; byte < instruction->size; ++byte) rows_[instruction->address + byte] = row;
    at += instruction->size;
  }
}
const UnwindRow* SwitchRoutines::row_at(Address rip) const {
  const auto found = rows_.find(rip);
  return found == rows_.end() ? nullptr : &found->second;
}

}  // namespace fiberscope::emu
