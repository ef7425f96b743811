#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>

#include "core/trace.h"
#include "emu/disassembler.h"

namespace fiberscope::core {

/// An instruction as exports write it.
struct InstructionText {
  emu::Address address;
  std::uint8_t size = 0;
  std::string bytes;   ///< "4889f4"
  std::string text;    ///< Intel syntax: "mov rsp, rsi"; "(bad)" where the bytes are no instruction
  std::string symbol;  ///< "switch_to_context+14"; empty where no symbol covers the address
};

/// The texts of a trace's instructions, each made once.
class InstructionTexts {
 public:
  explicit InstructionTexts(const Trace& trace) : trace_(trace) {}

  /// By the index of its template. Stays where it is.
  const InstructionText& of(std::uint32_t instruction);

 private:
  const Trace& trace_;
  emu::Disassembler disassembler_;
  std::unordered_map<std::uint32_t, InstructionText> made_;
};

}  // namespace fiberscope::core
