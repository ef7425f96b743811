// What the hooks know of an instruction: which need an aligned operand, which are one step however often they repeat.
#include "emu/step_code.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/emu/machine_guest.h"

namespace fiberscope::emu {
namespace {

struct Placed {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  std::string text;
};

const Image& guest() {
  static const Image kImage = machine_guest("alignment");
  return kImage;
}

std::vector<Placed> instructions(const std::string& from, const std::string& to) {
  const auto machine = boot_at(guest());
  const Disassembler disassembler;
  std::vector<Placed> result;
  std::uint64_t at = symbol(guest(), from).value;
  const std::uint64_t end = symbol(guest(), to).value;
  while (at < end) {
    const auto decoded = disassembler.decode(Address{at}, machine->memory().copy(Address{at}, kMaxInstructionSize));
    if (!decoded) throw std::runtime_error("not decodable");
    result.push_back({at, decoded->size, decoded->att_mnemonic + " " + decoded->att_operands});
    at += decoded->size;
  }
  return result;
}

/// How the machine takes the instruction with rbx = data + offset.
Stop run_one(const Placed& instruction, std::uint64_t offset) {
  const auto machine = boot_at(guest());
  const std::uint64_t data = symbol(guest(), "data").value;
  machine->cpu().write(Register::rip, instruction.address);
  machine->cpu().write(Register::rbx, data + offset);
  machine->cpu().write(Register::rdi, data + 1024 + offset);
  machine->cpu().write(Register::rax, 0x1111111111111111);
  return machine->run(1);
}

TEST(AlignedOperands, AreRefusedOnAnOddAddress) {
  const auto all = instructions("aligned_begin", "aligned_end");
  ASSERT_GT(all.size(), 170U);
  for (const Placed& instruction : all) {
    // The form that names data + 8 itself is misaligned with any rbx.
    const Stop stop = run_one(instruction, 8);
    EXPECT_EQ(stop.reason, Stop::Reason::fault) << instruction.text;
    EXPECT_EQ(stop.vector, 13) << instruction.text << ": " << stop.message;
    if (instruction.text.find("rip") == std::string::npos) {
      EXPECT_EQ(run_one(instruction, 16).reason, Stop::Reason::limit) << instruction.text;
    }
  }
}

TEST(AlignedOperands, AllOthersMayLieAnywhere) {
  const auto all = instructions("free_begin", "free_end");
  ASSERT_GT(all.size(), 110U);
  for (const Placed& instruction : all) {
    const Stop stop = run_one(instruction, 1);
    EXPECT_EQ(stop.reason, Stop::Reason::limit) << instruction.text << ": " << stop.message;
  }
}

class StepCodeTest : public testing::Test {
 protected:
  StepCodeTest() {
    LoadedRegion loaded;
    loaded.region = {"code", RegionKind::code, {Address{0x1000}, Address{0x3000}}, true, true, true};
    loaded.contents.assign(0x2000, 0x90);
    EXPECT_TRUE(memory_.add(loaded).ok());
  }
  const StepCode& at(std::uint64_t rip, const std::vector<std::uint8_t>& bytes) {
    memory_.write_bytes(Address{rip}, bytes);
    return cache_.at(rip, static_cast<std::uint32_t>(bytes.size()));
  }

  Memory memory_;
  StepCodeCache cache_{memory_};
};

TEST_F(StepCodeTest, StringInstructionsWithRepAreOneStep) {
  std::uint64_t rip = 0x1000;
  for (const std::uint8_t opcode :
       {0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0x6c, 0x6d, 0x6e, 0x6f}) {
    EXPECT_TRUE(at(rip += 16, {0xf3, opcode}).is_rep) << int{opcode};
    EXPECT_TRUE(at(rip += 16, {0xf2, 0x48, opcode}).is_rep);
    EXPECT_TRUE(at(rip += 16, {0xf3, 0xf3, opcode}).is_rep);
    EXPECT_TRUE(at(rip += 16, {0x48, 0xf3, opcode}).is_rep);
    EXPECT_FALSE(at(rip += 16, {opcode}).is_rep);
  }
  EXPECT_FALSE(at(rip += 16, {0xf3, 0xc3}).is_rep) << "rep ret";
  EXPECT_FALSE(at(rip += 16, {0xf3, 0x90}).is_rep) << "pause";
  EXPECT_FALSE(at(rip += 16, {0xf3, 0x0f, 0xa5, 0xc1}).is_rep) << "not the a5 of movs";
}

TEST_F(StepCodeTest, ChangedCodeIsNoticedAndOldVersionsAreKnownAgain) {
  const StepCode* first = &at(0x1000, {0xb8, 1, 0, 0, 0});
  EXPECT_EQ(&cache_.at(0x1000, 5), first);
  const StepCode* second = &at(0x1000, {0xb8, 2, 0, 0, 0});
  EXPECT_NE(second, first);
  EXPECT_EQ(second->bytes[1], 2);
  EXPECT_EQ(&at(0x1000, {0xb8, 1, 0, 0, 0}), first);
}

TEST_F(StepCodeTest, TwoInstructionsOfOneTablePlaceAreBothKept) {
  std::vector<const StepCode*> seen;
  for (std::uint64_t rip = 0x1000; rip < 0x3000; ++rip) seen.push_back(&cache_.at(rip, 1));
  for (std::uint64_t rip = 0x1000; rip < 0x3000; ++rip) EXPECT_EQ(&cache_.at(rip, 1), seen[rip - 0x1000]);
}

TEST_F(StepCodeTest, KnowsWhatHoldsInterruptsBack) {
  EXPECT_TRUE(at(0x1000, {0xfb}).shadows_interrupts) << "sti";
  EXPECT_TRUE(at(0x1010, {0x8e, 0xd1}).shadows_interrupts) << "mov %cx,%ss";
  EXPECT_FALSE(at(0x1020, {0x8e, 0xd9}).shadows_interrupts) << "mov %cx,%ds";
  for (const std::uint8_t opcode : {0xfb, 0x9d, 0xcf}) EXPECT_TRUE(at(0x1030 + opcode, {opcode}).may_set_interrupts);
  EXPECT_FALSE(at(0x1200, {0xfa}).may_set_interrupts) << "cli";
}

TEST_F(StepCodeTest, OnlyWritesOfTheBreakpointControlAreWatched) {
  EXPECT_EQ(at(0x1000, {0x0f, 0x23, 0xf8}).breakpoint_source, Register::rax) << "mov %rax,%dr7";
  EXPECT_EQ(at(0x1010, {0x41, 0x0f, 0x23, 0xfa}).breakpoint_source, Register::r10);
  EXPECT_EQ(at(0x1020, {0x0f, 0x23, 0xeb}).breakpoint_source, Register::rbx) << "dr5 is dr7";
  EXPECT_FALSE(at(0x1030, {0x0f, 0x23, 0xc0}).breakpoint_source) << "dr0";
  EXPECT_FALSE(at(0x1040, {0x0f, 0x21, 0xf8}).breakpoint_source) << "mov %dr7,%rax";
}

}  // namespace
}  // namespace fiberscope::emu
