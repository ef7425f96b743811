#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/operand_list.h"
#include "emu/disassembler.h"
#include "emu/instruction.h"
#include "emu/registers.h"

namespace fiberscope::core {

/// An instruction and the memory that it uses: where everything that shows or counts accesses asks.
struct DecodedStep {
  std::optional<emu::Instruction> instruction;  ///< nothing where the bytes are none that the disassembler knows
  OperandList operands;

  /// How many elements a repeated string instruction went through between two values of rcx; 1 for any other.
  [[nodiscard]] std::uint64_t elements(std::uint64_t rcx_before, std::uint64_t rcx_after) const;
  /// Where an operand of the list lies: of a repeated one its first element.
  [[nodiscard]] emu::Address address_of(const emu::MemoryOperand& operand, const emu::RegisterFile& before) const;
  /// All that is read, each operand as one range over its elements; none of them empty.
  [[nodiscard]] std::vector<emu::AddressRange> read_ranges(const emu::RegisterFile& before,
                                                           std::uint64_t elements) const;
  /// All that is going to be written, likewise. A trace knows better what was.
  [[nodiscard]] std::vector<emu::AddressRange> write_ranges(const emu::RegisterFile& before,
                                                            std::uint64_t elements) const;

 private:
  void add_range(std::vector<emu::AddressRange>& ranges, const emu::MemoryOperand& operand,
                 const emu::RegisterFile& before, std::uint64_t elements) const;
};

DecodedStep decode_step(const emu::Disassembler& disassembler, emu::Address address,
                        std::span<const std::uint8_t> bytes);

}  // namespace fiberscope::core
