// The kernel's signal frame: what goes in comes out, at the kernel's offsets. That a program finds it there is shown by
// the guest `frames` (linux_machine_test.cpp).
#include "emu/linux_signal_frame.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/ucontext.h>

#include <cstddef>
#include <cstring>

namespace fiberscope::emu {
namespace {

RegisterFile arbitrary_registers() {
  RegisterFile registers;
  for (std::uint64_t& slot : registers.slots) slot = *rc::gen::arbitrary<std::uint64_t>();
  // What the engine can hold.
  registers[Register::rsp] = *rc::gen::inRange<std::uint64_t>(0x10000, 0x7fffffff0000);
  registers[Register::fpcw] &= 0xffff;
  registers[Register::fpsw] &= 0xffff;
  registers[Register::mxcsr] &= 0xffff;
  std::uint64_t tags = 0;
  for (unsigned i = 0; i < 8; ++i) {
    std::uint64_t& high = registers.slots[slot(fp_register(i, true))];
    high &= 0xffff;
    std::uint64_t& low = registers.slots[slot(fp_register(i, false))];
    const unsigned kind = *rc::gen::inRange(0U, 4U);  // a number, zero, special, empty
    if (kind == 0) {
      low |= std::uint64_t{1} << 63;
      high = (high & 0x8000) | 0x3fff;
    }
    if (kind == 1) low = high = 0;
    if (kind == 2) high |= 0x7fff;
    tags |= std::uint64_t{kind} << (2 * i);
  }
  registers[Register::fptag] = tags;
  return registers;
}

RC_GTEST_PROP(SignalFrame, GivesBackWhatWasInterrupted, ()) {
  const RegisterFile before = arbitrary_registers();
  siginfo_t info{};
  info.si_signo = SIGUSR1;
  const SignalSet mask = *rc::gen::arbitrary<SignalSet>();
  const auto frame = make_signal_frame(before, {}, info, {}, mask, {});
  RC_ASSERT(frame.has_value());
  RC_ASSERT(frame->address.value % 16 == 8U);
  RC_ASSERT(frame->fpu_address.value % 64 == 0U);
  RC_ASSERT(frame->fpu_address.value + frame->fpu_bytes.size() + 128 <= before[Register::rsp]);
  RC_ASSERT(frame->address.value + frame->bytes.size() <= frame->fpu_address.value);

  RegisterFile other = before;
  for (std::size_t i = 0; i < kGeneralRegisters; ++i) other[general_register(i)] = ~before[general_register(i)];
  RestoredFrame after = read_signal_frame(frame->bytes, other);
  reset_fpu_state(after.registers);
  read_fpu_state(frame->fpu_bytes, after.registers);
  RC_ASSERT(after.mask == mask);
  RC_ASSERT(after.fpu_address == frame->fpu_address);
  for (std::size_t i = 0; i < kRegisterSlots; ++i) {
    const auto reg = static_cast<Register>(i);
    if (reg == Register::rflags) {
      RC_ASSERT((after.registers[reg] & 0xcd5U) == (before[reg] & 0xcd5U));
    } else {
      RC_ASSERT(after.registers[reg] == before[reg]);
    }
  }
}

TEST(SignalFrame, HasTheKernelsLayout) {
  RegisterFile registers;
  for (std::size_t i = 0; i < kRegisterSlots; ++i) registers.slots[i] = 100 + i;
  registers[Register::rsp] = 0x7fffffffd000;
  siginfo_t info{};
  info.si_signo = SIGSEGV;
  SignalAction action;
  action.restorer = 0x401000;
  const SignalCause cause{6, 14, 0x1234};
  const auto frame = make_signal_frame(registers, action, info, cause, 0x55, {});
  ASSERT_TRUE(frame.has_value());
  std::uint64_t restorer = 0;
  std::memcpy(&restorer, frame->bytes.data(), sizeof restorer);
  EXPECT_EQ(restorer, action.restorer);
  // The C library's ucontext_t begins as the kernel's does.
  ucontext_t context;
  std::memcpy(&context, frame->bytes.data() + signal_frame::kContext,
              offsetof(ucontext_t, uc_sigmask) + sizeof(SignalSet));
  const auto& saved = context.uc_mcontext.gregs;
  const auto is = [&](int place, Register reg) { return static_cast<std::uint64_t>(saved[place]) == registers[reg]; };
  EXPECT_TRUE(is(REG_R8, Register::r8) && is(REG_R15, Register::r15) && is(REG_RDI, Register::rdi));
  EXPECT_TRUE(is(REG_RSI, Register::rsi) && is(REG_RBP, Register::rbp) && is(REG_RBX, Register::rbx));
  EXPECT_TRUE(is(REG_RDX, Register::rdx) && is(REG_RAX, Register::rax) && is(REG_RCX, Register::rcx));
  EXPECT_TRUE(is(REG_RSP, Register::rsp) && is(REG_RIP, Register::rip) && is(REG_EFL, Register::rflags));
  EXPECT_EQ(static_cast<std::uint64_t>(saved[REG_CSGSFS]) & 0xffff, registers[Register::cs]);
  EXPECT_EQ(saved[REG_ERR], 6);
  EXPECT_EQ(saved[REG_TRAPNO], 14);
  EXPECT_EQ(saved[REG_CR2], 0x1234);
  EXPECT_EQ(reinterpret_cast<std::uint64_t>(context.uc_mcontext.fpregs), frame->fpu_address.value);
  EXPECT_TRUE(sigismember(&context.uc_sigmask, 1) && sigismember(&context.uc_sigmask, 7));
  _libc_fpstate fpu;
  static_assert(sizeof fpu == signal_frame::kFpuSize);
  std::memcpy(&fpu, frame->fpu_bytes.data(), sizeof fpu);
  EXPECT_EQ(fpu.cwd, registers[Register::fpcw]);
  EXPECT_EQ(fpu.mxcsr, registers[Register::mxcsr]);
  EXPECT_EQ(fpu._xmm[3].element[0], registers[xmm_register(3, false)]);
  EXPECT_EQ(fpu._xmm[15].element[2], registers[xmm_register(15, true)]);
}

TEST(SignalFrame, TheAlternateStackIsUsedFromItsTopAndNotLeft) {
  RegisterFile registers;
  registers[Register::rsp] = 0x7fffffffd000;
  SignalAction action;
  action.flags = SA_ONSTACK;
  SignalStack stack;
  stack.base = 0x500000;
  stack.size = 0x2000;
  stack.flags = 0;
  const auto first = make_signal_frame(registers, action, {}, {}, 0, stack);
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(stack.holds(first->address.value));
  EXPECT_EQ(first->fpu_address.value, stack.base + stack.size - signal_frame::kFpuSize);
  // One that comes while on it goes on below, and leaves the red zone alone.
  registers[Register::rsp] = first->address.value - 0x100;
  const auto second = make_signal_frame(registers, action, {}, {}, 0, stack);
  ASSERT_TRUE(second.has_value());
  EXPECT_LE(second->fpu_address.value + signal_frame::kFpuSize, registers[Register::rsp] - 128);
  registers[Register::rsp] = stack.base + 0x200;
  EXPECT_FALSE(make_signal_frame(registers, action, {}, {}, 0, stack).has_value());
}

}  // namespace
}  // namespace fiberscope::emu
