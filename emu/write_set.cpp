#include "emu/write_set.h"

namespace fiberscope::emu {
namespace {

std::vector<std::uint8_t> numbers(const std::bitset<kRegisterSlots>& set) {
  std::vector<std::uint8_t> result;
  for (std::size_t i = 0; i < set.size(); ++i)
    if (set.test(i)) result.push_back(static_cast<std::uint8_t>(i));
  return result;
}

}  // namespace

void WriteSet::add_general() {
  for (std::size_t i = 0; i < kGeneralRegisters; ++i) add(general_register(i));
  add(Register::rflags);
}

void WriteSet::add_x87() {
  for (std::size_t i = 0; i < 8; ++i) {
    add(fp_register(i, false));
    add(fp_register(i, true));
  }
  for (const Register reg : {Register::fpcw, Register::fpsw, Register::fptag}) add(reg);
}

void WriteSet::add_sse(bool all_xmm) {
  if (all_xmm) {
    for (std::size_t i = 0; i < 16; ++i) {
      add(xmm_register(i, false));
      add(xmm_register(i, true));
    }
  }
  add(Register::mxcsr);
  add(Register::rflags);
}

void WriteSet::add_segments() {
  for (const Register reg : {Register::cs, Register::ss, Register::ds, Register::es, Register::fs, Register::gs,
                             Register::fs_base, Register::gs_base})
    add(reg);
}

void WriteSet::add_everything() {
  members_.set();
  members_.reset(slot(Register::rip));
}

std::vector<std::uint8_t> WriteSet::slots() const {
  return numbers(members_);
}
std::vector<std::uint8_t> WriteSet::certain_slots() const {
  return numbers(certain_);
}

OpcodeBytes opcode_bytes(std::span<const std::uint8_t> bytes) {
  OpcodeBytes result;
  std::size_t at = 0;
  std::bitset<256> seen;
  const auto is_legacy = [](std::uint8_t byte) {
    switch (byte) {
      case 0x26:
      case 0x2e:
      case 0x36:
      case 0x3e:
      case 0x64:
      case 0x65:
      case 0x66:
      case 0x67:
      case 0xf0:
      case 0xf2:
      case 0xf3:
        return true;
      default:
        return false;
    }
  };
  const auto is_rex = [](std::uint8_t byte) { return (byte & 0xf0) == 0x40; };
  while (at < bytes.size() && (is_legacy(bytes[at]) || is_rex(bytes[at]))) {
    const std::uint8_t byte = bytes[at++];
    // A REX counts only right before the opcode.
    if (seen.test(byte) || result.rex != 0) result.redundant = true;
    result.rex = is_rex(byte) ? byte : std::uint8_t{0};
    if (is_rex(byte)) continue;
    seen.set(byte);
    result.lock |= byte == 0xf0;
    result.operand_size |= byte == 0x66;
    if (byte == 0xf2 || byte == 0xf3) {
      result.rep = true;
      result.repeat = byte;
    }
  }
  if (at >= bytes.size()) return result;
  result.opcode = bytes[at++];
  if (result.opcode == 0x0f) {
    if (at >= bytes.size()) return result;
    result.map = 1;
    result.opcode = bytes[at++];
    if (result.opcode == 0x38 || result.opcode == 0x3a) {
      if (at >= bytes.size()) return result;
      result.map = result.opcode == 0x38 ? 2 : 3;
      result.opcode = bytes[at++];
    }
  }
  result.complete = true;
  if (at < bytes.size()) result.modrm = bytes[at];
  return result;
}

}  // namespace fiberscope::emu
