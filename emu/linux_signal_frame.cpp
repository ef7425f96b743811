#include "emu/linux_signal_frame.h"

#include <algorithm>
#include <cstring>

#include "emu/user_mode.h"

namespace fiberscope::emu {
namespace {

using namespace signal_frame;

/// The flags that rt_sigreturn takes over (FIX_EFLAGS): CF PF AF ZF SF TF DF OF RF AC.
constexpr std::uint64_t kRestoredFlags = 0x50dd5;
/// TF, DF and RF are cleared for a handler.
constexpr std::uint64_t kSegmentsAreGiven = 0x6;  // UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS
constexpr std::uint32_t kResetMxcsr = 0x1f80;
constexpr std::uint64_t kMxcsrMask = 0xffff;

/// struct sigcontext_64 (arch/x86/include/uapi/asm/sigcontext.h): the registers in its order, each 8 bytes.
constexpr Register kOrder[] = {Register::r8,  Register::r9,  Register::r10, Register::r11, Register::r12, Register::r13,
                               Register::r14, Register::r15, Register::rdi, Register::rsi, Register::rbp, Register::rbx,
                               Register::rdx, Register::rax, Register::rcx, Register::rsp, Register::rip};
constexpr std::size_t kFlagsAt = 17 * 8;
constexpr std::size_t kSegmentsAt = 18 * 8;  // cs, gs, fs, ss: 2 bytes each
constexpr std::size_t kErrorAt = 19 * 8;
constexpr std::size_t kVectorAt = 20 * 8;
constexpr std::size_t kOldMaskAt = 21 * 8;
constexpr std::size_t kFaultAddressAt = 22 * 8;
constexpr std::size_t kFpuAt = 23 * 8;
constexpr std::size_t kContextStack = 16;  // in the ucontext: flags, link, stack

template <typename T>
void put(std::vector<std::uint8_t>& bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}
template <typename T>
T get(const std::vector<std::uint8_t>& bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// Top of the x87 stack: bits 11–13 of the status word.
unsigned top_of(std::uint64_t status) {
  return (status >> 11) & 7;
}

/// One bit a physical register, set where it is in use (Intel SDM vol. 1, 10.5.1).
std::uint8_t short_tags(std::uint64_t tags) {
  unsigned result = 0;
  for (unsigned i = 0; i < 8; ++i)
    if (((tags >> (2 * i)) & 3) != 3) result |= 1U << i;
  return static_cast<std::uint8_t>(result);
}

/// 0 a number, 1 zero, 2 special, by what the register holds.
unsigned long_tag(std::uint64_t significand, std::uint64_t exponent) {
  const std::uint64_t biased = exponent & 0x7fff;
  if (biased == 0 && significand == 0) return 1;
  return biased == 0 || biased == 0x7fff || (significand >> 63) == 0 ? 2 : 0;
}

std::vector<std::uint8_t> fpu_state(const RegisterFile& registers) {
  std::vector<std::uint8_t> bytes(kFpuSize);
  put(bytes, 0, static_cast<std::uint16_t>(registers[Register::fpcw]));
  put(bytes, 2, static_cast<std::uint16_t>(registers[Register::fpsw]));
  put(bytes, 4, short_tags(registers[Register::fptag]));
  put(bytes, 24, static_cast<std::uint32_t>(registers[Register::mxcsr]));
  put(bytes, 28, static_cast<std::uint32_t>(kMxcsrMask));
  const unsigned top = top_of(registers[Register::fpsw]);
  for (unsigned i = 0; i < 8; ++i) {
    put(bytes, 32 + 16 * i, registers[fp_register((top + i) & 7, false)]);
    put(bytes, 40 + 16 * i, static_cast<std::uint16_t>(registers[fp_register((top + i) & 7, true)]));
  }
  for (unsigned i = 0; i < 16; ++i) {
    put(bytes, 160 + 16 * i, registers[xmm_register(i, false)]);
    put(bytes, 168 + 16 * i, registers[xmm_register(i, true)]);
  }
  return bytes;
}

}  // namespace

bool SignalStack::holds(std::uint64_t rsp) const {
  return (flags & SS_DISABLE) == 0 && rsp > base && rsp - base <= size;
}

std::optional<SignalFrame> make_signal_frame(const RegisterFile& interrupted, const SignalAction& action,
                                             const siginfo_t& info, const SignalCause& cause, SignalSet mask,
                                             const SignalStack& stack) {
  SignalFrame frame;
  const std::uint64_t rsp = interrupted[Register::rsp];
  std::uint64_t top = rsp - kRedZone;
  const bool nested = stack.holds(rsp);
  const bool entering = (action.flags & SA_ONSTACK) != 0 && !nested && (stack.flags & SS_DISABLE) == 0;
  if (entering) top = stack.base + stack.size;
  frame.fpu_address = Address{(top - kFpuSize) & ~std::uint64_t{63}};
  frame.address = Address{((frame.fpu_address.value - kSize) & ~std::uint64_t{15}) - 8};
  if ((nested || entering) && !stack.holds(frame.address.value)) return std::nullopt;

  frame.fpu_bytes = fpu_state(interrupted);
  frame.bytes.resize(kSize);
  std::vector<std::uint8_t>& bytes = frame.bytes;
  put(bytes, 0, action.restorer);
  put(bytes, kContext, kSegmentsAreGiven);
  put(bytes, kContext + kContextStack, stack);
  for (std::size_t i = 0; i < std::size(kOrder); ++i) put(bytes, kRegisters + 8 * i, interrupted[kOrder[i]]);
  put(bytes, kRegisters + kFlagsAt, interrupted[Register::rflags]);
  put(bytes, kRegisters + kSegmentsAt, static_cast<std::uint16_t>(interrupted[Register::cs]));
  put(bytes, kRegisters + kSegmentsAt + 6, static_cast<std::uint16_t>(interrupted[Register::ss]));
  put(bytes, kRegisters + kErrorAt, cause.error_code);
  put(bytes, kRegisters + kVectorAt, cause.vector);
  put(bytes, kRegisters + kOldMaskAt, mask);
  put(bytes, kRegisters + kFaultAddressAt, cause.address);
  put(bytes, kRegisters + kFpuAt, frame.fpu_address.value);
  put(bytes, kMask, mask);
  put(bytes, kInfo, info);
  return frame;
}

RestoredFrame read_signal_frame(const std::vector<std::uint8_t>& bytes, const RegisterFile& now) {
  RestoredFrame frame;
  frame.registers = now;
  for (std::size_t i = 0; i < std::size(kOrder); ++i)
    frame.registers[kOrder[i]] = get<std::uint64_t>(bytes, kRegisters + 8 * i);
  const auto flags = get<std::uint64_t>(bytes, kRegisters + kFlagsAt);
  frame.registers[Register::rflags] = (now[Register::rflags] & ~kRestoredFlags) | (flags & kRestoredFlags);
  frame.mask = get<SignalSet>(bytes, kMask);
  frame.stack = get<SignalStack>(bytes, kContext + kContextStack);
  frame.fpu_address = Address{get<std::uint64_t>(bytes, kRegisters + kFpuAt)};
  return frame;
}

void read_fpu_state(const std::vector<std::uint8_t>& bytes, RegisterFile& registers) {
  registers[Register::fpcw] = get<std::uint16_t>(bytes, 0);
  registers[Register::fpsw] = get<std::uint16_t>(bytes, 2);
  registers[Register::mxcsr] = get<std::uint32_t>(bytes, 24) & kMxcsrMask;
  const auto tags = get<std::uint8_t>(bytes, 4);
  const unsigned top = top_of(registers[Register::fpsw]);
  std::uint64_t full_tags = 0;
  for (unsigned i = 0; i < 8; ++i) {
    const unsigned physical = (top + i) & 7;
    const auto significand = get<std::uint64_t>(bytes, 32 + 16 * i);
    const auto exponent = get<std::uint16_t>(bytes, 40 + 16 * i);
    registers[fp_register(physical, false)] = significand;
    registers[fp_register(physical, true)] = exponent;
    const bool used = ((tags >> physical) & 1) != 0;
    full_tags |= std::uint64_t{used ? long_tag(significand, exponent) : 3} << (2 * physical);
  }
  registers[Register::fptag] = full_tags;
  for (unsigned i = 0; i < 16; ++i) {
    registers[xmm_register(i, false)] = get<std::uint64_t>(bytes, 160 + 16 * i);
    registers[xmm_register(i, true)] = get<std::uint64_t>(bytes, 168 + 16 * i);
  }
}

void reset_fpu_state(RegisterFile& registers) {
  std::fill(registers.slots.begin() + slot(Register::fp0), registers.slots.end(), 0);
  registers[Register::fpcw] = 0x37f;
  registers[Register::fpsw] = 0;
  registers[Register::fptag] = 0xffff;
  registers[Register::mxcsr] = kResetMxcsr;
}

}  // namespace fiberscope::emu
