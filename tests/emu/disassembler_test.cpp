// Both syntaxes, operands with the implicit ones, moves that can be foretold; and that Capstone 4 and 5 say the same of
// them.
#include "emu/disassembler.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace fiberscope::emu {
namespace {

using Bytes = std::vector<std::uint8_t>;

Instruction decode(const Bytes& bytes, std::uint64_t address = 0x401000) {
  const auto found = Disassembler().decode(Address{address}, bytes);
  if (!found) throw std::runtime_error("not decodable");
  return *found;
}

TEST(DisassemblerTest, SpeaksBothSyntaxes) {
  const Instruction mov = decode({0x48, 0x89, 0x27});
  EXPECT_EQ(mov.intel_mnemonic + " " + mov.intel_operands, "mov qword ptr [rdi], rsp");
  EXPECT_EQ(mov.att_mnemonic + " " + mov.att_operands, "movq %rsp, (%rdi)");
  EXPECT_EQ(mov.size, 3);
}

TEST(DisassemblerTest, SaysNothingOfBytesThatAreNoInstruction) {
  const Disassembler disassembler;
  EXPECT_FALSE(disassembler.decode(Address{0}, Bytes{}));
  EXPECT_FALSE(disassembler.decode(Address{0}, Bytes{0x06}));
  EXPECT_FALSE(disassembler.decode(Address{0}, Bytes{0x48, 0x89})) << "ends too early";
}

TEST(DisassemblerTest, RejectsWhatAbortsTheEngine) {
  // Far calls and jumps through a register; a locked cmp. (It takes a locked bt for an instruction.)
  const Disassembler disassembler;
  EXPECT_FALSE(disassembler.decode(Address{0}, Bytes{0xff, 0xd8}));
  EXPECT_FALSE(disassembler.decode(Address{0}, Bytes{0xff, 0xe8}));
}

TEST(DisassemblerTest, KnowsTheWayOn) {
  EXPECT_EQ(decode({0xe8, 0x10, 0, 0, 0}).flow, Flow::call);
  EXPECT_EQ(decode({0xe8, 0x10, 0, 0, 0}).target, Address{0x401015});
  EXPECT_EQ(decode({0xff, 0xd0}).flow, Flow::call);
  EXPECT_FALSE(decode({0xff, 0xd0}).target);
  EXPECT_EQ(decode({0xeb, 0xfe}).flow, Flow::jump);
  EXPECT_EQ(decode({0xeb, 0xfe}).target, Address{0x401000});
  EXPECT_EQ(decode({0x74, 0x02}).flow, Flow::conditional_jump);
  EXPECT_EQ(decode({0xe2, 0xfe}).flow, Flow::conditional_jump) << "loop";
  EXPECT_EQ(decode({0xe3, 0xfe}).flow, Flow::conditional_jump) << "jrcxz";
  EXPECT_EQ(decode({0xc3}).flow, Flow::ret);
  EXPECT_EQ(decode({0x48, 0xcf}).flow, Flow::interrupt_return);
  EXPECT_EQ(decode({0xcd, 0x80}).flow, Flow::system_call);
  EXPECT_EQ(decode({0xf4}).flow, Flow::halt);
  EXPECT_EQ(decode({0x90}).flow, Flow::next);
}

TEST(DisassemblerTest, TellsTheMemoryThatAnInstructionTouches) {
  const Instruction push = decode({0x53});
  ASSERT_EQ(push.memory.size(), 1U);
  EXPECT_EQ(push.memory[0].base, Register::rsp);
  EXPECT_EQ(push.memory[0].displacement, -8);
  EXPECT_TRUE(push.memory[0].is_write);

  const Instruction load = decode({0x4a, 0x8b, 0x84, 0xcb, 0x10, 0, 0, 0});  // mov 0x10(%rbx,%r9,8),%rax
  ASSERT_EQ(load.memory.size(), 1U);
  RegisterFile registers;
  registers[Register::rbx] = 0x1000;
  registers[Register::r9] = 3;
  EXPECT_EQ(effective_address(load.memory[0], registers, Address{0}), Address{0x1028});
  EXPECT_TRUE(load.memory[0].is_read);
  EXPECT_FALSE(load.memory[0].is_write);

  const Instruction relative = decode({0x48, 0x8b, 0x05, 0x10, 0, 0, 0});
  EXPECT_EQ(effective_address(relative.memory[0], registers, Address{0x401007}), Address{0x401017});

  const Instruction thread_local_word = decode({0x64, 0x48, 0x8b, 0x03});  // mov %fs:(%rbx),%rax
  registers[Register::fs_base] = 0x500000;
  EXPECT_EQ(effective_address(thread_local_word.memory[0], registers, Address{0}), Address{0x501000});

  EXPECT_TRUE(decode({0x48, 0x8d, 0x03}).memory.empty()) << "lea touches nothing";
  EXPECT_TRUE(decode({0x0f, 0x1f, 0x00}).memory.empty()) << "nor does a long nop";
  EXPECT_TRUE(decode({0xf3, 0xa4}).is_string);
  EXPECT_TRUE(decode({0xa5}).is_string) << "movsl";
  EXPECT_FALSE(decode({0xf2, 0x0f, 0x10, 0x03}).is_string) << "movsd to xmm0 has the same name";
}

TEST(DisassemblerTest, ForetellsPlainMoves) {
  const Instruction pop = decode({0x41, 0x5c});  // pop %r12
  ASSERT_TRUE(pop.transfer);
  EXPECT_EQ(pop.transfer->to_register, Register::r12);
  EXPECT_EQ(pop.transfer->from_memory->base, Register::rsp);
  const Instruction store = decode({0x48, 0x89, 0x27});
  ASSERT_TRUE(store.transfer);
  EXPECT_EQ(store.transfer->from_register, Register::rsp);
  EXPECT_TRUE(store.transfer->to_memory);
  EXPECT_FALSE(decode({0x88, 0xe0}).transfer) << "mov %ah,%al moves no low byte";
  EXPECT_FALSE(decode({0x66, 0x89, 0xc8}).transfer) << "a word leaves the rest of its register as it was";
  EXPECT_FALSE(decode({0x48, 0x01, 0xc8}).transfer) << "add is no move";
}

}  // namespace
}  // namespace fiberscope::emu
