#include "emu/step_code.h"

#include <algorithm>
#include <cstring>

#include "emu/alignment.h"
#include "emu/engine_registers.h"

namespace fiberscope::emu {
namespace {

/// Versions of the instruction at one address that are kept: code that changes for ever must not fill the memory.
constexpr std::size_t kVersions = 8;

/// By the number that instructions use.
Register general_register_of(unsigned number) {
  constexpr Register kLow[] = {Register::rax, Register::rcx, Register::rdx, Register::rbx,
                               Register::rsp, Register::rbp, Register::rsi, Register::rdi};
  return number < 8 ? kLow[number] : general_register(number);
}

bool is_string(std::uint8_t opcode) {
  const auto in = [opcode](unsigned low, unsigned high) { return opcode >= low && opcode <= high; };
  return in(0x6c, 0x6f) || in(0xa4, 0xa7) || in(0xaa, 0xaf);
}

bool may_jump(const OpcodeBytes& op) {
  const auto in = [&op](unsigned low, unsigned high) { return op.opcode >= low && op.opcode <= high; };
  if (!op.complete) return true;
  if (op.map == 1)
    return in(0x80, 0x8f) || op.opcode == 0x05 || op.opcode == 0x07 || op.opcode == 0x34 || op.opcode == 0x35;
  return op.map == 0 && (in(0x70, 0x7f) || in(0xe0, 0xe3) || in(0xe8, 0xeb) || in(0xc2, 0xc3) || in(0xca, 0xcf) ||
                         op.opcode == 0xf1 || op.opcode == 0xff);
}

/// Only a few instructions store more than once: enter and far calls downwards, the others within these many bytes.
std::uint16_t store_span(const OpcodeBytes& op) {
  const unsigned extension = (op.modrm >> 3) & 7;
  if (op.map == 0) {
    if (op.opcode == 0xc8 || (op.opcode == 0xff && extension == 3)) return kPageSize + 1;
    return op.opcode >= 0xd8 && op.opcode <= 0xdf ? 108 : 0;  // fnsave
  }
  return op.map == 1 && op.opcode == 0xae ? 512 : 16;  // fxsave; an xmm register
}

}  // namespace

StepCodeCache::StepCodeCache(const Memory& memory) : memory_(memory), table_(kEntries, nullptr) {}

bool StepCodeCache::unchanged(const StepCode& code) {
  return std::memcmp(code.live_bytes, code.bytes.data(), code.size) == 0;
}

const StepCode& StepCodeCache::miss(std::uint64_t rip, std::uint32_t size) {
  const std::vector<std::uint8_t> bytes = memory_.copy(Address{rip}, kMaxInstructionSize);
  const std::size_t known = std::min<std::size_t>(size <= kMaxInstructionSize ? size : bytes.size(), bytes.size());
  std::vector<std::unique_ptr<StepCode>>& versions = all_[rip];
  const auto same = [&](const std::unique_ptr<StepCode>& version) {
    return version->size == known &&
           std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(known), version->bytes.begin());
  };
  if (const auto seen = std::find_if(versions.begin(), versions.end(), same); seen != versions.end())
    return *(table_[index(rip)] = seen->get());
  if (versions.size() >= kVersions) versions.erase(versions.begin());
  auto code = std::make_unique<StepCode>();
  code->rip = rip;
  code->size = static_cast<std::uint8_t>(known);
  std::copy_n(bytes.begin(), known, code->bytes.begin());
  const std::span<const std::uint8_t> exact(code->bytes.data(), known);

  code->slots = disassembler_.write_set(exact).slots();
  for (std::size_t i = 0; i < code->slots.size(); ++i) {
    const EngineRegister engine = engine_register(static_cast<Register>(code->slots[i]));
    code->engine_registers.push_back(engine.id);
    code->offsets.push_back(static_cast<std::uint8_t>(i));
    const bool whole = code->slots[i] < kGeneralRegisters || code->slots[i] >= slot(Register::xmm0);
    if (!whole) code->narrow.push_back(static_cast<std::uint8_t>(i + engine.slots - 1U));
    // The two halves of a wide register are neighbours in the list and read at once.
    if (engine.slots == 2) ++i;
  }

  const Region* region = memory_.region_at(Address{rip});
  const auto host = memory_.bytes_at(Address{rip});
  if (region != nullptr && region->writable && host.size() >= known) code->live_bytes = host.data();

  const OpcodeBytes op = opcode_bytes(exact);
  if (needs_aligned_operand(op)) {
    const auto instruction = disassembler_.decode(Address{rip}, exact);
    if (instruction && !instruction->memory.empty()) code->aligned = instruction->memory.front();
  }
  if (op.complete && op.map == 0) {
    code->is_rep = op.rep && is_string(op.opcode);
    code->is_flags_move = op.rex != 0 && (op.opcode == 0x9e || op.opcode == 0x9f);
    code->is_trap = op.opcode == 0xcc || op.opcode == 0xcd || op.opcode == 0xf1;
    code->is_halt = op.opcode == 0xf4;
    code->is_sti = op.opcode == 0xfb;
    code->is_port = (op.opcode >= 0x6c && op.opcode <= 0x6f) || (op.opcode >= 0xe4 && op.opcode <= 0xe7) ||
                    (op.opcode >= 0xec && op.opcode <= 0xef);
    code->may_set_interrupts = op.opcode == 0xfb || op.opcode == 0x9d || op.opcode == 0xcf;
    code->shadows_interrupts = op.opcode == 0xfb || (op.opcode == 0x8e && ((op.modrm >> 3) & 7) == 2);
  }
  if (op.complete && op.map == 1) {
    code->is_time_stamp = op.opcode == 0x31 || (op.opcode == 0x01 && op.modrm == 0xf9);
    code->is_random = op.opcode == 0xc7 && op.modrm >= 0xf0 && op.repeat != 0xf3;  // F3: rdpid
    // dr5 is dr7 by another name.
    const unsigned target = (op.modrm >> 3) & 7;
    if (op.opcode == 0x23 && (op.rex & 4) == 0 && (target == 7 || target == 5))
      code->breakpoint_source = general_register_of((op.modrm & 7) | (op.rex & 1) << 3);
  }
  code->may_jump = may_jump(op);
  code->is_special = code->aligned || code->is_time_stamp || code->is_flags_move || code->is_random ||
                     code->breakpoint_source || code->is_sti || code->is_port;
  code->store_span = store_span(op);
  const StepCode& result = *code;
  table_[index(rip)] = code.get();
  versions.push_back(std::move(code));
  return result;
}

}  // namespace fiberscope::emu
