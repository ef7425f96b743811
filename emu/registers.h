#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fiberscope::emu {

/// Every register that is recorded, as 64-bit slots. An XMM register takes two slots (low half first), a physical x87
/// register two (64-bit significand, then sign and exponent in the low 16 bits). ST(i) is fp[(TOP + i) & 7], TOP being
/// bits 11–13 of fpsw. fptag is the full tag word, two bits a register (Intel SDM vol. 1, 8.1.7).
/// The order is part of the trace format (docs/trace-format.md): append, never reorder.
enum class Register : std::uint8_t {
  rax,
  rbx,
  rcx,
  rdx,
  rsi,
  rdi,
  rbp,
  rsp,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15,
  rip,
  rflags,
  fs_base,
  gs_base,
  cs,
  ss,
  ds,
  es,
  fs,
  gs,
  cr0,
  cr2,
  cr3,
  cr4,
  mxcsr,
  fpcw,
  fpsw,
  fptag,
  fp0,             // fp0 … fp7: 16 slots
  xmm0 = fp0 + 16  // xmm0 … xmm15: 32 slots
};

inline constexpr std::size_t kGeneralRegisters = 16;
inline constexpr std::size_t kRegisterSlots = static_cast<std::size_t>(Register::xmm0) + 32;

constexpr std::size_t slot(Register reg) {
  return static_cast<std::size_t>(reg);
}
constexpr Register general_register(std::size_t index) {
  return static_cast<Register>(index);
}
constexpr Register fp_register(std::size_t index, bool high) {
  return static_cast<Register>(slot(Register::fp0) + 2 * index + (high ? 1 : 0));
}
constexpr Register xmm_register(std::size_t index, bool high) {
  return static_cast<Register>(slot(Register::xmm0) + 2 * index + (high ? 1 : 0));
}

/// "rax", "xmm3.low", "fp0.high", …
std::string_view register_name(Register reg);
/// The inverse of register_name; nothing for an unknown name.
std::optional<Register> register_by_name(std::string_view name);
/// The general register or rip with this DWARF number (System V ABI for x86-64, figure 3.36); nothing for any other.
std::optional<Register> register_by_dwarf_number(int number);
/// rbx, rbp, rsp and r12–r15: what a called function must give back unchanged (System V ABI for x86-64, figure 3.4).
bool is_callee_saved(Register reg);

/// The value of every recorded register at one moment.
struct RegisterFile {
  std::array<std::uint64_t, kRegisterSlots> slots{};

  std::uint64_t& operator[](Register reg) { return slots[slot(reg)]; }
  std::uint64_t operator[](Register reg) const { return slots[slot(reg)]; }
  friend bool operator==(const RegisterFile&, const RegisterFile&) = default;
};

}  // namespace fiberscope::emu
