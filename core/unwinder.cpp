#include "core/unwinder.h"

#include <algorithm>

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

std::optional<std::uint64_t> StackWalk::Registers::get(std::size_t slot, const emu::Memory& memory) const {
  const std::uint32_t bit = 1U << slot;
  if ((known & bit) != 0) return values[slot];
  if ((stored & bit) != 0) return memory.read(Address{values[slot]}, 8);
  return std::nullopt;
}

bool StackWalk::next() {
  if (frames_ > 0 && !leave()) return false;
  if (frames_ == kMaxFrames || !enter()) return false;
  ++frames_;
  return true;
}

bool StackWalk::enter() {
  row_ = debug_.unwind_row(lookup());
  if (row_ == nullptr) {
    // Only a frame pointer that lies on this very stack may be believed.
    const auto rbp = get(kRbp);
    if (frames_ == 0 || !rbp || !stack_.contains(Address{*rbp}) || !image_.symbol_at(rip_)) return false;
    cfa_ = Address{*rbp + 16};
    return memory_.read(Address{*rbp}, 8) && memory_.read(Address{*rbp + 8}, 8);
  }
  const auto base = get(emu::slot(row_->cfa_register));
  if (!base) return false;
  cfa_ = Address{*base + static_cast<std::uint64_t>(row_->cfa_offset)};
  if (!row_->cfa_dereferenced) return true;
  const auto value = memory_.read(cfa_, 8);
  if (value) cfa_ = Address{*value};
  return value.has_value();
}

bool StackWalk::leave() {
  if (row_ == nullptr) {
    const std::uint64_t rbp = cfa_.value - 16;
    registers_ = {};
    registers_.set(kRbp, *memory_.read(Address{rbp}, 8));
    registers_.set(kRsp, cfa_.value);
    rip_ = Address{*memory_.read(Address{rbp + 8}, 8)};
    rip_is_exact_ = false;
    return true;
  }
  const RegisterRule& rip_rule = row_->rules[kRip];
  if (rip_rule.kind == RegisterRule::Kind::undefined) {
    complete_ = true;
    return false;
  }
  Registers caller = registers_;
  for (std::size_t i = 0; i < kRip; ++i) {
    const RegisterRule& rule = row_->rules[i];
    if (rule.kind == RegisterRule::Kind::same_value) continue;
    const std::uint32_t bit = 1U << i;
    caller.known &= ~bit;
    caller.stored &= ~bit;
    if (rule.kind == RegisterRule::Kind::undefined) continue;
    if (rule.kind == RegisterRule::Kind::cfa_plus_offset) {
      caller.set(i, cfa_.value + static_cast<std::uint64_t>(rule.offset));
    } else if (rule.kind == RegisterRule::Kind::in_register) {
      if (const auto value = get(emu::slot(rule.reg))) caller.set(i, *value);
    } else if (const auto cell = cell_of(rule)) {
      caller.values[i] = cell->value;
      caller.stored |= bit;
    }
  }
  // By definition of the CFA, unless the table restores rsp itself, as an interrupt frame's does.
  if (row_->rules[kRsp].kind == RegisterRule::Kind::same_value) {
    caller.stored &= ~(1U << kRsp);
    caller.set(kRsp, cfa_.value);
  }
  std::optional<std::uint64_t> caller_rip;
  if (rip_rule.kind == RegisterRule::Kind::cfa_plus_offset) {
    caller_rip = cfa_.value + static_cast<std::uint64_t>(rip_rule.offset);
  } else if (rip_rule.kind == RegisterRule::Kind::in_register) {
    caller_rip = get(emu::slot(rip_rule.reg));
  } else if (const auto cell = cell_of(rip_rule)) {
    caller_rip = memory_.read(*cell, 8);
  }
  const auto caller_rsp = caller.get(kRsp, memory_);
  if (!caller_rip || !caller_rsp) return false;
  if (debug_.is_beginning(Address{*caller_rip})) {
    complete_ = begins_by_hand_ = true;
    return false;
  }
  // A stack grows downwards: a caller that does not lie above cannot be one. Only a routine that is about to jump
  // into its caller has no frame any more, and a handler on a stack of its own interrupted somebody on another.
  const bool jumps = frames_ == 1;
  const bool crosses = row_->signal_frame && !stack_.contains(Address{*caller_rsp});
  if (!crosses && *caller_rsp + (jumps ? 1 : 0) <= get(kRsp).value_or(0)) return false;
  registers_ = caller;
  rip_ = Address{*caller_rip};
  rip_is_exact_ = row_->signal_frame;
  return true;
}

std::optional<Address> StackWalk::cell_of(const RegisterRule& rule) const {
  if (rule.kind == RegisterRule::Kind::at_cfa_offset) return cfa_ + static_cast<std::uint64_t>(rule.offset);
  if (rule.kind != RegisterRule::Kind::at_register_offset) return std::nullopt;
  const auto origin = get(emu::slot(rule.reg));
  if (!origin) return std::nullopt;
  return Address{*origin + static_cast<std::uint64_t>(rule.offset)};
}

UnwoundFrame StackWalk::frame() const {
  UnwoundFrame frame;
  frame.rip = rip_;
  frame.rip_is_exact = rip_is_exact_;
  frame.cfa = cfa_;
  for (std::size_t i = 0; i < emu::kGeneralRegisters; ++i) frame.registers[i] = get(i);
  if (row_ == nullptr) {
    frame.method = UnwindMethod::frame_pointer;
    frame.saved_at[kRbp] = cfa_ - 16;
    frame.return_address_at = cfa_ - 8;
    return frame;
  }
  frame.is_signal_frame = row_->signal_frame;
  for (std::size_t i = 0; i < emu::kGeneralRegisters; ++i) frame.saved_at[i] = cell_of(row_->rules[i]);
  frame.return_address_at = cell_of(row_->rules[kRip]);
  return frame;
}

ChainEnd StackWalk::end() const {
  if (!complete_) return ChainEnd::unknown;
  if (begins_by_hand_) return ChainEnd::forged;
  // Nothing calls the first instruction of a function and comes back to it: a return address there was put by hand.
  const auto symbol = rip_is_exact_ ? std::nullopt : image_.symbol_at(rip_);
  return symbol && symbol->address == rip_ ? ChainEnd::forged : ChainEnd::entry;
}

StackWalk Unwinder::walk(Address rip, Address rsp, const emu::RegisterFile& registers, const emu::Memory& memory,
                         emu::AddressRange stack) const {
  StackWalk walk(image_, debug_, memory, stack, rip);
  std::copy_n(registers.slots.begin(), emu::kGeneralRegisters, walk.registers_.values.begin());
  walk.registers_.known = (1U << emu::kGeneralRegisters) - 1;
  walk.registers_.values[kRsp] = rsp.value;
  return walk;
}

UnwoundChain Unwinder::running(const emu::RegisterFile& registers, const emu::Memory& memory,
                               emu::AddressRange stack) const {
  return chain(walk(Address{registers[Register::rip]}, Address{registers[Register::rsp]}, registers, memory, stack));
}

UnwoundChain Unwinder::parked(Address rip, Address rsp, const emu::Memory& memory, emu::AddressRange stack) const {
  StackWalk walk(image_, debug_, memory, stack, rip);
  walk.registers_.set(kRsp, rsp.value);
  return chain(walk);
}

UnwoundChain Unwinder::chain(StackWalk walk) {
  UnwoundChain chain;
  while (walk.next()) chain.frames.push_back(walk.frame());
  chain.complete = walk.complete();
  chain.end = walk.end();
  return chain;
}

}  // namespace fiberscope::core
