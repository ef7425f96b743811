#include "core/operand_list.h"

#include <algorithm>

#include "emu/write_set.h"

namespace fiberscope::core {
namespace {

using emu::MemoryOperand;
using emu::OpcodeBytes;
using emu::Register;

constexpr std::uint8_t kRexW = 8;
constexpr std::uint8_t kRexR = 4;
constexpr std::uint8_t kFirstRegisterForm = 0xc0;  // of ModRM

unsigned extension(const OpcodeBytes& op) {
  return (op.modrm >> 3) & 7;
}
bool has_memory(const OpcodeBytes& op) {
  return op.modrm < kFirstRegisterForm;
}

/// What 2, 4 or 8 bytes the operand-size prefix and REX.W choose.
std::uint32_t operand_size(const OpcodeBytes& op) {
  if ((op.rex & kRexW) != 0) return 8;
  return op.operand_size ? 2 : 4;
}

/// Instructions whose memory operand is the target and nothing else, of those that the disassembler calls read.
bool only_writes(const OpcodeBytes& op) {
  const std::uint8_t code = op.opcode;
  const unsigned ext = extension(op);
  const auto in = [code](unsigned low, unsigned high) { return code >= low && code <= high; };
  if (!has_memory(op)) return false;
  switch (op.map) {
    case 0:
      if (code == 0xd9) return ext == 2 || ext == 3 || ext >= 6;    // fst, fstp, fnstenv, fnstcw
      if (code == 0xdb) return (ext >= 1 && ext <= 3) || ext == 7;  // fisttp, fist, fistp, fstp
      if (code == 0xdd) return (ext >= 1 && ext <= 3) || ext >= 6;  // fisttp, fst, fstp, fnsave, fnstsw
      if (code == 0xdf) return (ext >= 1 && ext <= 3) || ext >= 6;  // fisttp, fist, fistp, fbstp
      return code == 0x8c;                                          // mov from a segment
    case 1:
      if (code == 0x00) return ext <= 1;                                              // sldt, str
      if (code == 0x01) return ext <= 1 || ext == 4;                                  // sgdt, sidt, smsw
      if (code == 0x7e) return op.repeat != 0xf3;                                     // movd, movq; with F3 it loads
      if (code == 0xae) return op.repeat == 0 && (ext == 0 || ext == 3 || ext == 4);  // fxsave, stmxcsr, xsave
      return code == 0x11 || code == 0x13 || code == 0x17 || code == 0x29 || code == 0x2b || code == 0x7f ||
             in(0x90, 0x9f) || code == 0xc3 || code == 0xd6 || code == 0xe7;
    case 3:
      return in(0x14, 0x17);  // pextrb, pextrw, pextrd, extractps
    default:
      return false;
  }
}

/// Instructions whose memory operand is but an address.
bool accesses_nothing(const OpcodeBytes& op) {
  if (op.map == 0) return op.opcode == 0x8d;  // lea
  if (op.map != 1 || !has_memory(op)) return false;
  if (op.opcode == 0x01) return extension(op) == 7;                                             // invlpg
  if (op.opcode == 0xae) return extension(op) == 7 || (op.operand_size && extension(op) == 6);  // clflush, clwb
  return op.opcode == 0x18 ? extension(op) > 3 : op.opcode >= 0x19 && op.opcode <= 0x1f;        // nop
}

bool is_prefetch(const OpcodeBytes& op) {
  return op.map == 1 && has_memory(op) && (op.opcode == 0x0d || (op.opcode == 0x18 && extension(op) <= 3));
}

/// The size of the one operand that is read, where the disassembler has it wrong; 0: it has it right.
std::uint32_t size_read(const OpcodeBytes& op) {
  const unsigned ext = extension(op);
  if (op.map == 0) {
    if (op.opcode == 0xd9 && ext == 4) return op.operand_size ? 14 : 28;           // fldenv
    if (op.opcode == 0xdd && ext == 4) return op.operand_size ? 94 : 108;          // frstor
    if (op.opcode == 0xff && (ext == 3 || ext == 5)) return 2 + operand_size(op);  // far call and jump
  } else if (op.map == 1) {
    if (op.opcode == 0x2e || op.opcode == 0x2f) return op.operand_size ? 8 : 4;                    // comis, ucomis
    if (op.opcode == 0xb2 || op.opcode == 0xb4 || op.opcode == 0xb5) return 2 + operand_size(op);  // lss, lfs, lgs
    if (op.opcode == 0xae && ext == 1 && op.repeat == 0) return 512;                               // fxrstor
  }
  return 0;
}

MemoryOperand based(Register base, std::int64_t displacement, std::uint32_t size) {
  MemoryOperand operand;
  operand.base = base;
  operand.displacement = displacement;
  operand.size = size;
  return operand;
}

bool is_string(const OpcodeBytes& op) {
  const std::uint8_t code = op.opcode;
  return op.map == 0 &&
         ((code >= 0x6c && code <= 0x6f) || (code >= 0xa4 && code <= 0xa7) || (code >= 0xaa && code <= 0xaf));
}

void add_string(OperandList& list, const OpcodeBytes& op, std::optional<Register> segment) {
  const unsigned pair = op.opcode & 0xfeU;
  const bool is_port = pair == 0x6c || pair == 0x6e;
  std::uint32_t size = (op.opcode & 1) != 0 ? operand_size(op) : 1;
  if (is_port) size = std::min<std::uint32_t>(size, 4);
  MemoryOperand source = based(Register::rsi, 0, size);
  source.segment_base = segment;
  const MemoryOperand target = based(Register::rdi, 0, size);
  if (pair == 0xa4 || pair == 0xa6 || pair == 0xac || pair == 0x6e)
    list.reads.push_back(source);                                                   // movs cmps lods outs
  if (pair == 0xa6 || pair == 0xae) list.reads.push_back(target);                   // cmps scas
  if (pair == 0xa4 || pair == 0xaa || pair == 0x6c) list.writes.push_back(target);  // movs stos ins
  list.is_string = true;
  list.repeats = op.rep;
}

/// Far returns and returns from interrupts: so many values of that size.
void add_pops(OperandList& list, int count, std::uint32_t size) {
  for (int i = 0; i < count; ++i) list.reads.push_back(based(Register::rsp, static_cast<std::int64_t>(size) * i, size));
}

struct Prefixes {
  std::optional<Register> segment;
  bool narrow_addresses = false;
};

Prefixes prefixes_of(std::span<const std::uint8_t> bytes) {
  Prefixes result;
  for (const std::uint8_t byte : bytes) {
    const bool is_other =
        byte == 0x66 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3 || (byte & 0xe7) == 0x26 || (byte & 0xf0) == 0x40;
    if (byte == 0x64) {
      result.segment = Register::fs_base;
    } else if (byte == 0x65) {
      result.segment = Register::gs_base;
    } else if (byte == 0x67) {
      result.narrow_addresses = true;
    } else if (!is_other) {
      break;
    }
  }
  return result;
}

}  // namespace

OperandList operand_list(const emu::Instruction& instruction, std::span<const std::uint8_t> bytes) {
  OperandList list;
  const OpcodeBytes op = emu::opcode_bytes(bytes);
  const Prefixes prefixes = prefixes_of(bytes);
  list.narrow_addresses = prefixes.narrow_addresses;
  if (is_string(op)) {
    add_string(list, op, prefixes.segment);
    return list;
  }
  if (accesses_nothing(op)) return list;
  for (const MemoryOperand& operand : instruction.memory)
    if (operand.is_write) list.writes.push_back(operand);
  if (is_prefetch(op)) {
    list.prefetches = instruction.memory;
    return list;
  }
  const std::uint8_t code = op.opcode;
  if (op.map == 0 && (code == 0xca || code == 0xcb)) {
    add_pops(list, 2, operand_size(op));
  } else if (op.map == 0 && code == 0xcf) {
    add_pops(list, 5, operand_size(op));
  } else if (op.map == 0 && code == 0xd7) {
    list.reads.push_back(based(Register::rbx, 0, 1));
    list.reads.back().segment_base = prefixes.segment;
    list.adds_al = true;
  } else if (op.map == 0 && code == 0xc8 && bytes.size() >= 4) {
    const unsigned level = bytes[bytes.size() - 1] & 31U;
    list.copied_frames = level == 0 ? 0 : level - 1;
  } else if ((op.map == 1 && (code == 0xa1 || code == 0xa9)) || (op.map == 0 && code == 0x8f)) {
    list.reads.push_back(based(Register::rsp, 0, op.operand_size ? 2 : 8));  // pop fs, pop gs, pop to memory
  } else {
    const std::uint32_t size = size_read(op);
    for (const MemoryOperand& operand : instruction.memory) {
      if ((!operand.is_read && size == 0) || only_writes(op)) continue;
      list.reads.push_back(operand);
      if (size != 0) list.reads.back().size = size;
    }
  }
  const bool bit_test = code == 0xa3 || code == 0xab || code == 0xb3 || code == 0xbb;
  if (op.map == 1 && bit_test && has_memory(op))
    list.bit_offset = emu::general_register(((op.modrm >> 3) & 7) | ((op.rex & kRexR) != 0 ? 8 : 0));
  return list;
}

}  // namespace fiberscope::core
