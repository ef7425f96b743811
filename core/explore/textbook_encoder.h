#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/explore/statement.h"
#include "emu/result.h"

namespace fiberscope::core::explore {

/// One instruction of the textbook lowering. The bytes are those that GNU as makes of `text` with the variables'
/// addresses in the place of their names (Intel SDM vol. 2; the tests compare).
struct TextbookInstruction {
  std::string text;  ///< Intel syntax, variables by name: "add eax, dword ptr [x]"
  std::vector<std::uint8_t> bytes;
  std::size_t statement = 0;  ///< index of the statement that it belongs to
  bool begins_statement = false;
};

/// Shared variables and where they lie: below 2 GiB, 4 bytes each.
using VariableAddresses = std::map<std::string, std::uint64_t>;

/// The code of one thread by the rules of docs/interleavings.md: an expression into the next free of eax, edx, ecx,
/// esi, edi, r8d … r11d, one instruction an operation, no reuse of a load. A local keeps the register its first value
/// landed in. Fails where the registers do not suffice. Every shared name must have an address.
emu::Result<std::vector<TextbookInstruction>> encode_textbook(const std::vector<Statement>& statements,
                                                              const VariableAddresses& addresses,
                                                              const std::string& source);

/// The names that the statements use and that are no locals, in order of first use.
std::vector<std::string> shared_names(const std::vector<Statement>& statements);

}  // namespace fiberscope::core::explore
