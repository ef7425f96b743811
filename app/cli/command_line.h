#pragma once

namespace fiberscope::app {

/// Parses the words of the command line and runs the command. Returns the exit code.
int run_command_line(int argc, char** argv);

}  // namespace fiberscope::app
