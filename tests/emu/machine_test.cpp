// Faults: what the guest's handler is given, what stays as it was, and what is said where there is no handler.
#include "emu/machine.h"

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/emu/machine_guest.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kStackEnd = 0x604000;

struct Fault {
  std::string label;
  unsigned vector = 0;
  std::optional<std::uint64_t> error_code = std::nullopt;
  std::string address = {};  ///< cr2: a symbol or a number; empty: none
  std::string message = {};
  std::string rip = {};  ///< at the fault, likewise; empty: at the label's instruction
};
void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.label;
}

const Image& faults() {
  static const Image kImage = machine_guest("faults");
  return kImage;
}

std::uint64_t place(const std::string& text) {
  return text.starts_with("0x") ? std::stoull(text, nullptr, 16) : symbol(faults(), text).value;
}

/// Runs until the next instruction is the one at the address.
void run_to(Machine& machine, std::uint64_t address) {
  for (int i = 0; i < 1000 && machine.registers()[Register::rip] != address; ++i)
    ASSERT_EQ(machine.run(machine.steps() + 1).reason, Stop::Reason::limit);
  ASSERT_EQ(machine.registers()[Register::rip], address);
}

class FaultTest : public testing::TestWithParam<Fault> {
 protected:
  /// A jump that leads nowhere has completed.
  [[nodiscard]] static std::uint64_t rip_at_fault() {
    return place(GetParam().rip.empty() ? GetParam().label + "_at" : GetParam().rip);
  }
};

TEST_P(FaultTest, WithoutAHandlerEndsTheGuestAtTheInstruction) {
  const Fault& fault = GetParam();
  const auto machine = boot_at(faults(), fault.label);
  run_to(*machine, symbol(faults(), fault.label + "_at").value);
  const RegisterFile before = machine->registers();
  const std::uint64_t steps = machine->steps();
  const Memory memory = machine->memory();
  const Stop stop = machine->run(1000);
  EXPECT_EQ(stop.reason, Stop::Reason::fault);
  EXPECT_EQ(stop.vector, fault.vector) << stop.message;
  EXPECT_EQ(stop.rip.value, rip_at_fault());
  EXPECT_EQ(machine->steps(), steps + (fault.rip.empty() ? 0 : 1));
  if (!fault.address.empty()) {
    EXPECT_EQ(stop.address.value, place(fault.address));
  }
  EXPECT_NE(stop.message.find(fault.message), std::string::npos) << stop.message;
  EXPECT_NE(stop.message.find("no handler"), std::string::npos) << stop.message;
  if (!fault.rip.empty() || fault.label.starts_with("rep_")) return;
  // The instruction has changed nothing.
  EXPECT_TRUE(machine->memory() == memory);
  RegisterFile after = machine->registers();
  after[Register::cr2] = before[Register::cr2];
  for (std::size_t i = 0; i < kRegisterSlots; ++i)
    EXPECT_EQ(after.slots[i], before.slots[i]) << register_name(static_cast<Register>(i));
}

TEST_P(FaultTest, IsDeliveredThroughTheInterruptTable) {
  const Fault& fault = GetParam();
  const auto machine = boot_at(faults(), "prepare");
  machine->cpu().write(Register::r15, symbol(faults(), fault.label).value);
  run_to(*machine, symbol(faults(), fault.label + "_at").value);
  const RegisterFile before = machine->registers();
  if (before[Register::rsp] < 0x601000) return;  // no room for a frame: see MachineTest
  run_to(*machine, symbol(faults(), "handled_" + std::to_string(fault.vector)).value);
  const RegisterFile now = machine->registers();
  const bool has_code = fault.vector >= 10;
  Address frame{now[Register::rsp]};
  if (has_code) {
    EXPECT_EQ(word_at(*machine, frame), fault.error_code.value_or(0));
    frame = frame + 8;
  }
  EXPECT_EQ(frame.value % 16, 8U) << "rip, cs, rflags, rsp and ss below a multiple of 16";
  EXPECT_EQ(word_at(*machine, frame), rip_at_fault());
  EXPECT_EQ(word_at(*machine, frame + 8), kCodeSelector);
  if (fault.rip.empty() && !fault.label.starts_with("rep_")) {
    EXPECT_EQ(word_at(*machine, frame + 16), before[Register::rflags]);
    EXPECT_EQ(word_at(*machine, frame + 24), before[Register::rsp]);
  }
  EXPECT_EQ(word_at(*machine, frame + 32), kDataSelector);
  if (!fault.address.empty()) {
    EXPECT_EQ(now[Register::cr2], place(fault.address));
  }
}

const std::vector<Fault> kFaults = {{"read_unmapped", 14, 0, "0x700000", "#PF page fault at 0x"},
                                    {"write_unmapped", 14, 2, "0x700008", "write to unmapped 0x700008"},
                                    {"write_read_only", 14, 3, "constant", "write to protected 0x48"},
                                    {"add_read_only", 14, 3, "constant", "write to protected"},
                                    {"exchange_read_only", 14, 3, "constant", "write to protected"},
                                    {"push_unmapped", 14, 2, "0x5ffff8", "write to unmapped 0x5ffff8"},
                                    {"pop_unmapped", 14, 0, "0x604000", "read of unmapped 0x604000"},
                                    {"pop_to_read_only", 14, 3, "constant", "write to protected"},
                                    {"call_from_full_stack", 14, 2, "0x5ffff8", "write to unmapped"},
                                    {"torn_word", 14, 2, "0x604000", "write to unmapped 0x604000"},
                                    {"torn_into_read_only", 14, 3, "edge_read_only", "write to protected"},
                                    {"torn_add", 14, 3, "edge_read_only", "write to protected"},
                                    {"torn_sse", 14, 2, "0x604000", "write to unmapped"},
                                    {"torn_sse_odd", 14, 3, "edge_read_only", "write to protected"},
                                    {"torn_fxsave", 14, 2, "0x604000", "write to unmapped"},
                                    {"torn_fnsave", 14, 3, "edge_read_only", "write to protected"},
                                    {"torn_real", 14, 2, "0x604000", "write to unmapped"},
                                    {"torn_enter", 14, 2, "0x5ffff8", "write to unmapped"},
                                    {"real_unmapped", 14, 2, "0x700000", "write to unmapped"},
                                    {"integer_read_only", 14, 3, "constant", "write to protected"},
                                    {"rep_store_up", 14, 2, "0x604000", "write to unmapped"},
                                    {"rep_store_down", 14, 2, "0x5ffffb", "write to unmapped"},
                                    {"rep_copy_reads_unmapped", 14, 0, "0x604000", "read of unmapped"},
                                    {"rep_scan", 14, 0, "0x604000", "read of unmapped"},
                                    {"undefined", 6, std::nullopt, {}, "#UD invalid opcode"},
                                    {"vector_extension", 6, std::nullopt, {}, "vaddps"},
                                    {"extended_state", 6, std::nullopt, {}, "xsave"},
                                    {"random", 6, std::nullopt, {}, "#UD"},
                                    {"random_seed", 6, std::nullopt, {}, "#UD"},
                                    {"divide_by_zero", 0, std::nullopt, {}, "#DE divide error"},
                                    {"divide_overflow", 0, std::nullopt, {}, "#DE divide error"},
                                    {"misaligned_move", 13, 0, {}, "16-byte"},
                                    {"misaligned_fxsave", 13, 0, {}, "16"},
                                    {"not_canonical", 13, 0, {}, "not canonical"},
                                    {"not_canonical_stack", 12, 0, {}, "not canonical"},
                                    {"breakpoint_register", 6, std::nullopt, {}, "hardware breakpoints"},
                                    {"breakpoint_register_alias", 6, std::nullopt, {}, "hardware breakpoints"},
                                    {"jump_unmapped", 14, 16, "0x700000", "fetch from unmapped 0x700000", "0x700000"},
                                    {"call_unmapped", 14, 16, "0x700000", "fetch from unmapped", "0x700000"},
                                    {"return_unmapped", 14, 16, "0x700000", "fetch from unmapped", "0x700000"},
                                    {"branch_unmapped", 14, 16, "0x700000", "fetch from unmapped", "0x700000"},
                                    {"jump_to_data", 14, 17, "data", "fetch from protected", "data"}};
INSTANTIATE_TEST_SUITE_P(Machine, FaultTest, testing::ValuesIn(kFaults),
                         [](const auto& test) { return test.param.label; });

TEST(MachineTest, AnInstructionThatRunsOffItsPageFaultsBehindTheOneBeforeIt) {
  const auto machine = boot_at(faults(), "jump_straddling");
  const Stop stop = machine->run(100);
  EXPECT_EQ(stop.reason, Stop::Reason::fault);
  EXPECT_EQ(stop.vector, 14);
  EXPECT_EQ(stop.rip.value, symbol(faults(), "straddling").value + 1);
  EXPECT_EQ(stop.address.value, 0x4e1000U);
  EXPECT_EQ(machine->steps(), 3U) << "mov, jmp, nop";
}

TEST(MachineTest, AHalfDoneRepLeavesWhatItDid) {
  const auto up = boot_at(faults(), "rep_store_up");
  const Stop stop = up->run(100);
  EXPECT_EQ(stop.vector, 14);
  EXPECT_EQ(up->registers()[Register::rcx], 7U) << "two of nine were stored";
  EXPECT_EQ(up->registers()[Register::rdi], kStackEnd - 5);
  EXPECT_EQ(word_at(*up, Address{kStackEnd - 13}), 0x1122334455667788U);
  EXPECT_EQ(word_at(*up, Address{kStackEnd - 5}, 5), 0U) << "the store over the end is taken back";

  const auto down = boot_at(faults(), "rep_store_down");
  down->run(100);
  EXPECT_EQ(down->registers()[Register::rcx], 6U);
  EXPECT_EQ(word_at(*down, Address{0x600003}), 0x1122334455667788U);
  EXPECT_EQ(word_at(*down, Address{0x600000}, 3), 0U);

  const auto copy = boot_at(faults(), "rep_copy_reads_unmapped");
  copy->run(100);
  EXPECT_EQ(copy->registers()[Register::rcx], 4U) << "five bytes could be read";
}

TEST(MachineTest, ClearingTheBreakpointRegisterIsAllowed) {
  EXPECT_EQ(boot_at(faults(), "breakpoint_register_clear")->run(100).code, 11);
}

TEST(MachineTest, ABadSelectorIsRefused) {
  const Stop stop = boot_at(faults(), "bad_selector")->run(100);
  EXPECT_EQ(stop.reason, Stop::Reason::fault);
  EXPECT_EQ(stop.vector, 13);
}

TEST(MachineTest, FaultsOneAfterTheOtherStayWhatTheyAre) {
  const auto machine = boot_at(faults(), "nested");
  const Stop stop = machine->run(100'000);
  EXPECT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
  EXPECT_EQ(stop.code, 4 * 50);
}

TEST(MachineTest, TheFpuIsHandedOverLazily) {
  for (const std::uint64_t other_fault : {0, 1}) {
    const auto machine = boot_at(faults(), "lazy_fpu");
    machine->cpu().write(Register::r14, other_fault);
    const Stop stop = machine->run(1000);
    EXPECT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
    EXPECT_EQ(stop.code, 2) << "#NM at the first SSE and the first x87 instruction; other fault: " << other_fault;
    EXPECT_EQ(machine->registers()[xmm_register(3, false)], 0x1111111111111111U) << "the instruction was run again";
    EXPECT_EQ(machine->registers()[fp_register(7, true)], 0x3fffU);
  }
}

TEST(MachineTest, UnrecordedRegistersOutliveAnEngine) {
  const auto machine = boot_at(faults(), "hidden_state");
  const Stop stop = machine->run(1000);
  ASSERT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
  const RegisterFile registers = machine->registers();
  EXPECT_EQ(registers[Register::r8], 0x5000U);
  EXPECT_EQ(registers[Register::r10], 0x765432U);
  EXPECT_EQ(registers[Register::r11], 0x8901234567U) << "the other GS base";
}

TEST(MachineTest, FaultsWithoutEndEndTheGuest) {
  const auto machine = boot_at(faults(), "endless_faults");
  const Stop stop = machine->run(1'000'000);
  EXPECT_EQ(stop.reason, Stop::Reason::fault);
  EXPECT_NE(stop.message.find("without a step"), std::string::npos) << stop.message;
}

TEST(MachineTest, AFrameThatFindsNoRoomSaysSo) {
  const auto machine = boot_at(faults(), "prepare");
  machine->cpu().write(Register::r15, symbol(faults(), "push_unmapped").value);
  const Stop stop = machine->run(1000);
  EXPECT_EQ(stop.reason, Stop::Reason::fault);
  EXPECT_EQ(stop.vector, 14);
  EXPECT_NE(stop.message.find("the stack at 0x600000 has no room"), std::string::npos) << stop.message;
}

TEST(MachineTest, StartsAsFirmwareWouldHandOver) {
  const auto machine = Machine::boot(faults());
  ASSERT_TRUE(machine.ok());
  const RegisterFile registers = (*machine)->registers();
  EXPECT_EQ(registers[Register::mxcsr], 0x1f80U);
  EXPECT_EQ(registers[Register::fpcw], 0x37fU);
  EXPECT_EQ(registers[Register::fptag], 0xffffU);
  EXPECT_NE(registers[Register::cr4] & 0x200, 0U) << "OSFXSR";
  EXPECT_EQ(registers[Register::rflags], 2U);
  EXPECT_EQ(registers[Register::rsp], symbol(faults(), "boot_stack_top").value);
  EXPECT_EQ(registers[Register::rip], faults().entry().value);
  EXPECT_EQ(registers[Register::cs], kCodeSelector);
  EXPECT_EQ(registers[Register::ss], kDataSelector);
}

}  // namespace
}  // namespace fiberscope::emu
