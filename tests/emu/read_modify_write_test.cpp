// Which instructions are not atomic, and which bytes they read and write.
#include "emu/read_modify_write.h"

#include <gtest/gtest.h>

#include <vector>

namespace fiberscope::emu {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::optional<ReadModifyWrite> of(const Bytes& bytes) {
  static const Disassembler disassembler;
  return read_modify_write(disassembler, Address{0x1000}, bytes);
}

TEST(ReadModifyWrite, OthersAreNone) {
  const std::vector<Bytes> others = {
      {0xf0, 0xff, 0x03},              // lock incl (%rbx)
      {0xf0, 0x48, 0x0f, 0xc1, 0x03},  // lock xadd %rax, (%rbx)
      {0x87, 0x03},                    // xchg %eax, (%rbx)
      {0x86, 0x03},                    // xchg %al, (%rbx)
      {0xff, 0xc3},                    // inc %ebx
      {0x39, 0x03},                    // cmp %eax, (%rbx)
      {0x03, 0x03},                    // add (%rbx), %eax
      {0x89, 0x03},                    // mov %eax, (%rbx)
      {0x83, 0x3b, 0x05},              // cmpl $5, (%rbx)
      {0xf7, 0x03, 1, 0, 0, 0},        // testl $1, (%rbx)
      {0xf7, 0x23},                    // mull (%rbx)
      {0xff, 0x13},                    // call *(%rbx)
      {0xff, 0x33},                    // push (%rbx)
      {0x0f, 0xba, 0x23, 0x01},        // btl $1, (%rbx)
      {0x0f, 0xa3, 0x03},              // bt %eax, (%rbx)
      {0x0f, 0xc7, 0x33},              // vmptrld
      {0x90},
  };
  for (const Bytes& bytes : others) EXPECT_FALSE(of(bytes)) << testing::PrintToString(bytes);
}

TEST(ReadModifyWrite, SizesAndLengthsAreThoseOfTheManual) {
  struct Case {
    Bytes bytes;
    unsigned size;
  };
  const std::vector<Case> cases = {
      {{0x00, 0x03}, 1},                          // addb %al, (%rbx)
      {{0x66, 0x11, 0x03}, 2},                    // adcw
      {{0x83, 0x03, 0x01}, 4},                    // addl $1
      {{0x48, 0x81, 0x2b, 1, 0, 0, 0}, 8},        // subq $1
      {{0xfe, 0x0b}, 1},                          // decb
      {{0x48, 0xff, 0x03}, 8},                    // incq
      {{0xf6, 0x1b}, 1},                          // negb
      {{0x66, 0xf7, 0x13}, 2},                    // notw
      {{0xc0, 0x23, 0x02}, 1},                    // shlb $2
      {{0xd3, 0x0b}, 4},                          // rorl %cl
      {{0x0f, 0xa4, 0x03, 0x04}, 4},              // shldl $4, %eax
      {{0x48, 0x0f, 0xad, 0x03}, 8},              // shrdq %cl, %rax
      {{0x0f, 0xba, 0x2b, 0x03}, 4},              // btsl $3
      {{0x0f, 0xb0, 0x0b}, 1},                    // cmpxchgb
      {{0x48, 0x0f, 0xb1, 0x0b}, 8},              // cmpxchgq
      {{0x0f, 0xc0, 0x03}, 1},                    // xaddb
      {{0x0f, 0xc7, 0x0b}, 8},                    // cmpxchg8b
      {{0x48, 0x0f, 0xc7, 0x0b}, 16},             // cmpxchg16b
      {{0x64, 0xff, 0x04, 0x25, 8, 0, 0, 0}, 4},  // incl %fs:8
  };
  for (const Case& expected : cases) {
    const auto found = of(expected.bytes);
    ASSERT_TRUE(found) << testing::PrintToString(expected.bytes);
    EXPECT_EQ(found->size, expected.size) << testing::PrintToString(expected.bytes);
    EXPECT_EQ(found->length, expected.bytes.size()) << testing::PrintToString(expected.bytes);
  }
}

TEST(ReadModifyWrite, AddressesAreThoseOfTheProcessor) {
  RegisterFile registers;
  registers[Register::rip] = 0x1000;
  registers[Register::rbx] = 0x200002000;
  registers[Register::rcx] = static_cast<std::uint64_t>(-9);
  registers[Register::rax] = 0x12300000021;
  registers[Register::gs_base] = 0x70000;
  const auto low = [&](const Bytes& bytes) { return of(bytes)->range(registers).low.value; };
  EXPECT_EQ(low({0xff, 0x43, 0x10}), 0x200002010U);                // incl 0x10(%rbx)
  EXPECT_EQ(low({0x67, 0xff, 0x03}), 0x2000U);                     // incl (%ebx)
  EXPECT_EQ(low({0xff, 0x05, 0x20, 0, 0, 0}), 0x1026U);            // incl 0x20(%rip)
  EXPECT_EQ(low({0x65, 0xff, 0x04, 0x25, 8, 0, 0, 0}), 0x70008U);  // incl %gs:8
  EXPECT_EQ(low({0x65, 0x67, 0xff, 0x03}), 0x72000U);              // incl %gs:(%ebx)
  EXPECT_EQ(low({0x0f, 0xab, 0x03}), 0x200002004U);                // btsl %eax: bit 0x21
  EXPECT_EQ(low({0x48, 0x0f, 0xab, 0x03}), 0x2660002000U);         // btsq %rax: bit 0x12300000021
  EXPECT_EQ(low({0x0f, 0xbb, 0x0b}), 0x200001ffcU);                // btcl %ecx: bit -9
  EXPECT_EQ(low({0x66, 0x0f, 0xb3, 0x0b}), 0x200001ffeU);          // btrw %cx: bit -9
}

}  // namespace
}  // namespace fiberscope::emu
