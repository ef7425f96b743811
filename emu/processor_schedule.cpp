#include "emu/processor_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fiberscope::emu {
namespace {

/// A runtime's call, or the way to the first body, is far shorter.
constexpr std::uint64_t kMostUncounted = 100'000;
constexpr std::uint64_t kLongCall = 256;  // what takes longer may wait

}  // namespace

ProcessorSchedule::ProcessorSchedule(std::vector<ThreadBody> bodies, std::vector<ScheduleItem> items,
                                     unsigned processors)
    : bodies_(std::move(bodies)), items_(std::move(items)), runners_(processors), last_(processors - 1) {}

void ProcessorSchedule::look(const std::vector<Place>& places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    Runner& runner = runners_[i];
    const ThreadBody* body = body_at(bodies_, places[i].rip);
    if (runner.thread == 0 && body != nullptr && body->thread != 0) {
      runner.thread = body->thread;
      runner.entry_rsp = places[i].rsp;
    } else if (runner.thread != 0 && body == nullptr && places[i].rsp > runner.entry_rsp) {
      runner.left = true;
    }
  }
}

std::optional<unsigned> ProcessorSchedule::processor_of(std::uint32_t thread) const {
  for (unsigned i = 0; i < runners_.size(); ++i)
    if (runners_[i].thread == thread) return i;
  return std::nullopt;
}

std::optional<ProcessorSchedule::Act> ProcessorSchedule::free_turn(const std::vector<Place>& places, bool into_bodies) {
  for (unsigned i = 1; i <= places.size(); ++i) {
    const unsigned processor = (last_ + i) % static_cast<unsigned>(places.size());
    const Place& place = places[processor];
    if (!place.able || place.waits ||
        (!into_bodies && !runners_[processor].left && step_at(bodies_, place.rip) != nullptr))
      continue;
    last_ = processor;
    return Act{processor, false};
  }
  return std::nullopt;
}

bool ProcessorSchedule::waits_for_beginnings() {
  begun_ = begun_ || ++uncounted_ > kMostUncounted ||
           std::all_of(bodies_.begin(), bodies_.end(),
                       [this](const ThreadBody& body) { return body.thread == 0 || processor_of(body.thread); });
  return !begun_;
}

ProcessorSchedule::Act ProcessorSchedule::drain_turn(const std::vector<Place>& places, unsigned processor) {
  if (!paced_) {
    for (unsigned i = 0; i < places.size(); ++i) {
      if (runners_[i].thread != 0 || !places[i].able || places[i].waits) continue;
      paced_ = true;
      return {i, false};
    }
  }
  paced_ = false;
  return {processor, true};
}

std::optional<ProcessorSchedule::Act> ProcessorSchedule::fail(const std::string& why) {
  const ScheduleItem& item = items_[next_];
  const std::string text =
      item.drains ? fmt::format("D{}", item.thread) : fmt::format("T{}x{}", item.thread, item.steps);
  error_ = fmt::format("item {} of {}, {}, cannot be followed: {}", next_ + 1, items_.size(), text, why);
  return std::nullopt;
}

void ProcessorSchedule::end_item() {
  ++next_;
  done_ = 0;
  uncounted_ = 0;
}

std::optional<ProcessorSchedule::Act> ProcessorSchedule::next(const std::vector<Place>& places) {
  look(places);
  if (!begun_ && waits_for_beginnings())
    if (auto act = free_turn(places, false)) return act;
  if (!std::exchange(begun_, true)) uncounted_ = 0;
  while (next_ < items_.size()) {
    const std::size_t item = next_;
    const auto act = next_of_item(places);
    if (act || !error_.empty()) return act;
    if (next_ == item) return std::nullopt;
  }
  for (unsigned i = 0; i < places.size(); ++i)
    if (places[i].buffered > 0) return drain_turn(places, i);
  return free_turn(places, true);
}

std::optional<ProcessorSchedule::Act> ProcessorSchedule::next_of_item(const std::vector<Place>& places) {
  const ScheduleItem& item = items_[next_];
  const bool hangs = ++uncounted_ > kMostUncounted;
  const auto processor = processor_of(item.thread);
  if (!processor) {
    if (!hangs)
      if (auto act = free_turn(places, false)) return act;
    return fail(fmt::format("thread {} does not begin", item.thread));
  }
  if (hangs) return fail(fmt::format("thread {} waits for something behind {} of these steps", item.thread, done_));
  const Place& place = places[*processor];
  if (item.drains) {
    if (done_ == item.steps) {
      end_item();
      return std::nullopt;
    }
    if (place.buffered == 0) return fail(fmt::format("thread {}'s store buffer is empty", item.thread));
    return drain_turn(places, *processor);
  }
  const bool left = runners_[*processor].left;
  const bool at_step = !left && step_at(bodies_, place.rip) != nullptr;
  if (done_ == item.steps && (left || at_step)) {
    end_item();
    return std::nullopt;
  }
  if (left) return fail(too_few_steps(item.thread, runners_[*processor].steps, done_));
  if (place.waits)
    return fail(fmt::format("after {} of these steps thread {} waits until its store buffer is empty: D{} comes first",
                            done_, item.thread, item.thread));
  // A call of the runtime may wait for another thread's way out of its body.
  if (!at_step && uncounted_ > kLongCall && uncounted_ % 2 == 0)
    if (auto act = free_turn(places, false)) return act;
  if (!place.able) return fail(fmt::format("thread {}'s processor has halted", item.thread));
  return Act{*processor, false};
}

void ProcessorSchedule::took(unsigned processor, Address rip, bool counts) {
  Runner& runner = runners_[processor];
  if (counts && runner.thread != 0 && !runner.left && step_at(bodies_, rip) != nullptr) ++runner.steps;
  if (next_ >= items_.size()) return;
  if (!counts || runner.left || runner.thread != items_[next_].thread || step_at(bodies_, rip) == nullptr) return;
  ++done_;
  uncounted_ = 0;
}

void ProcessorSchedule::drained() {
  if (next_ < items_.size()) ++done_;
}

void ProcessorSchedule::finish() {
  if (next_ < items_.size() && error_.empty()) fail("the threads have come to their end");
}

}  // namespace fiberscope::emu
