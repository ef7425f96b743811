#include "emu/unwind_table.h"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "emu/debug_info.h"
#include "tests/emu/debug_guest.h"

/* Against what follows by hand from the instructions of debug_frames.S. */

namespace fiberscope::emu {
namespace {

using Kind = RegisterRule::Kind;

bool operator==(const RegisterRule& rule, std::pair<Kind, std::int64_t> expected) {
  return rule.kind == expected.first && rule.offset == expected.second;
}

class FramesOf : public testing::TestWithParam<const char*> {
 protected:
  Image image = load_debug_guest(GetParam());
  DebugInfo info{image};

  const UnwindRow& row(Address rip) const {
    const UnwindRow* found = info.unwind_row(rip);
    if (found == nullptr) throw std::runtime_error("no row at " + symbolized(image, rip));
    return *found;
  }
};

TEST_P(FramesOf, AreRightAtEveryInstructionOfASwitch) {
  // Before the instruction at this offset: how far the CFA is from rsp, and which registers are on the stack.
  struct Expected {
    std::uint64_t offset;
    std::int64_t cfa;
    bool rbp, rbx, r12;
  };
  const Expected instructions[] = {
      {0, 8, false, false, false},   // pushq %rbp
      {1, 16, true, false, false},   // movq %rsp, %rbp
      {4, 16, true, false, false},   // pushq %rbx
      {5, 24, true, true, false},    // pushq %r12
      {7, 32, true, true, true},     // movq %rsp, (%rdi)
      {10, 32, true, true, true},    // movq %rsi, %rsp
      {13, 32, true, true, true},    // popq %r12
      {15, 24, true, true, false},   // popq %rbx
      {16, 16, true, false, false},  // popq %rbp
      {17, 8, false, false, false},  // retq
  };
  const Address function = address_of(image, "debug_switch");
  for (const Expected& expected : instructions) {
    const UnwindRow& found = row(function + expected.offset);
    SCOPED_TRACE(expected.offset);
    EXPECT_EQ(found.cfa_register, Register::rsp);
    EXPECT_EQ(found.cfa_offset, expected.cfa);
    EXPECT_FALSE(found.cfa_dereferenced);
    EXPECT_FALSE(found.signal_frame);
    const auto saved = [](bool is_saved, std::int64_t offset) {
      return is_saved ? std::pair(Kind::at_cfa_offset, offset) : std::pair(Kind::same_value, std::int64_t{0});
    };
    EXPECT_TRUE(found.rules[slot(Register::rip)] == std::pair(Kind::at_cfa_offset, std::int64_t{-8}));
    EXPECT_TRUE(found.rules[slot(Register::rbp)] == saved(expected.rbp, -16));
    EXPECT_TRUE(found.rules[slot(Register::rbx)] == saved(expected.rbx, -24));
    EXPECT_TRUE(found.rules[slot(Register::r12)] == saved(expected.r12, -32));
    EXPECT_TRUE(found.rules[slot(Register::r13)] == saved(false, 0));
    EXPECT_TRUE(found.rules[slot(Register::rsp)] == std::pair(Kind::cfa_plus_offset, std::int64_t{0}));
    EXPECT_EQ(found.rules[slot(Register::rax)].kind, Kind::undefined);
  }
}

TEST_P(FramesOf, AnInterruptHandlerIsASignalFrameThatGivesEverythingBack) {
  const Address handler = address_of(image, "debug_interrupt");
  for (const auto& [offset, cfa] : std::map<std::uint64_t, std::int64_t>{{0, 40}, {1, 48}, {2, 40}}) {
    const UnwindRow& found = row(handler + offset);
    EXPECT_TRUE(found.signal_frame);
    EXPECT_EQ(found.cfa_offset, cfa);
    EXPECT_TRUE(found.rules[slot(Register::rip)] == std::pair(Kind::at_cfa_offset, std::int64_t{-40}));
    EXPECT_TRUE(found.rules[slot(Register::rsp)] == std::pair(Kind::at_cfa_offset, std::int64_t{-16}));
    EXPECT_EQ(found.rules[slot(Register::rax)].kind, offset == 1 ? Kind::at_cfa_offset : Kind::same_value);
    EXPECT_EQ(found.rules[slot(Register::rcx)].kind, Kind::same_value);
  }
}

TEST_P(FramesOf, TheOutermostFrameHasNoCaller) {
  EXPECT_EQ(row(address_of(image, "debug_outermost")).rules[slot(Register::rip)].kind, Kind::undefined);
}

TEST_P(FramesOf, ExpressionsOfSimpleShapesAreEvaluated) {
  const Address function = address_of(image, "debug_expressions");
  EXPECT_TRUE(row(function).cfa_dereferenced);
  EXPECT_EQ(row(function).cfa_register, Register::rsp);
  EXPECT_EQ(row(function).cfa_offset, 16);
  EXPECT_FALSE(row(function + 1).cfa_dereferenced);
  EXPECT_EQ(row(function + 1).cfa_offset, 32);
  EXPECT_EQ(info.unwind_row(function + 2), nullptr) << "rsp + 8 + rip is no shape of ours";
  const UnwindRow& last = row(function + 3);
  EXPECT_EQ(last.cfa_offset, 16);
  EXPECT_EQ(last.rules[slot(Register::rbx)].kind, Kind::undefined) << "lies in r10, which a row cannot say";
  EXPECT_TRUE(last.rules[slot(Register::r13)] == std::pair(Kind::cfa_plus_offset, std::int64_t{-8}));
  EXPECT_TRUE(last.rules[slot(Register::r14)] == std::pair(Kind::at_cfa_offset, std::int64_t{-16}));
}

TEST_P(FramesOf, AreNothingWhereNoFunctionDescribesItself) {
  EXPECT_EQ(info.unwind_row(address_of(image, "debug_bare_label")), nullptr);
  EXPECT_EQ(info.unwind_row(Address{0}), nullptr);
  EXPECT_EQ(info.unwind_row(Address{~std::uint64_t{0}}), nullptr);
}

TEST_P(FramesOf, AreCached) {
  const Address function = address_of(image, "debug_switch");
  const UnwindRow* first = info.unwind_row(function + 1);
  DebugInfo moved = std::move(info);
  EXPECT_EQ(moved.unwind_row(function + 1), first);
  EXPECT_EQ(moved.unwind_row(function + 4), first) << "one row holds for both instructions";
  info = std::move(moved);
  EXPECT_EQ(info.unwind_row(function + 1), first);
}

INSTANTIATE_TEST_SUITE_P(EhFrameOrDebugFrame, FramesOf,
                         testing::Values("debug_frames", "debug_frames_debug_frame", "debug_frames_without_dwarf"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace fiberscope::emu
