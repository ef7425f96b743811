#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "emu/address.h"
#include "emu/registers.h"

namespace fiberscope::emu {

/// Longest x86 instruction, in bytes (Intel SDM vol. 2, 2.3.11).
inline constexpr std::size_t kMaxInstructionSize = 15;

/// A memory operand: address = segment base + base + index * scale + displacement.
struct MemoryOperand {
  std::optional<Register> base;  ///< rip means the address of the next instruction
  std::optional<Register> index;
  std::uint8_t scale = 1;
  std::int64_t displacement = 0;
  std::optional<Register> segment_base;  ///< fs_base or gs_base
  std::uint32_t size = 0;                ///< bytes
  bool is_read = false;
  bool is_write = false;
};

/// A plain move of one value, which lets its result be foretold from the state before it.
struct Transfer {
  std::optional<Register> from_register;  ///< exactly one of the two sources is set
  std::optional<MemoryOperand> from_memory;
  std::optional<Register> to_register;  ///< exactly one of the two targets is set
  std::optional<MemoryOperand> to_memory;
  std::uint8_t size = 8;      ///< bytes that move
  bool zero_extends = false;  ///< the target register's upper bytes become zero
};

enum class Flow : std::uint8_t { next, jump, conditional_jump, call, ret, interrupt_return, system_call, halt };

/// A decoded instruction. Memory operands include the implicit ones of push, pop, call, ret, leave and string
/// instructions.
struct Instruction {
  Address address;
  std::uint8_t size = 0;
  std::string intel_mnemonic;
  std::string intel_operands;
  std::string att_mnemonic;
  std::string att_operands;
  Flow flow = Flow::next;
  std::optional<Address> target;  ///< of a direct jump or call
  std::vector<MemoryOperand> memory;
  std::optional<Transfer> transfer;
  bool stores_constant = false;  ///< a plain move of a number that stands in the instruction into memory
  bool is_string = false;        ///< movs, stos, …
  bool repeats = false;          ///< … with a rep prefix: rcx times, or until a comparison ends it
};

/// Where the operand lies when the instruction is about to run with these registers.
Address effective_address(const MemoryOperand& operand, const RegisterFile& before, Address next_instruction);

}  // namespace fiberscope::emu
