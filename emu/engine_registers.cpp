#include "emu/engine_registers.h"

#include <unicorn/unicorn.h>

#include <stdexcept>

namespace fiberscope::emu {

EngineRegister engine_register(Register reg) {
  const std::size_t index = slot(reg);
  if (index >= slot(Register::xmm0)) return {UC_X86_REG_XMM0 + static_cast<int>((index - slot(Register::xmm0)) / 2), 2};
  if (index >= slot(Register::fp0)) return {UC_X86_REG_FP0 + static_cast<int>((index - slot(Register::fp0)) / 2), 2};
  switch (reg) {
    case Register::rax:
      return {UC_X86_REG_RAX};
    case Register::rbx:
      return {UC_X86_REG_RBX};
    case Register::rcx:
      return {UC_X86_REG_RCX};
    case Register::rdx:
      return {UC_X86_REG_RDX};
    case Register::rsi:
      return {UC_X86_REG_RSI};
    case Register::rdi:
      return {UC_X86_REG_RDI};
    case Register::rbp:
      return {UC_X86_REG_RBP};
    case Register::rsp:
      return {UC_X86_REG_RSP};
    case Register::r8:
      return {UC_X86_REG_R8};
    case Register::r9:
      return {UC_X86_REG_R9};
    case Register::r10:
      return {UC_X86_REG_R10};
    case Register::r11:
      return {UC_X86_REG_R11};
    case Register::r12:
      return {UC_X86_REG_R12};
    case Register::r13:
      return {UC_X86_REG_R13};
    case Register::r14:
      return {UC_X86_REG_R14};
    case Register::r15:
      return {UC_X86_REG_R15};
    case Register::rip:
      return {UC_X86_REG_RIP};
    case Register::rflags:
      return {UC_X86_REG_EFLAGS};
    case Register::fs_base:
      return {UC_X86_REG_FS_BASE};
    case Register::gs_base:
      return {UC_X86_REG_GS_BASE};
    case Register::cs:
      return {UC_X86_REG_CS};
    case Register::ss:
      return {UC_X86_REG_SS};
    case Register::ds:
      return {UC_X86_REG_DS};
    case Register::es:
      return {UC_X86_REG_ES};
    case Register::fs:
      return {UC_X86_REG_FS};
    case Register::gs:
      return {UC_X86_REG_GS};
    case Register::cr0:
      return {UC_X86_REG_CR0};
    case Register::cr2:
      return {UC_X86_REG_CR2};
    case Register::cr3:
      return {UC_X86_REG_CR3};
    case Register::cr4:
      return {UC_X86_REG_CR4};
    case Register::mxcsr:
      return {UC_X86_REG_MXCSR};
    case Register::fpcw:
      return {UC_X86_REG_FPCW};
    case Register::fpsw:
      return {UC_X86_REG_FPSW};
    case Register::fptag:
      return {UC_X86_REG_FPTAG};
    default:
      throw std::logic_error("a register slot without an engine register");
  }
}

}  // namespace fiberscope::emu
