#pragma once
#include "emu/memory.h"
#include "emu/registers.h"

namespace fiberscope::core {

/// Every register and every byte at one cursor.
struct MachineState {
  emu::RegisterFile registers;
  emu::Memory memory;

  friend bool operator==(const MachineState&, const MachineState&) = default;
};

}  // namespace fiberscope::core
