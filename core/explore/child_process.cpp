#include "core/explore/child_process.h"

#include <fmt/format.h>

#include "core/child_program.h"

namespace fiberscope::core::explore {

emu::Result<ChildResult> run_child(const std::vector<std::string>& arguments, const std::string& purpose,
                                   const std::string& package) {
  const std::string& program = arguments.front();
  const auto child = ChildProgram::start(program, {arguments.begin() + 1, arguments.end()},
                                         {.group = ChildProgram::Group::shared, .one_stream = true});
  if (!child)
    return emu::Error{fmt::format("{} needs {}, which cannot be started ({}); install the package {}", purpose, program,
                                  child.error().message, package)};
  (*child)->wait();
  return ChildResult{(*child)->code(), (*child)->output()};
}

}  // namespace fiberscope::core::explore
