#pragma once

namespace fiberscope::app {

/// The exit codes of every command.
enum ExitCode : int {
  kDone = 0,
  kFindings = 1,   ///< findings of severity error, an unexpected verdict
  kUnusable = 2,   ///< wrong usage or unreadable input
  kIncomplete = 3  ///< not run to its end: limit, fault, deadlock
};

}  // namespace fiberscope::app
