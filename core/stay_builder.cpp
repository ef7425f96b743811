#include "core/stay_builder.h"

#include <algorithm>

#include "core/whole_number.h"
#include "emu/thread_bodies.h"

namespace fiberscope::core {
namespace {

constexpr std::size_t kNone = ~std::size_t{0};

}  // namespace

std::optional<std::uint64_t> seed_of_turns(const std::map<std::string, std::string>& meta, const emu::Image& image) {
  // Where the image says what a body step is, the machine follows the schedule by itself.
  const auto schedule = meta.find("schedule");
  if (schedule != meta.end() && !schedule->second.empty() && !emu::thread_bodies(image).empty()) return std::nullopt;
  std::uint64_t seed = 0;
  if (const auto said = meta.find("seed"); said != meta.end() && !read_whole_number(said->second, seed)) seed = 0;
  return seed;
}

StayBuilder::StayBuilder(std::size_t processors, std::optional<std::uint64_t> seed)
    : clock_(processors, seed), owners_(processors), open_stays_(processors, kNone), open_idles_(processors, kNone) {}

void StayBuilder::arrive(Timeline& timeline, CpuId cpu, std::optional<ThreadId> thread, StepIndex first) {
  owners_[cpu.value] = thread;
  open_stays_[cpu.value] = thread ? timeline.stays.size() : kNone;
  const std::uint64_t ran = timeline.own_steps[cpu.value];
  if (thread) timeline.stays.push_back({*thread, cpu, first, first, ran + 1, ran});
}

void StayBuilder::pass_switches(Timeline& timeline, StepIndex step) {
  const std::vector<Switch>& all = timeline.switches;
  for (; switches_ < all.size() && all[switches_].step <= step; ++switches_) {
    const Switch& entry = all[switches_];
    if (const std::size_t open = open_stays_[entry.cpu.value]; open != kNone) timeline.stays[open].last = entry.step;
    arrive(timeline, entry.cpu, entry.to, entry.step + 1);
  }
}

void StayBuilder::pass_events(Timeline& timeline, const std::vector<EventRecord>& events, StepIndex step) {
  for (; events_ < events.size() && events[events_].event.step <= step; ++events_) {
    const ChunkEvent& event = events[events_].event;
    clock_.on_event(event);
    if (!clock_.is_halted(event.cpu)) wake(timeline, event.cpu, event.step);
  }
}

void StayBuilder::wake(Timeline& timeline, CpuId cpu, StepIndex last) {
  std::size_t& open = open_idles_[cpu.value];
  if (open == kNone) return;
  Idle& idle = timeline.idles[open];
  idle.last = last;
  // Where the interrupt came at once, nobody waited.
  if (idle.last < idle.first) {
    timeline.idles.erase(timeline.idles.begin() + static_cast<std::ptrdiff_t>(open));
    for (std::size_t& other : open_idles_)
      if (other != kNone && other > open) --other;
  }
  open = kNone;
}

void StayBuilder::run_step(Timeline& timeline, StepIndex step, CpuId cpu, bool halts) {
  wake(timeline, cpu, step - 1);
  clock_.on_step(cpu, halts);
  timeline.clock.push_back(clock_.now());
  const std::uint64_t ran = ++timeline.own_steps[cpu.value];
  if (open_stays_[cpu.value] != kNone) timeline.stays[open_stays_[cpu.value]].own_last = ran;
  const std::optional<ThreadId> thread = owners_[cpu.value];
  if (halts) {
    open_idles_[cpu.value] = timeline.idles.size();
    timeline.idles.push_back({cpu, thread, step + 1, step});
  }
  if (!thread) return;
  std::vector<Slice>& slices = timeline.slices;
  if (!slices.empty() && slices.back().thread == *thread && slices.back().cpu == cpu &&
      slices.back().last + 1 == step) {
    slices.back().last = step;
  } else {
    slices.push_back({*thread, step, step, cpu});
  }
}

void StayBuilder::extend(Timeline& timeline, const std::vector<std::optional<ThreadId>>& first_owners,
                         const std::vector<EventRecord>& events) {
  if (waiting_.empty() && timed_ == StepIndex{0}) return;  // who was there at first may not be known yet
  if (timeline.clock.empty()) {
    timeline.clock.push_back(0);
    timeline.own_steps.resize(owners_.size());
    for (std::size_t i = 0; i < owners_.size(); ++i)
      arrive(timeline, CpuId{static_cast<std::uint16_t>(i)}, first_owners[i], StepIndex{1});
  }
  for (const auto& [cpu, halts] : waiting_) {
    pass_switches(timeline, timed_);
    pass_events(timeline, events, timed_);
    timed_ = timed_ + 1;
    run_step(timeline, timed_, cpu, halts);
  }
  waiting_.clear();
  pass_switches(timeline, timed_);
  pass_events(timeline, events, timed_);
  for (const std::size_t open : open_stays_)
    if (open != kNone) timeline.stays[open].last = std::max(timeline.stays[open].first, timed_);
  for (const std::size_t open : open_idles_)
    if (open != kNone) timeline.idles[open].last = timed_;
}

}  // namespace fiberscope::core
