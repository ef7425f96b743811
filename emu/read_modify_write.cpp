#include "emu/read_modify_write.h"

#include <algorithm>

#include "emu/write_set.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint8_t kRexW = 8;
constexpr std::uint8_t kRexR = 4;

/// By the number that instructions use.
Register register_of(unsigned number) {
  constexpr Register kLow[] = {Register::rax, Register::rcx, Register::rdx, Register::rbx,
                               Register::rsp, Register::rbp, Register::rsi, Register::rdi};
  return number < 8 ? kLow[number] : general_register(number);
}

enum class Width : std::uint8_t { none, byte, operand, twice };  // twice: cmpxchg8b, cmpxchg16b

Width width_of(const OpcodeBytes& op) {
  const unsigned extension = (op.modrm >> 3) & 7;
  const std::uint8_t code = op.opcode;
  if (op.map == 1) {
    switch (code) {
      case 0xa4:  // shld
      case 0xa5:
      case 0xac:  // shrd
      case 0xad:
      case 0xab:  // bts
      case 0xb3:  // btr
      case 0xbb:  // btc
      case 0xb1:  // cmpxchg
      case 0xc1:  // xadd
        return Width::operand;
      case 0xb0:
      case 0xc0:
        return Width::byte;
      case 0xba:
        return extension >= 5 ? Width::operand : Width::none;
      case 0xc7:
        return extension == 1 ? Width::twice : Width::none;
      default:
        return Width::none;
    }
  }
  if (op.map != 0) return Width::none;
  const Width by_low_bit = (code & 1) == 0 ? Width::byte : Width::operand;
  if (code < 0x38) return (code & 7) <= 1 ? by_low_bit : Width::none;  // add or adc sbb and sub xor
  switch (code) {
    case 0x80:
    case 0x81:
    case 0x83:
      return extension != 7 ? by_low_bit : Width::none;  // 7: cmp
    case 0xc0:
    case 0xc1:
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return by_low_bit;  // rotates and shifts
    case 0xf6:
    case 0xf7:
      return extension == 2 || extension == 3 ? by_low_bit : Width::none;  // not, neg
    case 0xfe:
    case 0xff:
      return extension <= 1 ? by_low_bit : Width::none;  // inc, dec
    default:
      return Width::none;
  }
}

}  // namespace

AddressRange ReadModifyWrite::range(const RegisterFile& before) const {
  MemoryOperand offset = operand;
  offset.segment_base.reset();
  std::uint64_t address = effective_address(offset, before, Address{0} + length).value;
  if (operand.base == Register::rip) address += before[Register::rip];
  if (narrow_address) address &= 0xffffffff;
  if (bit_offset) {
    const unsigned unused = 64 - 8U * size;
    const auto bits = static_cast<std::int64_t>(before[*bit_offset] << unused) >> unused;
    address += static_cast<std::uint64_t>((bits >> (size == 8 ? 6 : size == 4 ? 5 : 4)) * size);
  }
  if (operand.segment_base) address += before[*operand.segment_base];
  return {Address{address}, Address{address + size}};
}

std::optional<ReadModifyWrite> read_modify_write(const Disassembler& disassembler, Address rip,
                                                 std::span<const std::uint8_t> bytes) {
  const OpcodeBytes op = opcode_bytes(bytes);
  if (!op.complete || op.lock || op.modrm >= 0xc0) return std::nullopt;
  const Width width = width_of(op);
  if (width == Width::none) return std::nullopt;
  const auto instruction = disassembler.decode(rip, bytes);
  if (!instruction || instruction->memory.empty()) return std::nullopt;
  ReadModifyWrite result;
  result.operand = instruction->memory.front();
  result.length = instruction->size;
  const std::uint8_t full = (op.rex & kRexW) != 0 ? 8 : op.operand_size ? 2 : 4;
  switch (width) {
    case Width::byte:
      result.size = 1;
      break;
    case Width::twice:
      result.size = (op.rex & kRexW) != 0 ? 16 : 8;
      break;
    default:
      result.size = full;
  }
  if (op.map == 1 && (op.opcode == 0xab || op.opcode == 0xb3 || op.opcode == 0xbb))
    result.bit_offset = register_of(((op.modrm >> 3) & 7) | (op.rex & kRexR) << 1);
  // The prefixes stand in front of the opcode, and no opcode here is 67.
  for (const std::uint8_t byte : bytes) {
    const bool is_prefix = byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e ||
                           (byte >= 0x64 && byte <= 0x67) || byte == 0xf2 || byte == 0xf3 || (byte & 0xf0) == 0x40;
    if (!is_prefix) break;
    result.narrow_address |= byte == 0x67;
  }
  return result;
}

const std::optional<ReadModifyWrite>& ReadModifyWriteCache::at(Address rip, const Memory& memory) {
  const std::vector<std::uint8_t> pieces = memory.bytes_at(rip).size() < kMaxInstructionSize
                                               ? memory.copy(rip, kMaxInstructionSize)
                                               : std::vector<std::uint8_t>();
  const std::span<const std::uint8_t> bytes =
      pieces.empty() ? memory.bytes_at(rip).first(std::min(kMaxInstructionSize, memory.bytes_at(rip).size()))
                     : std::span<const std::uint8_t>(pieces);
  const auto [found, fresh] = entries_.try_emplace(rip.value);
  Entry& entry = found->second;
  if (!fresh && entry.size == bytes.size() && std::equal(bytes.begin(), bytes.end(), entry.bytes.begin()))
    return entry.access;
  entry.size = bytes.size();
  std::copy(bytes.begin(), bytes.end(), entry.bytes.begin());
  entry.access = read_modify_write(disassembler_, rip, bytes);
  return entry.access;
}

}  // namespace fiberscope::emu
