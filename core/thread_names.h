#pragma once
#include <map>
#include <optional>
#include <string>

#include "core/thread.h"
#include "core/trace.h"

namespace fiberscope::core {

/// What to call the threads of a trace in a sentence.
class ThreadNames {
 public:
  explicit ThreadNames(const Trace& trace);

  /// "producer", "thread 7" for one without a name, "nobody" for none.
  [[nodiscard]] std::string of(std::optional<ThreadId> thread) const;

 private:
  std::map<ThreadId, std::string> names_;
};

}  // namespace fiberscope::core
