#include "emu/page_end.h"

#include <algorithm>

#include "emu/disassembler.h"

namespace fiberscope::emu {

std::optional<std::uint64_t> straddling_instruction(const Memory& memory, std::uint64_t start) {
  const std::uint64_t end = (start / kPageSize + 1) * kPageSize;
  const Disassembler disassembler;
  std::uint64_t at = start;
  for (;;) {
    const auto instruction = disassembler.decode(
        Address{at}, memory.copy(Address{at}, std::min<std::uint64_t>(end - at, kMaxInstructionSize)));
    if (!instruction) break;
    at += instruction->size;
  }
  if (at == start || at >= end) return std::nullopt;
  return at;
}

}  // namespace fiberscope::emu
