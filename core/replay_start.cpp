#include "core/replay_start.h"

#include <vector>

#include "emu/thread_bodies.h"

namespace fiberscope::core {

StepIndex replay_start(const Trace& trace) {
  const std::vector<emu::ThreadBody> bodies = emu::thread_bodies(trace.image());
  if (bodies.empty()) return {};
  std::vector<bool> counts;
  for (const StepTemplate& step : trace.templates())
    counts.push_back(emu::step_at(bodies, emu::Address{step.address}) != nullptr);
  for (StepIndex begin; begin < trace.steps();) {
    const auto instructions = instructions_of(trace.chunk_of(begin + 1), trace.templates().size());
    for (std::size_t i = 0; i < instructions.size(); ++i)
      if (counts[instructions[i]]) return begin + i;
    begin = begin + instructions.size();
  }
  return {};
}

}  // namespace fiberscope::core
