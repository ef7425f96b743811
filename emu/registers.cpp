#include "emu/registers.h"

#include <algorithm>
#include <string>

namespace fiberscope::emu {
namespace {

std::array<std::string, kRegisterSlots> make_names() {
  std::array<std::string, kRegisterSlots> names;
  constexpr std::string_view kPlain[] = {"rax",     "rbx",     "rcx", "rdx",   "rsi",  "rdi",  "rbp",  "rsp", "r8",
                                         "r9",      "r10",     "r11", "r12",   "r13",  "r14",  "r15",  "rip", "rflags",
                                         "fs_base", "gs_base", "cs",  "ss",    "ds",   "es",   "fs",   "gs",  "cr0",
                                         "cr2",     "cr3",     "cr4", "mxcsr", "fpcw", "fpsw", "fptag"};
  static_assert(std::size(kPlain) == slot(Register::fp0));
  std::copy(std::begin(kPlain), std::end(kPlain), names.begin());
  for (std::size_t i = 0; i < 8; ++i) {
    names[slot(fp_register(i, false))] = "fp" + std::to_string(i) + ".low";
    names[slot(fp_register(i, true))] = "fp" + std::to_string(i) + ".high";
  }
  for (std::size_t i = 0; i < 16; ++i) {
    names[slot(xmm_register(i, false))] = "xmm" + std::to_string(i) + ".low";
    names[slot(xmm_register(i, true))] = "xmm" + std::to_string(i) + ".high";
  }
  return names;
}

const std::array<std::string, kRegisterSlots>& names() {
  static const auto kNames = make_names();
  return kNames;
}

}  // namespace

std::string_view register_name(Register reg) {
  return names().at(slot(reg));
}

std::optional<Register> register_by_name(std::string_view name) {
  const auto found = std::find(names().begin(), names().end(), name);
  if (found == names().end()) return std::nullopt;
  return static_cast<Register>(found - names().begin());
}

std::optional<Register> register_by_dwarf_number(int number) {
  constexpr Register kByNumber[] = {Register::rax, Register::rdx, Register::rcx, Register::rbx, Register::rsi,
                                    Register::rdi, Register::rbp, Register::rsp, Register::r8,  Register::r9,
                                    Register::r10, Register::r11, Register::r12, Register::r13, Register::r14,
                                    Register::r15, Register::rip};
  if (number < 0 || number >= static_cast<int>(std::size(kByNumber))) return std::nullopt;
  return kByNumber[number];
}

bool is_callee_saved(Register reg) {
  switch (reg) {
    case Register::rbx:
    case Register::rbp:
    case Register::rsp:
    case Register::r12:
    case Register::r13:
    case Register::r14:
    case Register::r15:
      return true;
    default:
      return false;
  }
}

}  // namespace fiberscope::emu
