#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/explore/compiled_program.h"
#include "core/explore/condition.h"
#include "core/explore/exploration.h"
#include "core/explore/thread_program.h"
#include "emu/result.h"

namespace fiberscope::core::explore {

/// A litmus test of the X86_64 kind (AT&T syntax), as herd reads it.
struct Litmus {
  enum class Quantifier : std::uint8_t { exists, not_exists, forall };
  struct Line {
    int number = 0;  ///< in the file, from 1
    std::string text;
  };
  std::string name;
  Quantifier quantifier = Quantifier::exists;
  std::string condition;                  ///< as written, without the quantifier
  std::vector<std::string> observed;      ///< names that the states show: registers "0:rax", then locations "x"
  std::vector<SharedVariable> locations;  ///< name and size; addresses come later
  std::vector<std::pair<std::string, std::int64_t>> initial;  ///< of locations
  struct RegisterStart {
    std::size_t thread = 0;
    std::string reg;       ///< "rdi"
    std::string location;  ///< holds its address; empty: a number
    std::int64_t value = 0;
  };
  std::vector<RegisterStart> registers;
  std::vector<std::vector<Line>> threads;  ///< instructions and labels
};

/// Reads a test. Fails with file and line for what is no X86_64 test.
emu::Result<Litmus> parse_litmus(const std::string& text, const std::string& file);

/// Assembles it (GNU as at run time). An unknown instruction is an error with its line in the file.
emu::Result<ThreadProgram> assemble_litmus(const Litmus& litmus, const std::string& file);

/// The same threads linked with the guest that runs a replay: registers begin as the test says, the others with 0, and
/// what the condition names of them lies in `register_symbol(k)` behind the thread, k as in ThreadProgram::observed.
/// Thread N begins at `body_symbol(N)`. `text` is the test's own, which `file` names.
emu::Result<LinkedGuest> link_litmus(const Litmus& litmus, const std::string& file, const std::string& text,
                                     ReplayRuntime runtime);
std::string body_symbol(std::size_t thread);
std::string register_symbol(std::size_t observed);

/// herd's own result lines, in herd's order: Test, States, the states, Ok or No, Witnesses, Positive and Negative,
/// Condition, Observation.
std::string litmus_text(const Litmus& litmus, const Exploration& exploration);
/// Whether a `forall` or `~exists` does not hold.
bool is_unexpected(const Litmus& litmus, const Exploration& exploration);

}  // namespace fiberscope::core::explore
