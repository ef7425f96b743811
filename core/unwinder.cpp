#include "core/unwinder.h"

namespace fiberscope::core {
namespace {

using emu::Address;
using emu::Register;
using emu::RegisterRule;

constexpr std::size_t kMaxFrames = 256;
constexpr std::size_t kRip = emu::slot(Register::rip);
constexpr std::size_t kRsp = emu::slot(Register::rsp);
constexpr std::size_t kRbp = emu::slot(Register::rbp);

}  // namespace

UnwoundChain Unwinder::running(const emu::RegisterFile& registers, const emu::Memory& memory,
                               emu::AddressRange stack) const {
  Registers known;
  for (std::size_t i = 0; i < emu::kGeneralRegisters; ++i) known[i] = registers.slots[i];
  return unwind(Address{registers[Register::rip]}, known, memory, stack);
}

UnwoundChain Unwinder::parked(Address rip, Address rsp, const emu::Memory& memory, emu::AddressRange stack) const {
  Registers known;
  known[kRsp] = rsp.value;
  return unwind(rip, known, memory, stack);
}

UnwoundChain Unwinder::unwind(Address rip, const Registers& start, const emu::Memory& memory,
                              emu::AddressRange stack) const {
  UnwoundChain chain;
  Registers registers = start;
  bool exact = true;
  while (chain.frames.size() < kMaxFrames) {
    UnwoundFrame frame;
    frame.rip = rip;
    frame.rip_is_exact = exact;
    frame.registers = registers;
    const emu::UnwindRow* row = debug_.unwind_row(exact ? rip : rip - 1);
    if (row == nullptr) {
      // Only a frame pointer that lies on this very stack may be believed.
      const auto rbp = registers[kRbp];
      if (chain.frames.empty() || !rbp || !stack.contains(Address{*rbp}) || !image_.symbol_at(rip)) return chain;
      const auto saved = memory.read(Address{*rbp}, 8);
      const auto back = memory.read(Address{*rbp + 8}, 8);
      if (!saved || !back) return chain;
      frame.method = UnwindMethod::frame_pointer;
      frame.cfa = Address{*rbp + 16};
      frame.saved_at[kRbp] = Address{*rbp};
      frame.return_address_at = Address{*rbp + 8};
      chain.frames.push_back(frame);
      registers = {};
      registers[kRbp] = *saved;
      registers[kRsp] = frame.cfa.value;
      rip = Address{*back};
      exact = false;
      continue;
    }
    const auto base = registers[emu::slot(row->cfa_register)];
    if (!base) return chain;
    frame.cfa = Address{*base + static_cast<std::uint64_t>(row->cfa_offset)};
    if (row->cfa_dereferenced) {
      const auto value = memory.read(frame.cfa, 8);
      if (!value) return chain;
      frame.cfa = Address{*value};
    }
    Registers caller;
    std::optional<std::uint64_t> caller_rip;
    bool ends = false;
    for (std::size_t i = 0; i <= kRip; ++i) {
      const RegisterRule& rule = row->rules[i];
      std::optional<std::uint64_t> value;
      switch (rule.kind) {
        case RegisterRule::Kind::same_value:
          if (i < kRip) value = registers[i];
          break;
        case RegisterRule::Kind::undefined:
          ends |= i == kRip;
          break;
        case RegisterRule::Kind::at_cfa_offset: {
          const Address at = frame.cfa + static_cast<std::uint64_t>(rule.offset);
          value = memory.read(at, 8);
          if (i == kRip) {
            frame.return_address_at = at;
          } else {
            frame.saved_at[i] = at;
          }
          break;
        }
        case RegisterRule::Kind::cfa_plus_offset:
          value = frame.cfa.value + static_cast<std::uint64_t>(rule.offset);
          break;
      }
      if (i < kRip) {
        caller[i] = value;
      } else {
        caller_rip = value;
      }
    }
    // By definition of the CFA, unless the table restores rsp itself, as an interrupt frame's does.
    if (row->rules[kRsp].kind == RegisterRule::Kind::same_value) caller[kRsp] = frame.cfa.value;
    chain.frames.push_back(frame);
    if (ends) {
      chain.complete = true;
      chain.end = is_forged(frame) ? ChainEnd::forged : ChainEnd::entry;
      return chain;
    }
    if (!caller_rip || !caller[kRsp]) return chain;
    // A stack grows downwards: a caller that does not lie above cannot be one.
    if (*caller[kRsp] <= registers[kRsp].value_or(0)) return chain;
    registers = caller;
    rip = Address{*caller_rip};
    exact = row->signal_frame;
  }
  return chain;
}

bool Unwinder::is_forged(const UnwoundFrame& outermost) const {
  // Nothing calls the first instruction of a function and comes back to it: a return address there was put by hand.
  if (outermost.rip_is_exact) return false;
  const auto symbol = image_.symbol_at(outermost.rip);
  return symbol && symbol->address == outermost.rip;
}

}  // namespace fiberscope::core
