#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "app/cli/command_line.h"
#include "app/cli/exit_code.h"

int main(int argc, char** argv) {
  try {
    return fiberscope::app::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "fiberscope: {}\n", error.what());
    return fiberscope::app::kUnusable;
  }
}
