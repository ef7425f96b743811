#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/explore/statement.h"
#include "core/explore/thread_program.h"
#include "emu/result.h"

namespace fiberscope::core::explore {

/// Threads as typed statements, with what their shared variables hold at the start (0 where nothing is said).
struct TypedThreads {
  std::vector<std::vector<Statement>> threads;
  std::vector<std::string> variables;  ///< the shared names, in order of first use; those only initialised come last
  std::map<std::string, std::int32_t> initial;
};

/// Parses one text a thread, and `x=0,y=1`. Fails with the place for bad statements, fewer than 2 or more than 8
/// threads, a bad initial value or one for a name that no thread uses.
emu::Result<TypedThreads> parse_threads(const std::vector<std::string>& texts, const std::string& initial);

/// The threads as code of our own encoder; with `whole_statements` a step is a statement, else an instruction.
emu::Result<ThreadProgram> encode_threads(const TypedThreads& typed, bool whole_statements);

/// The shared variables that the statements assign, each once.
std::vector<std::string> shared_names_assigned(const std::vector<Statement>& statements);

}  // namespace fiberscope::core::explore
