#include "emu/store_order.h"

namespace fiberscope::emu {

bool is_locked(const Instruction& instruction) {
  const std::string& name = instruction.intel_mnemonic;
  return name.starts_with("lock ") || name.starts_with("xacquire ") || name.starts_with("xrelease ") ||
         (name == "xchg" && !instruction.memory.empty());
}

bool is_fence(const Instruction& instruction) {
  return instruction.intel_mnemonic == "mfence";
}

}  // namespace fiberscope::emu
