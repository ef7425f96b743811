#include "emu/alignment.h"

namespace fiberscope::emu {
namespace {

/// The mandatory prefix, as a bit each so that a table entry can hold several.
enum Prefix : unsigned { kNone = 1, k66 = 2, kF3 = 4, kF2 = 8 };

Prefix mandatory_prefix(const OpcodeBytes& op) {
  if (op.repeat == 0xf3) return kF3;
  if (op.repeat == 0xf2) return kF2;
  return op.operand_size ? k66 : kNone;
}

/// Two-byte opcodes (Intel SDM vol. 2, table A-3): the prefixes under which the operand is of 16 bytes and checked.
unsigned checked_prefixes(std::uint8_t code) {
  const auto in = [code](unsigned low, unsigned high) { return code >= low && code <= high; };
  if (code == 0x12 || code == 0x16) return kF3;                              // movsldup, movshdup
  if (in(0x14, 0x15) || in(0x28, 0x29) || code == 0x2b) return kNone | k66;  // unpck, movap, movntp
  if (in(0x2c, 0x2d)) return k66;                                            // cvtpd2pi
  if (code == 0x51 || in(0x54, 0x59) || in(0x5c, 0x5f) || code == 0xc2 || code == 0xc6) return kNone | k66;
  if (in(0x52, 0x53)) return kNone;  // rsqrtps, rcpps
  if (code == 0x5a) return k66;      // cvtpd2ps
  if (code == 0x5b) return kNone | k66 | kF3;
  if (code == 0x70) return k66 | kF3 | kF2;                            // pshuf
  if (code == 0x7c || code == 0x7d || code == 0xd0) return k66 | kF2;  // hadd, hsub, addsub
  if (code == 0xe6) return k66 | kF2;                                  // cvttpd2dq, cvtpd2dq
  const bool integer = in(0x60, 0x6d) || code == 0x6f || in(0x74, 0x76) || code == 0x7f || in(0xd1, 0xd5) ||
                       in(0xd8, 0xe5) || in(0xe7, 0xef) || in(0xf1, 0xf6) || in(0xf8, 0xfe);
  return integer ? k66 : 0U;
}

bool is_checked_three_byte(const OpcodeBytes& op) {
  const std::uint8_t code = op.opcode;
  const auto in = [code](unsigned low, unsigned high) { return code >= low && code <= high; };
  if (op.map == 2)
    return in(0x00, 0x0b) || code == 0x10 || code == 0x14 || code == 0x15 || code == 0x17 || in(0x1c, 0x1e) ||
           in(0x28, 0x2b) || in(0x37, 0x41) || in(0xdb, 0xdf);
  return code == 0x08 || code == 0x09 || in(0x0c, 0x0f) || in(0x40, 0x42) || code == 0x44 || code == 0xdf;
}

}  // namespace

bool needs_aligned_operand(const OpcodeBytes& op) {
  const bool is_memory = op.complete && op.modrm < 0xc0;
  if (!is_memory || op.map == 0) return false;
  const unsigned extension = (op.modrm >> 3) & 7;
  if (op.map == 1 && op.opcode == 0xc7) return extension == 1 && (op.rex & 8) != 0;              // cmpxchg16b
  if (op.map == 1 && op.opcode == 0xae) return extension <= 1 && mandatory_prefix(op) == kNone;  // fxsave, fxrstor
  if (op.map == 1) return (checked_prefixes(op.opcode) & mandatory_prefix(op)) != 0;
  return mandatory_prefix(op) == k66 && is_checked_three_byte(op);
}

}  // namespace fiberscope::emu
