#include "core/pick_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/schedule_notation.h"
#include "core/thread_table.h"
#include "emu/bare_machine.h"

namespace fiberscope::core {
namespace {

/// One instruction nearly always reads the same port.
constexpr int kLooks = 16;
constexpr std::uint8_t kInEax = 0xed;  // in eax, dx (Intel SDM vol. 2, IN)

bool is_ready(const emu::Image& image, const emu::Memory& memory, ThreadId id) {
  const auto table = ThreadTable::find(image);
  if (!table) return false;
  const std::vector<Thread> threads = table->read(memory);
  const Thread* thread = find_thread(threads, id);
  return thread != nullptr && thread->state == ThreadState::ready;
}

}  // namespace

emu::Result<std::vector<ThreadId>> parse_schedule(const std::string& text) {
  const auto schedule = parse_turns(text);
  if (!schedule) return schedule.error();
  std::vector<ThreadId> picks;
  for (const ScheduleTurns& turns : *schedule) {
    if (turns.drains || turns.thread > UINT32_MAX)
      return emu::Error{
          fmt::format("'{}' is no turn of a thread; expected items like T1x2 (thread 1, two turns)", to_text({turns}))};
    picks.insert(picks.end(), turns.count, ThreadId{static_cast<std::uint32_t>(turns.thread)});
  }
  return picks;
}

std::string schedule_text(const std::vector<ThreadId>& picks) {
  std::vector<ScheduleTurns> schedule;
  for (const ThreadId pick : picks) add_turn(schedule, pick.value);
  return to_text(schedule);
}

ScheduledPicks::ScheduledPicks(emu::Machine& machine, const emu::Image& image, std::vector<ThreadId> picks)
    : machine_(machine), image_(image), picks_(std::move(picks)) {
  machine_.set_picker([this] { return answer(); });
}

std::uint32_t ScheduledPicks::answer() {
  if (given_ == picks_.size()) {
    if (!asks_behind_) asks_behind_ = machine_.steps();
    if (stops_) machine_.request_stop();
    return emu::port::kNoOpinion;
  }
  const ThreadId pick = picks_[given_++];
  if (is_ready(image_, machine_.memory(), pick)) return pick.value;
  if (problem_.empty()) {
    problem_ = fmt::format(
        "turn {} of the schedule is thread {}'s, which cannot run then: `fiberscope run` without it "
        "says who is who",
        given_, pick.value);
    machine_.request_stop();
  }
  return emu::port::kNoOpinion;
}

bool asks_scheduler_port(Trace& trace) {
  if (trace.meta("profile") == "linux") return false;
  std::map<std::uint32_t, int> candidates;  // and how many of its steps are still to be looked at
  for (std::size_t i = 0; i < trace.templates().size(); ++i) {
    const StepTemplate& step = trace.templates()[i];
    if (step.size == 1 && step.bytes[0] == kInEax) candidates.emplace(static_cast<std::uint32_t>(i), kLooks);
  }
  if (candidates.empty()) return false;
  for (StepIndex begin; begin < trace.steps();) {
    const Chunk& chunk = trace.chunk_of(begin + 1);
    const std::vector<std::uint32_t> instructions = instructions_of(chunk, trace.templates().size());
    for (std::size_t i = 0; i < instructions.size(); ++i) {
      const auto candidate = candidates.find(instructions[i]);
      if (candidate == candidates.end() || candidate->second-- <= 0) continue;
      const std::uint64_t port = trace.state_at(begin + i).registers[emu::Register::rdx] & 0xffff;
      if (port == emu::port::kScheduler) return true;
    }
    begin = begin + instructions.size();
  }
  return false;
}

}  // namespace fiberscope::core
