#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "emu/instruction.h"
#include "emu/write_set.h"

namespace fiberscope::emu {

/// Decodes x86-64 machine code (Capstone). Not to be shared between threads; some 2 µs an instruction, so cache by
/// address.
class Disassembler {
 public:
  Disassembler();
  Disassembler(Disassembler&&) noexcept;
  Disassembler& operator=(Disassembler&&) noexcept;
  ~Disassembler();

  /// The instruction that begins at bytes[0]; nothing where the bytes are none or end too early.
  [[nodiscard]] std::optional<Instruction> decode(Address address, std::span<const std::uint8_t> bytes) const;
  /// Which registers the instruction may change; everything where it cannot be decoded.
  [[nodiscard]] WriteSet write_set(std::span<const std::uint8_t> bytes) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fiberscope::emu
