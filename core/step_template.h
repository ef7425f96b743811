#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "emu/disassembler.h"
#include "emu/instruction.h"
#include "emu/registers.h"

namespace fiberscope::core {

/// An operand's address as the trace file keeps it: 16 bytes, so that a file can be read without a disassembler.
struct OperandAddress {
  static constexpr std::uint8_t kNone = 0xff;
  std::uint8_t base = kNone;     ///< register slot; slot of rip: the address of the next instruction
  std::uint8_t index = kNone;    ///< register slot
  std::uint8_t segment = kNone;  ///< slot of fs_base or gs_base
  std::uint8_t scale = 1;
  std::uint8_t size = 0;  ///< bytes, 1 … 8 (a wider write is several)
  std::int64_t displacement = 0;

  friend bool operator==(const OperandAddress&, const OperandAddress&) = default;
};

/// What one static instruction may do to the state, so that a step needs to tell only what cannot be foretold. The
/// recorded trace keeps these: recording and reading never ask a disassembler twice and so cannot disagree.
struct StepTemplate {
  std::uint64_t address = 0;
  std::array<std::uint8_t, 16> bytes{};
  std::uint8_t size = 0;
  std::vector<std::uint8_t> slots;     ///< registers it may change, ascending, without rip
  std::vector<std::uint8_t> certain;   ///< those of them that it writes in any case
  std::vector<OperandAddress> writes;  ///< the memory writes expected of it, in order

  /// Where the moved value comes from, for moves; foretells `target_slot`, or the value of writes[0].
  enum class Source : std::uint8_t { none, reg, memory, constant };
  Source source = Source::none;
  std::uint8_t source_slot = 0;
  OperandAddress source_memory;
  std::uint64_t constant = 0;
  std::uint8_t source_size = 8;                      ///< bytes; the rest of the value is zero
  std::uint8_t target_slot = OperandAddress::kNone;  ///< kNone: the target is writes[0]

  [[nodiscard]] std::uint64_t next_address() const { return address + size; }
  friend bool operator==(const StepTemplate&, const StepTemplate&) = default;
};

StepTemplate make_template(const emu::Disassembler& disassembler, emu::Address address,
                           std::span<const std::uint8_t> bytes);

/// The operand's address with these registers.
inline std::uint64_t operand_address(const OperandAddress& operand, const emu::RegisterFile& before,
                                     std::uint64_t next) {
  std::uint64_t address = static_cast<std::uint64_t>(operand.displacement);
  if (operand.base != OperandAddress::kNone)
    address += operand.base == emu::slot(emu::Register::rip) ? next : before.slots[operand.base];
  if (operand.index != OperandAddress::kNone) address += before.slots[operand.index] * operand.scale;
  if (operand.segment != OperandAddress::kNone) address += before.slots[operand.segment];
  return address;
}

/// The form stored in the trace file (docs/trace-format.md). deserialize throws CorruptData.
std::vector<std::uint8_t> serialize(const StepTemplate& step);
StepTemplate deserialize_template(std::uint64_t address, std::span<const std::uint8_t> bytes,
                                  std::span<const std::uint8_t> form);

}  // namespace fiberscope::core
