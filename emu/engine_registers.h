#pragma once
#include "emu/registers.h"

namespace fiberscope::emu {

/// The engine's number for a recorded register.
struct EngineRegister {
  int id = 0;
  std::uint8_t slots = 1;  ///< 2: the engine reads both halves at once, low first
};

/// For a half of a wide register: the whole.
EngineRegister engine_register(Register reg);

}  // namespace fiberscope::emu
