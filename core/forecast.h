#pragma once
#include <cstddef>
#include <cstdint>

#include "core/step_state.h"
#include "core/step_template.h"

namespace fiberscope::core {

/// The low `size` bytes of a value.
inline std::uint64_t truncated(std::uint64_t value, std::size_t size) {
  return size >= 8 ? value : value & ((std::uint64_t{1} << (8 * size)) - 1);
}

/// The value that a step moves, foretold from the state before it; 0 for one that moves none. What is written and what
/// is read rest on the same forecast, so both sides ask here.
inline std::uint64_t foretold_source(const StepTemplate& step, StepState& before) {
  const emu::RegisterFile& registers = before.registers();
  switch (step.source) {
    case StepTemplate::Source::reg:
      return truncated(registers.slots[step.source_slot], step.source_size);
    case StepTemplate::Source::memory:
      return before.read(operand_address(step.source_memory, registers, step.next_address()), step.source_size);
    case StepTemplate::Source::constant:
      return step.constant;
    case StepTemplate::Source::none:
      break;
  }
  return 0;
}

}  // namespace fiberscope::core
