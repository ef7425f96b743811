#include "core/handoff.h"

#include <algorithm>

namespace fiberscope::core {

std::vector<Handoff> join_handoffs(const std::vector<Switch>& switches, const std::vector<ThreadRecord>& threads) {
  const auto is_scheduler = [&](const std::optional<ThreadId>& id) {
    if (!id) return true;  // nobody's stack leads on to somebody's, as a scheduler's does
    const auto found = std::find_if(threads.begin(), threads.end(),
                                    [&](const ThreadRecord& record) { return record.thread.id == *id; });
    return found != threads.end() && found->thread.kind == ThreadKind::scheduler;
  };
  std::vector<Handoff> handoffs;
  std::optional<Switch> into_scheduler;
  for (const Switch& entry : switches) {
    if (is_scheduler(entry.to)) {
      into_scheduler = entry;
      continue;
    }
    Handoff handoff{entry.step, entry.from, entry.to, entry.reason};
    if (into_scheduler && is_scheduler(entry.from)) {
      handoff.from = into_scheduler->from;
      handoff.reason = into_scheduler->reason;
    }
    into_scheduler.reset();
    if (handoff.from != handoff.to) handoffs.push_back(handoff);
  }
  return handoffs;
}

}  // namespace fiberscope::core
