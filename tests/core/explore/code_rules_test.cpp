// Where a function's epilogue begins, on code written by hand.
#include "core/explore/code_rules.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <vector>

#include "emu/disassembler.h"

namespace fiberscope::core::explore {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// The offsets from which nothing but an epilogue comes.
std::set<std::uint64_t> epilogues(const Bytes& code, std::uint64_t end) {
  const emu::Disassembler disassembler;
  const auto decode = [&](emu::Address at) -> std::optional<emu::Instruction> {
    if (at.value >= code.size()) return std::nullopt;
    return disassembler.decode(at, {code.data() + at.value, code.size() - at.value});
  };
  std::set<std::uint64_t> found;
  for (std::uint64_t at = 0; at < end;) {
    if (is_epilogue({at}, {end}, decode)) found.insert(at);
    const auto instruction = decode({at});
    if (!instruction) break;
    at += instruction->size;
  }
  return found;
}

TEST(Epilogue, IsWhatLeadsToARetAlone) {
  // 0 inc eax; 2 pop rbx; 3 inc eax; 5 nop; 6 add rsp,8; a pop rbx; b leave; c ret
  const Bytes code = {0xff, 0xc0, 0x5b, 0xff, 0xc0, 0x90, 0x48, 0x83, 0xc4, 0x08, 0x5b, 0xc9, 0xc3};
  EXPECT_EQ(epilogues(code, code.size()), (std::set<std::uint64_t>{5, 6, 0xa, 0xb, 0xc}));
}

TEST(Epilogue, EndsAtTheFunctionsEnd) {
  // 0 nop; 1 nop | 2 ret: of the next function
  const Bytes code = {0x90, 0x90, 0xc3};
  EXPECT_EQ(epilogues(code, 2), std::set<std::uint64_t>{});
  EXPECT_EQ(epilogues(code, 3), (std::set<std::uint64_t>{0, 1, 2}));
}

TEST(Epilogue, AJumpBackOrMemoryIsNone) {
  // 0 pop rbx; 1 jmp 0; 3 pop qword [rax]; 5 add rsp,rax; 8 ret
  const Bytes code = {0x5b, 0xeb, 0xfd, 0x8f, 0x00, 0x48, 0x01, 0xc4, 0xc3};
  EXPECT_EQ(epilogues(code, code.size()), (std::set<std::uint64_t>{8}));
}

}  // namespace
}  // namespace fiberscope::core::explore
