#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "emu/result.h"

namespace fiberscope::core::explore {

/// An expression of typed statements, over 32-bit integers that wrap around. Constant subtrees are folded.
struct Expression {
  enum class Kind : std::uint8_t { constant, variable, negate, add, subtract, multiply };
  Kind kind = Kind::constant;
  std::int32_t value = 0;             ///< constant
  std::string name;                   ///< variable
  std::unique_ptr<Expression> left;   ///< negate, and the left operand
  std::unique_ptr<Expression> right;  ///< of add, subtract, multiply
};

/// `[int] name = expression`.
struct Statement {
  std::string text;  ///< as it was typed, without blanks around it
  std::string name;
  bool declares = false;  ///< begins with `int`: name is a local of its thread from here on
  std::unique_ptr<Expression> value;
};

/// Statements joined by `;`, of which empty ones are skipped. `source` names the text in messages ("thread 1"); they
/// say the column, what was expected and what is allowed. The grammar is docs/interleavings.md's.
emu::Result<std::vector<Statement>> parse_statements(std::string_view text, const std::string& source);

}  // namespace fiberscope::core::explore
