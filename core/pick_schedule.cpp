#include "core/pick_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

#include "core/thread_table.h"
#include "emu/bare_machine.h"

namespace fiberscope::core {
namespace {

constexpr std::uint64_t kMostTurns = 1'000'000;
/// One instruction nearly always reads the same port.
constexpr int kLooks = 16;
constexpr std::uint8_t kInEax = 0xed;  // in eax, dx (Intel SDM vol. 2, IN)

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

bool is_ready(const emu::Image& image, const emu::Memory& memory, ThreadId id) {
  const auto table = ThreadTable::find(image);
  if (!table) return false;
  const std::vector<Thread> threads = table->read(memory);
  const Thread* thread = find_thread(threads, id);
  return thread != nullptr && thread->state == ThreadState::ready;
}

}  // namespace

emu::Result<std::vector<ThreadId>> parse_schedule(const std::string& text) {
  std::vector<ThreadId> picks;
  std::istringstream words(text);
  for (std::string item; words >> item;) {
    const std::size_t times = item.find('x');
    ThreadId thread;
    std::uint64_t count = 0;
    const bool read = item.front() == 'T' && times != std::string::npos &&
                      read_number(std::string_view(item).substr(1, times - 1), thread.value) &&
                      read_number(std::string_view(item).substr(times + 1), count);
    if (!read || count == 0 || count > kMostTurns)
      return emu::Error{fmt::format(
          "'{}' is no item of a schedule; expected items like T1x2 (thread 1, two turns), separated by blanks", item)};
    picks.insert(picks.end(), count, thread);
  }
  return picks;
}

std::string schedule_text(const std::vector<ThreadId>& picks) {
  std::string text;
  for (std::size_t i = 0; i < picks.size();) {
    std::size_t end = i;
    while (end < picks.size() && picks[end] == picks[i]) ++end;
    text += fmt::format("{}T{}x{}", i == 0 ? "" : " ", picks[i].value, end - i);
    i = end;
  }
  return text;
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
