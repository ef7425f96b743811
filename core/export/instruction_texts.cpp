#include "core/export/instruction_texts.h"

#include <fmt/format.h>

namespace fiberscope::core {

const InstructionText& InstructionTexts::of(std::uint32_t instruction) {
  const auto [entry, fresh] = made_.try_emplace(instruction);
  InstructionText& result = entry->second;
  if (!fresh) return result;
  const StepTemplate& step = trace_.templates().at(instruction);
  result.address = emu::Address{step.address};
  result.size = step.size;
  for (std::size_t i = 0; i < step.size; ++i) result.bytes += fmt::format("{:02x}", step.bytes[i]);
  const auto decoded = disassembler_.decode(result.address, {step.bytes.data(), step.size});
  result.text = "(bad)";
  if (decoded) {
    result.text = decoded->intel_mnemonic;
    if (!decoded->intel_operands.empty()) result.text += " " + decoded->intel_operands;
  }
  result.symbol = emu::symbolized(trace_.image(), result.address);
  return result;
}

}  // namespace fiberscope::core
