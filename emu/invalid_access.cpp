#include "emu/invalid_access.h"

#include <fmt/format.h>

#include <optional>

namespace fiberscope::emu {
namespace {

constexpr std::uint8_t kStackFault = 12;
constexpr std::uint8_t kGeneralProtection = 13;
constexpr std::uint8_t kPageFault = 14;

/// The upper 17 bits of an address must be equal (Intel SDM vol. 1, 3.3.7.1).
bool is_canonical(Address address) {
  return address.value + (std::uint64_t{1} << 47) < std::uint64_t{1} << 48;
}

/// The operand that lies beyond the lower half of the address space, if any.
std::optional<MemoryOperand> high_operand(const StepCode& code, const RegisterFile& now) {
  const auto instruction = Disassembler().decode(Address{code.rip}, {code.bytes.data(), code.size});
  if (!instruction) return std::nullopt;
  for (const MemoryOperand& operand : instruction->memory)
    if (effective_address(operand, now, Address{code.rip + code.size}).value >> 47 != 0) return operand;
  return std::nullopt;
}

/// Faults through rsp and rbp are #SS (Intel SDM vol. 2, table 3-4 and others).
bool is_stack(const MemoryOperand& operand) {
  return !operand.segment_base && (operand.base == Register::rsp || operand.base == Register::rbp);
}

}  // namespace

CpuStop fault_of(const InvalidAccess& access, const StepCode* instruction, const RegisterFile& now) {
  const char* const what = access.is_write ? "write to" : access.is_fetch ? "fetch from" : "read of";
  Address address = access.address;
  std::optional<MemoryOperand> high;
  if (instruction != nullptr && !access.is_fetch) high = high_operand(*instruction, now);
  if (high) address = effective_address(*high, now, Address{instruction->rip + instruction->size});
  CpuStop fault;
  fault.cause = CpuStop::Cause::exception;
  if (!is_canonical(address)) {
    fault.vector = high && is_stack(*high) ? kStackFault : kGeneralProtection;
    fault.detail = fmt::format("{} {:#x}, which is not canonical", what, address.value);
    return fault;
  }
  fault.vector = kPageFault;
  fault.error_code = (access.is_mapped ? 1U : 0U) | (access.is_write ? 2U : 0U) | (access.is_fetch ? 16U : 0U);
  fault.fault_address = address;
  fault.detail = fmt::format("{} {} {:#x}", what, access.is_mapped ? "protected" : "unmapped", address.value);
  return fault;
}

}  // namespace fiberscope::emu
