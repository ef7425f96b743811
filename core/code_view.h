#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/snapshot.h"
#include "emu/address.h"

namespace fiberscope::core {

/// The code around the cursor: each source line, then its instructions.
struct CodeRow {
  enum class Kind : std::uint8_t { source, instruction };
  Kind kind = Kind::instruction;
  int line = 0;          ///< source: its number
  std::string text;      ///< source: the line, trimmed; instruction: empty
  emu::Address address;  ///< instruction (source: of the instruction below it)
  std::string mnemonic;  ///< in the syntax asked for
  std::string operands;
  bool just_ran = false;
  bool is_next = false;
};

enum class Syntax : std::uint8_t { intel, att };

struct CodeView {
  std::string function;  ///< the one that holds the next instruction
  std::string file;      ///< base name of its source
  Syntax syntax = Syntax::intel;
  std::vector<CodeRow>
      rows;  ///< the whole function that holds rip; where the last step ran in another, that one's rows first
};

}  // namespace fiberscope::core
