#include "emu/step_engine.h"

#include <gtest/gtest.h>

#include <cstring>

#include "emu/registers.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kCode = 0x400000;
constexpr std::uint64_t kData = 0x600000;

StepEngine engine_with(std::vector<std::uint8_t> code, bool with_vector = false) {
  std::vector<LoadedRegion> regions;
  regions.push_back({{"code", RegionKind::code, {{kCode}, {kCode + 0x1000}}, true, false, true}, std::move(code)});
  regions.push_back({{"data", RegionKind::data, {{kData}, {kData + 0x1000}}, true, true, false}, {5, 0, 0, 0}});
  auto engine = StepEngine::create(regions, with_vector);
  EXPECT_TRUE(engine.ok());
  return std::move(engine).value();
}

TEST(StepEngine, OneInstructionFromAnyState) {
  StepEngine engine = engine_with({0x83, 0x04, 0x25, 0x00, 0x00, 0x60, 0x00, 0x01,  // add dword ptr [0x600000], 1
                                   0xff, 0xc0});                                    // inc eax
  StepRegisters registers;
  registers.rip = kCode;
  ASSERT_FALSE(engine.step(registers));
  EXPECT_EQ(registers.rip, kCode + 8);
  EXPECT_EQ(*engine.bytes({kData}), 6);
  EXPECT_EQ(engine.accesses(), (std::vector<StepAccess>{{{kData}, 4, false}, {{kData}, 4, true}}));
  registers.general[slot(Register::rax)] = 0xffffffffffffffff;
  ASSERT_FALSE(engine.step(registers));
  EXPECT_EQ(registers.general[slot(Register::rax)], 0U) << "a 32-bit result clears the upper half";
  EXPECT_TRUE(engine.accesses().empty());
  EXPECT_NE(registers.flags & 0x40, 0U) << "ZF";
  // Back, with memory changed from outside.
  *engine.bytes({kData}) = 41;
  registers.rip = kCode;
  ASSERT_FALSE(engine.step(registers));
  EXPECT_EQ(*engine.bytes({kData}), 42);
}

/// A jump to itself and what follows a taken branch: never more than one instruction a step.
TEST(StepEngine, NeverRunsOn) {
  StepEngine engine = engine_with({0xff, 0xc0,    // inc eax
                                   0xeb, 0xfc});  // jmp back
  StepRegisters registers;
  registers.rip = kCode;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ASSERT_FALSE(engine.step(registers));
    ASSERT_EQ(registers.rip, i % 2 == 0 ? kCode + 2 : kCode);
    ASSERT_EQ(registers.general[slot(Register::rax)], i / 2 + 1);
  }
}

TEST(StepEngine, AFaultLeavesTheRegisters) {
  StepEngine engine = engine_with({0x89, 0x04, 0x25, 0x10, 0x00, 0x00, 0x00});  // mov dword ptr [0x10], eax
  StepRegisters registers;
  registers.rip = kCode;
  registers.general[slot(Register::rax)] = 7;
  EXPECT_TRUE(engine.step(registers));
  EXPECT_EQ(registers.rip, kCode);
  EXPECT_EQ(registers.general[slot(Register::rax)], 7U);
  EXPECT_EQ(engine.bytes({0x10}), nullptr);
}

TEST(StepEngine, VectorRegistersGoInAndOut) {
  StepEngine engine = engine_with({0x66, 0x0f, 0xfe, 0xc1}, true);  // paddd xmm0, xmm1
  StepRegisters registers;
  registers.rip = kCode;
  registers.vector[0] = 0x0000000200000001;
  registers.vector[2] = 0x0000001400000009;
  ASSERT_FALSE(engine.step(registers));
  EXPECT_EQ(registers.vector[0], 0x000000160000000aU);
}

}  // namespace
}  // namespace fiberscope::emu
