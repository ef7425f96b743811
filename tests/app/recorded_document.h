#pragma once
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "app/trace_document.h"

namespace fiberscope::app {

/// A scenario as the program records it.
inline std::unique_ptr<TraceDocument> record_document(const std::string& language = "en",
                                                      const std::string& scenario = "switch-to-context") {
  const auto path =
      std::filesystem::temp_directory_path() / ("fiberscope-test-" + std::to_string(getpid()) + ".fscope");
  const std::string command = "'" FIBERSCOPE_PROGRAM "' run " + scenario + " -o '" + path.string() + "' > /dev/null";
  constexpr int kNotRunToItsEnd = 3;  // what a run that is meant to fail exits with
  const int status = std::system(command.c_str());
  if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != kNotRunToItsEnd))
    throw std::runtime_error("failed: " + command);
  auto recorded = RecordedTarget::open(path.string(), {});
  std::filesystem::remove(path);
  if (!recorded) throw std::runtime_error(recorded.error().message);
  return std::make_unique<TraceDocument>(std::move(recorded).value(), language);
}

}  // namespace fiberscope::app
