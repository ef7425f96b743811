#include "emu/location.h"

#include <dwarf.h>

#include <vector>

namespace fiberscope::emu {
namespace {

constexpr std::size_t kLongestExpression = 64;

/// General registers and rip, and the low halves of xmm0–15, which DWARF calls 17–32.
std::optional<Register> register_of(std::uint64_t number) {
  if (number >= 17 && number <= 32) return xmm_register(number - 17, false);
  return number <= 16 ? register_by_dwarf_number(static_cast<int>(number)) : std::nullopt;
}

bool pushed(std::vector<Location>& stack, const Dwarf_Op& operation) {
  const auto signed_number = static_cast<std::int64_t>(operation.number);
  const auto push_register = [&](std::uint64_t number, std::int64_t offset) {
    const auto reg = register_of(number);
    if (reg) stack.push_back({Location::Base::register_value, *reg, offset});
    return reg.has_value();
  };
  if (operation.atom >= DW_OP_breg0 && operation.atom <= DW_OP_breg31)
    return push_register(operation.atom - DW_OP_breg0, signed_number);
  if (operation.atom >= DW_OP_lit0 && operation.atom <= DW_OP_lit31) {
    stack.push_back({.offset = operation.atom - DW_OP_lit0});
    return true;
  }
  switch (operation.atom) {
    case DW_OP_bregx:
      return push_register(operation.number, static_cast<std::int64_t>(operation.number2));
    case DW_OP_call_frame_cfa:
      stack.push_back({.base = Location::Base::cfa});
      return true;
    case DW_OP_fbreg:
      stack.push_back({.base = Location::Base::frame_base, .offset = signed_number});
      return true;
    case DW_OP_const1u:
    case DW_OP_const1s:
    case DW_OP_const2u:
    case DW_OP_const2s:
    case DW_OP_const4u:
    case DW_OP_const4s:
    case DW_OP_const8u:
    case DW_OP_const8s:
    case DW_OP_constu:
    case DW_OP_consts:
      stack.push_back({.offset = signed_number});
      return true;
    default:
      return false;
  }
}

bool combined(std::vector<Location>& stack, const Dwarf_Op& operation) {
  if (stack.empty()) return false;
  switch (operation.atom) {
    case DW_OP_plus_uconst:
      stack.back().offset = wrapped_sum(stack.back().offset, static_cast<std::int64_t>(operation.number));
      return !stack.back().dereferenced;
    case DW_OP_deref:
      if (stack.back().dereferenced) return false;
      stack.back().dereferenced = true;
      return true;
    case DW_OP_plus:
    case DW_OP_minus: {
      if (stack.size() < 2) return false;
      const Location right = stack.back();
      stack.pop_back();
      Location& left = stack.back();
      if (right.base != Location::Base::constant || right.dereferenced || left.dereferenced) return false;
      left.offset = operation.atom == DW_OP_plus ? wrapped_sum(left.offset, right.offset)
                                                 : wrapped_difference(left.offset, right.offset);
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

std::int64_t wrapped_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

std::int64_t wrapped_difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

std::optional<Location> location_of(const Dwarf_Op* operations, std::size_t count) {
  if (operations == nullptr || count == 0 || count > kLongestExpression) return std::nullopt;
  const Dwarf_Op& first = operations[0];
  if (count == 1 && ((first.atom >= DW_OP_reg0 && first.atom <= DW_OP_reg31) || first.atom == DW_OP_regx)) {
    const auto reg = register_of(first.atom == DW_OP_regx ? first.number : first.atom - DW_OP_reg0);
    return reg ? std::optional(Location{.reg = *reg, .is_register = true}) : std::nullopt;
  }
  std::vector<Location> stack;
  for (std::size_t i = 0; i < count; ++i) {
    if (operations[i].atom == DW_OP_stack_value && i + 1 == count && !stack.empty()) {
      stack.back().is_value = true;
      break;
    }
    if (!pushed(stack, operations[i]) && !combined(stack, operations[i])) return std::nullopt;
  }
  return stack.empty() ? std::nullopt : std::optional(stack.back());
}

}  // namespace fiberscope::emu
