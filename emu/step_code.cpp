#include "emu/step_code.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "emu/engine_registers.h"

namespace fiberscope::emu {
namespace {

bool may_be_unaligned(std::string_view mnemonic) {
  constexpr std::string_view kUnaligned[] = {"movups",    "movupd",    "movdqu",    "lddqu", "pcmpestri",
                                             "pcmpestrm", "pcmpistri", "pcmpistrm"};
  return std::find(std::begin(kUnaligned), std::end(kUnaligned), mnemonic) != std::end(kUnaligned);
}

/// A 16-byte operand of a legacy SSE instruction must be aligned but for the moves that say otherwise (Intel SDM vol. 1,
/// 4.1.1, and the exceptions of type 2 and 4 in vol. 2, 2.7); so must cmpxchg16b's. The engine does not check.
std::optional<MemoryOperand> aligned_operand(const Instruction& instruction, const OpcodeBytes& op) {
  const bool sse = op.map >= 1;
  if (!sse || may_be_unaligned(instruction.intel_mnemonic)) return std::nullopt;
  for (const MemoryOperand& operand : instruction.memory)
    if (operand.size == 16) return operand;
  return std::nullopt;
}

}  // namespace

StepCodeCache::StepCodeCache(const Memory& memory) : memory_(memory), table_(kEntries, nullptr) {}

bool StepCodeCache::unchanged(const StepCode& code) { return std::memcmp(code.live_bytes, code.bytes.data(), code.size) == 0; }

const StepCode& StepCodeCache::miss(std::uint64_t rip, std::uint32_t size) {
  auto code = std::make_unique<StepCode>();
  code->rip = rip;
  const std::vector<std::uint8_t> bytes = memory_.copy(Address{rip}, kMaxInstructionSize);
  const std::size_t known = std::min<std::size_t>(size <= kMaxInstructionSize ? size : bytes.size(), bytes.size());
  code->size = static_cast<std::uint8_t>(known);
  std::copy_n(bytes.begin(), known, code->bytes.begin());
  const std::span<const std::uint8_t> exact(code->bytes.data(), known);

  code->slots = disassembler_.write_set(exact).slots();
  for (std::size_t i = 0; i < code->slots.size(); ++i) {
    const EngineRegister engine = engine_register(static_cast<Register>(code->slots[i]));
    code->engine_registers.push_back(engine.id);
    code->offsets.push_back(static_cast<std::uint8_t>(i));
    // The two halves of a wide register are neighbours in the list and read at once.
    if (engine.slots == 2) ++i;
  }

  const Region* region = memory_.region_at(Address{rip});
  const auto host = memory_.bytes_at(Address{rip});
  if (region != nullptr && region->writable && host.size() >= known) code->live_bytes = host.data();

  const OpcodeBytes op = opcode_bytes(exact);
  if (const auto instruction = disassembler_.decode(Address{rip}, exact)) {
    code->is_rep = instruction->is_string && op.rep;
    code->aligned = aligned_operand(*instruction, op);
  }
  if (op.complete && op.map == 0) {
    code->is_trap = op.opcode == 0xcc || op.opcode == 0xcd || op.opcode == 0xf1;
    code->is_halt = op.opcode == 0xf4;
    code->may_set_interrupts = op.opcode == 0xfb || op.opcode == 0x9d || op.opcode == 0xcf;
    code->shadows_interrupts = op.opcode == 0xfb || (op.opcode == 0x8e && ((op.modrm >> 3) & 7) == 2);
  }
  if (op.complete && op.map == 1) {
    code->is_time_stamp = op.opcode == 0x31 || (op.opcode == 0x01 && op.modrm == 0xf9);
    code->refused = op.opcode == 0x23 && ((op.modrm >> 3) & 7) == 7;
  }
  const StepCode& result = *code;
  table_[index(rip)] = code.get();
  all_.push_back(std::move(code));
  return result;
}

}  // namespace fiberscope::emu
