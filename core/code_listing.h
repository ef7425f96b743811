#pragma once
#include <span>

#include "core/code_view.h"
#include "core/source_lines.h"
#include "core/trace.h"

namespace fiberscope::core {

/// Makes the code beside the stacks: the function that holds rip, source lines and instructions.
class CodeListing {
 public:
  explicit CodeListing(Trace& trace) : trace_(trace), sources_(trace) {}

  /// Around the next instruction; where the step that just ran lies in another function, that one's rows come first.
  /// What is at the addresses `beside` and in neither of these stands on top: its source line and the instruction.
  CodeView at_cursor(StepIndex cursor, Syntax syntax, std::span<const emu::Address> beside = {});
  /// The function that holds the address, as its bytes stand at the cursor.
  CodeView at_address(emu::Address address, StepIndex cursor, Syntax syntax);

 private:
  struct Place {
    emu::Address next;
    std::optional<emu::Address> ran;
  };
  [[nodiscard]] Place place(StepIndex cursor);
  void add_function(CodeView& view, emu::Address inside, const Place& place, const emu::Memory& memory, Syntax syntax);
  /// The source line and the instruction of an address; nothing where the view has it.
  std::vector<CodeRow> rows_beside(const CodeView& view, emu::Address address, const Place& now, StepIndex cursor);
  /// The line of the comment that heads this one, below line `above`; 0 where there is none.
  [[nodiscard]] int comment_between(const emu::SourceLine& line, int above);
  [[nodiscard]] emu::AddressRange range_around(emu::Address inside) const;

  Trace& trace_;
  emu::Disassembler disassembler_;
  SourceLines sources_;
};

}  // namespace fiberscope::core
