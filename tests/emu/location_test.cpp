#include "emu/location.h"

#include <dwarf.h>
#include <gtest/gtest.h>

#include <vector>

namespace fiberscope::emu {
namespace {

Dwarf_Op op(std::uint8_t atom, std::int64_t number = 0, std::int64_t number2 = 0) {
  return {atom, static_cast<Dwarf_Word>(number), static_cast<Dwarf_Word>(number2), 0};
}

std::optional<Location> evaluated(const std::vector<Dwarf_Op>& operations) {
  return location_of(operations.data(), operations.size());
}

TEST(Location, IsABaseAndAnOffset) {
  const auto frame = evaluated({op(DW_OP_fbreg, -40)});
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->base, Location::Base::frame_base);
  EXPECT_EQ(frame->offset, -40);

  const auto cfa = evaluated({op(DW_OP_call_frame_cfa), op(DW_OP_consts, -24), op(DW_OP_plus)});
  ASSERT_TRUE(cfa.has_value());
  EXPECT_EQ(cfa->base, Location::Base::cfa);
  EXPECT_EQ(cfa->offset, -24);
  EXPECT_FALSE(cfa->is_value);

  const auto value = evaluated({op(DW_OP_breg0 + 6, 16), op(DW_OP_lit0 + 8), op(DW_OP_minus), op(DW_OP_stack_value)});
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(value->reg, Register::rbp);
  EXPECT_EQ(value->offset, 8);
  EXPECT_TRUE(value->is_value);
}

TEST(Location, MayBeDereferencedOnce) {
  const auto once = evaluated({op(DW_OP_bregx, 7, 160), op(DW_OP_deref)});
  ASSERT_TRUE(once.has_value());
  EXPECT_EQ(once->reg, Register::rsp);
  EXPECT_EQ(once->offset, 160);
  EXPECT_TRUE(once->dereferenced);
  EXPECT_FALSE(evaluated({op(DW_OP_breg0 + 7), op(DW_OP_deref), op(DW_OP_deref)}));
  EXPECT_FALSE(evaluated({op(DW_OP_breg0 + 7), op(DW_OP_deref), op(DW_OP_plus_uconst, 8)}));
}

TEST(Location, MayBeARegister) {
  EXPECT_EQ(evaluated({op(DW_OP_reg0 + 1)})->reg, Register::rdx) << "DWARF counts rax, rdx, rcx, rbx";
  EXPECT_EQ(evaluated({op(DW_OP_reg0 + 18)})->reg, xmm_register(1, false));
  EXPECT_EQ(evaluated({op(DW_OP_regx, 32)})->reg, xmm_register(15, false));
  EXPECT_TRUE(evaluated({op(DW_OP_reg0)})->is_register);
  EXPECT_FALSE(evaluated({op(DW_OP_regx, 33)}));
}

TEST(Location, IsNothingForOtherShapes) {
  EXPECT_FALSE(evaluated({}));
  EXPECT_FALSE(evaluated({op(DW_OP_plus)}));
  EXPECT_FALSE(evaluated({op(DW_OP_deref)}));
  EXPECT_FALSE(evaluated({op(DW_OP_breg0 + 7), op(DW_OP_breg0 + 16), op(DW_OP_plus)}));
  EXPECT_FALSE(evaluated({op(DW_OP_reg0), op(DW_OP_piece, 8), op(DW_OP_reg0 + 1), op(DW_OP_piece, 8)}));
  EXPECT_FALSE(evaluated({op(DW_OP_entry_value)}));
  EXPECT_FALSE(location_of(nullptr, 3));
}

}  // namespace
}  // namespace fiberscope::emu
