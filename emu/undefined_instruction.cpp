#include "emu/undefined_instruction.h"

#include <fmt/format.h>

#include <span>
#include <string>
#include <vector>

namespace fiberscope::emu {
namespace {

constexpr std::uint8_t kInvalidOpcode = 6;

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{}{:02x}", text.empty() ? "" : " ", byte);
  return text;
}

}  // namespace

CpuStop undefined_instruction(const StepCode& code, const Memory& memory) {
  CpuStop fault;
  fault.cause = CpuStop::Cause::exception;
  fault.vector = kInvalidOpcode;
  // The engine's length ends where it gave up.
  const std::vector<std::uint8_t> bytes = memory.copy(Address{code.rip}, kMaxInstructionSize);
  const auto known = Disassembler().decode(Address{code.rip}, bytes);
  if (!known) {
    fault.detail = fmt::format("unknown instruction {}", hex({code.bytes.data(), code.size}));
  } else if (known->intel_mnemonic == "ud2") {
    fault.detail = "ud2, which is undefined on purpose";
  } else {
    fault.detail = fmt::format("{} {} is not emulated ({})", known->intel_mnemonic, known->intel_operands,
                               hex({bytes.data(), known->size}));
  }
  return fault;
}

}  // namespace fiberscope::emu
