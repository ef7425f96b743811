#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/trace.h"

namespace fiberscope::core {

/// The lines of the sources that a trace carries.
class SourceLines {
 public:
  explicit SourceLines(const Trace& trace) : trace_(trace) {}

  /// The line without the blanks around it; empty where the source or the line is not there.
  [[nodiscard]] const std::string& at(const std::string& file, int line);

 private:
  const Trace& trace_;
  std::map<std::string, std::vector<std::string>> lines_;  ///< of each source, split once
};

}  // namespace fiberscope::core
