// The rules of the write sets that no run can show, because the engine or the values hide them: each stated once, by
// bytes. That the sets miss nothing of what instructions do is shown by EngineRecording.EveryEncodingEqualsTheOracle.
#include "emu/write_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "emu/disassembler.h"

namespace fiberscope::emu {
namespace {

using Bytes = std::vector<std::uint8_t>;

WriteSet set_of(const Bytes& bytes) {
  return Disassembler().write_set(bytes);
}

bool has_all(const WriteSet& set, std::initializer_list<Register> registers) {
  return std::all_of(registers.begin(), registers.end(), [&](Register reg) { return set.contains(reg); });
}

bool is_everything(const WriteSet& set) {
  return set.slots().size() == kRegisterSlots - 1;
}

TEST(WriteSet, PlainInstructionsChangeFew) {
  EXPECT_EQ(set_of({0x48, 0x89, 0xf4}).slots(), std::vector<std::uint8_t>{slot(Register::rsp)}) << "mov %rsi,%rsp";
  EXPECT_EQ(set_of({0x53}).slots(), std::vector<std::uint8_t>{slot(Register::rsp)}) << "push %rbx";
  EXPECT_TRUE(set_of({0x48, 0x89, 0x37}).slots().empty()) << "mov %rsi,(%rdi)";
  EXPECT_TRUE(set_of({0x90}).slots().empty());
  EXPECT_LE(set_of({0x0f, 0x28, 0xc1}).slots().size(), 6U) << "movaps %xmm1,%xmm0: both, mxcsr, rflags";
}

TEST(WriteSet, RipIsNeverAMember) {
  for (const Bytes& bytes : {Bytes{0xc3}, Bytes{0xeb, 0xfe}, Bytes{0xcf}, Bytes{0x0f, 0xff}})
    EXPECT_FALSE(set_of(bytes).contains(Register::rip));
}

TEST(WriteSet, X87AndMmxChangeTheWholeFpu) {
  for (const Bytes& bytes : {Bytes{0xd9, 0xe8}, Bytes{0xde, 0xc1}, Bytes{0xdf, 0xe0}, Bytes{0x9b}, Bytes{0x0f, 0x77},
                             Bytes{0x0f, 0xfc, 0xc1}, Bytes{0x0f, 0x2d, 0xc1}, Bytes{0xf2, 0x0f, 0xd6, 0xc0}}) {
    const WriteSet set = set_of(bytes);
    EXPECT_TRUE(has_all(set, {Register::fpsw, Register::fptag, fp_register(0, false), fp_register(7, true)}));
  }
}

TEST(WriteSet, StringComparisonsLeaveTheirResultWhereItIs) {
  EXPECT_TRUE(has_all(set_of({0x66, 0x0f, 0x3a, 0x61, 0xc1, 0x0c}), {Register::rcx, Register::rflags})) << "pcmpestri";
  EXPECT_TRUE(set_of({0x66, 0x0f, 0x3a, 0x60, 0xd1, 0x0c}).contains(xmm_register(0, true))) << "pcmpestrm";
  EXPECT_TRUE(set_of({0x66, 0x0f, 0x38, 0x10, 0xca}).contains(xmm_register(1, false))) << "pblendvb";
}

TEST(WriteSet, LockedAndExchangingInstructionsChangeWhatTheDecoderForgets) {
  EXPECT_TRUE(has_all(set_of({0xf0, 0x48, 0x0f, 0xb1, 0x0b}), {Register::rax, Register::rflags})) << "lock cmpxchg";
  EXPECT_TRUE(has_all(set_of({0xf0, 0x48, 0x0f, 0xc1, 0x03}), {Register::rax, Register::rflags})) << "lock xadd";
  EXPECT_TRUE(has_all(set_of({0xf0, 0x48, 0x01, 0x03}), {Register::rdx, Register::r15, Register::rflags}))
      << "any lock: all of them";
  EXPECT_TRUE(set_of({0xd7}).contains(Register::rax)) << "xlat";
  EXPECT_TRUE(has_all(set_of({0xc8, 0, 0, 0}), {Register::rsp, Register::rbp})) << "enter";
  EXPECT_TRUE(set_of({0xfb}).contains(Register::rflags)) << "sti";
  EXPECT_TRUE(set_of({0xfa}).contains(Register::rflags)) << "cli";
  EXPECT_TRUE(set_of({0x0f, 0xa0}).contains(Register::rsp)) << "push %fs";
  EXPECT_TRUE(set_of({0x0f, 0x02, 0xc1}).contains(Register::rax)) << "lar";
}

TEST(WriteSet, SystemInstructionsChangeEverything) {
  for (const Bytes& bytes :
       {Bytes{0x48, 0xcf}, Bytes{0xcb}, Bytes{0xcd, 0x80}, Bytes{0xcc}, Bytes{0x0f, 0x01, 0xf8}, Bytes{0x0f, 0x30},
        Bytes{0x0f, 0x32}, Bytes{0x0f, 0x31}, Bytes{0x0f, 0x22, 0xc0}, Bytes{0x0f, 0xae, 0x03}, Bytes{0x0f, 0xa1},
        Bytes{0x0f, 0xb4, 0x03}, Bytes{0x0f, 0xaa}, Bytes{0x0f, 0xc7, 0x0b}, Bytes{0xff, 0x1b}, Bytes{0xff, 0x2b},
        Bytes{0x0f, 0x06}, Bytes{0x0f, 0x00, 0xd8}})
    EXPECT_TRUE(is_everything(set_of(bytes))) << testing::PrintToString(bytes);
  EXPECT_TRUE(has_all(set_of({0x8e, 0xd8}), {Register::ds, Register::ss, Register::fs_base, Register::gs_base}));
}

TEST(WriteSet, InDoubtEverything) {
  for (const Bytes& bytes : {Bytes{}, Bytes{0x06}, Bytes{0x48}, Bytes{0x66, 0x66, 0x01, 0xc8},
                             Bytes{0x48, 0x66, 0x01, 0xc8}, Bytes{0x40, 0x48, 0x01, 0xc8}, Bytes{0xf3, 0xf3, 0xaa}})
    EXPECT_TRUE(is_everything(set_of(bytes))) << testing::PrintToString(bytes);
}

TEST(WriteSet, CertainIsWhatIsWrittenInAnyCase) {
  const WriteSet pop = set_of({0x5b});
  EXPECT_EQ(pop.certain_slots(), (std::vector<std::uint8_t>{slot(Register::rbx), slot(Register::rsp)}));
  EXPECT_TRUE(set_of({0xd9, 0xe8}).certain_slots().empty()) << "fld1";
}

TEST(OpcodeBytes, PrefixesAreReadAsAProcessorDoes) {
  const OpcodeBytes plain = opcode_bytes(Bytes{0xf3, 0x48, 0xab});
  EXPECT_TRUE(plain.rep);
  EXPECT_EQ(plain.rex, 0x48);
  EXPECT_EQ(plain.opcode, 0xab);
  EXPECT_FALSE(plain.redundant);

  const OpcodeBytes behind = opcode_bytes(Bytes{0x48, 0xf3, 0xab});
  EXPECT_TRUE(behind.rep);
  EXPECT_EQ(behind.rex, 0) << "a REX counts only right before the opcode";
  EXPECT_EQ(behind.opcode, 0xab);
  EXPECT_TRUE(behind.redundant);

  EXPECT_EQ(opcode_bytes(Bytes{0xf2, 0xf3, 0x0f, 0x10, 0xc1}).repeat, 0xf3) << "of two the last one";
  EXPECT_TRUE(opcode_bytes(Bytes{0x66, 0x0f, 0x3a, 0x0f, 0xc1, 0x03}).operand_size);
  EXPECT_EQ(opcode_bytes(Bytes{0x66, 0x0f, 0x3a, 0x0f, 0xc1, 0x03}).map, 3);
  EXPECT_FALSE(opcode_bytes(Bytes{0x66, 0x0f}).complete);
  EXPECT_FALSE(opcode_bytes(Bytes{}).complete);
}

}  // namespace
}  // namespace fiberscope::emu
