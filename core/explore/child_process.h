#pragma once
#include <string>
#include <vector>

#include "emu/result.h"

namespace fiberscope::core::explore {

/// How a program that was started ended.
struct ChildResult {
  int code = 0;        ///< exit code; 128 + the signal's number where one ended it
  std::string output;  ///< what it wrote to standard output and standard error
};

/// Runs a program, found in PATH, and waits for it; it reads nothing. Fails where it cannot be started: then `purpose`
/// and `package` say for what it is needed and which package has it.
emu::Result<ChildResult> run_child(const std::vector<std::string>& arguments, const std::string& purpose,
                                   const std::string& package);

}  // namespace fiberscope::core::explore
