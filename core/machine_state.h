#pragma once
#include <utility>
#include <vector>

#include "core/step.h"
#include "emu/memory.h"
#include "emu/registers.h"

namespace fiberscope::core {

/// Every register and every byte at one cursor.
struct MachineState {
  emu::RegisterFile registers;  ///< of the processor `cpu`
  emu::Memory memory;
  CpuId cpu{};
  /// Where there are several processors: those of each, by its number; the place of `cpu` itself is not used and zero.
  std::vector<emu::RegisterFile> parked{};

  [[nodiscard]] const emu::RegisterFile& of(CpuId processor) const {
    return processor == cpu ? registers : parked.at(processor.value);
  }
  /// From here on `registers` are those of that processor. Nothing else changes.
  void select(CpuId processor) {
    if (processor == cpu) return;
    std::swap(registers, parked.at(cpu.value));
    std::swap(registers, parked.at(processor.value));
    cpu = processor;
  }
  [[nodiscard]] std::size_t processors() const { return parked.empty() ? 1 : parked.size(); }

  friend bool operator==(const MachineState&, const MachineState&) = default;
};

/// The registers of several processors, `registers` being those of `cpu`.
inline std::vector<emu::RegisterFile> all_registers(const MachineState& state) {
  std::vector<emu::RegisterFile> all;
  for (std::size_t i = 0; i < state.processors(); ++i) all.push_back(state.of(CpuId{static_cast<std::uint16_t>(i)}));
  return all;
}

}  // namespace fiberscope::core
