#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>

#include "emu/address.h"
#include "emu/disassembler.h"
#include "emu/memory.h"
#include "emu/registers.h"

namespace fiberscope::emu {

/// An instruction that reads an operand in memory and writes it back changed, without being atomic: another processor
/// may come between (Intel SDM vol. 3, 9.1.2). With a lock prefix it is no such thing, and xchg never is. By opcode:
/// the arithmetic and logic with a target in memory, inc, dec, not, neg, shifts and rotates, shld, shrd, bts, btr, btc,
/// xadd, cmpxchg, cmpxchg8b and cmpxchg16b.
struct ReadModifyWrite {
  MemoryOperand operand;
  std::uint8_t size = 0;               ///< bytes, 1 … 16
  std::uint8_t length = 0;             ///< of the instruction
  std::optional<Register> bit_offset;  ///< bts, btr, btc with a register: it counts bits from the operand on
  bool narrow_address = false;         ///< a prefix cuts base + index + displacement to 32 bits

  /// The bytes that it reads and writes, with the registers in front of it.
  [[nodiscard]] AddressRange range(const RegisterFile& before) const;
};

/// Nothing for any other instruction. `bytes` may be longer than the instruction.
std::optional<ReadModifyWrite> read_modify_write(const Disassembler& disassembler, Address rip,
                                                 std::span<const std::uint8_t> bytes);

/// The same for what lies in memory, decoded once as long as it stays.
class ReadModifyWriteCache {
 public:
  const std::optional<ReadModifyWrite>& at(Address rip, const Memory& memory);

 private:
  struct Entry {
    std::array<std::uint8_t, kMaxInstructionSize> bytes{};
    std::size_t size = 0;
    std::optional<ReadModifyWrite> access;
  };
  Disassembler disassembler_;
  std::unordered_map<std::uint64_t, Entry> entries_;
};

}  // namespace fiberscope::emu
