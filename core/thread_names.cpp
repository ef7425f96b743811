#include "core/thread_names.h"

#include <fmt/format.h>

namespace fiberscope::core {

ThreadNames::ThreadNames(const Trace& trace) {
  for (const ThreadRecord& record : trace.threads())
    if (!record.thread.name.empty()) names_[record.thread.id] = record.thread.name;
}

std::string ThreadNames::of(std::optional<ThreadId> thread) const {
  if (!thread) return "nobody";
  const auto found = names_.find(*thread);
  return found == names_.end() ? fmt::format("thread {}", thread->value) : found->second;
}

}  // namespace fiberscope::core
