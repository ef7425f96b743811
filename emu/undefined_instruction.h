#pragma once
#include "emu/cpu.h"
#include "emu/memory.h"
#include "emu/step_code.h"

namespace fiberscope::emu {

/// The #UD of an instruction that the engine does not do, named where the disassembler knows it.
CpuStop undefined_instruction(const StepCode& code, const Memory& memory);

}  // namespace fiberscope::emu
