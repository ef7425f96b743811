#include "emu/body_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fiberscope::emu {

const ThreadBody* body_at(std::span<const ThreadBody> bodies, Address rip) {
  const auto body =
      std::find_if(bodies.begin(), bodies.end(), [rip](const ThreadBody& each) { return each.code.contains(rip); });
  return body == bodies.end() ? nullptr : &*body;
}

const ThreadBody* step_at(std::span<const ThreadBody> bodies, Address rip) {
  const ThreadBody* body = body_at(bodies, rip);
  if (body == nullptr || body->step_starts.empty()) return body;
  return std::binary_search(body->step_starts.begin(), body->step_starts.end(), rip) ? body : nullptr;
}

std::string too_few_steps(std::uint32_t thread, std::uint64_t steps, std::uint64_t in_item) {
  return fmt::format("thread {} has only {} step{}{}", thread, steps, steps == 1 ? "" : "s",
                     steps == in_item ? "" : fmt::format(", {} of them before this item", steps - in_item));
}

BodySchedule::BodySchedule(std::vector<ThreadBody> bodies, std::vector<ScheduleItem> items)
    : bodies_(std::move(bodies)), items_(std::move(items)) {}

std::string BodySchedule::item_text() const {
  return fmt::format("item {} of {}, T{}x{}", next_ + 1, items_.size(), items_[next_].thread, items_[next_].steps);
}

std::optional<std::uint32_t> BodySchedule::pick() {
  if (item() != nullptr && named_) {
    if (done_ < item()->steps && error_.empty()) {
      const Runner& runner = runners_[item()->thread];
      error_ = fmt::format("{}, cannot be followed: {}", item_text(),
                           runner.left
                               ? too_few_steps(item()->thread, runner.steps, done_)
                               : fmt::format("thread {} has to wait after {} of these steps", item()->thread, done_));
    }
    ++next_;
    done_ = 0;
  }
  named_ = item() != nullptr;
  return named_ ? std::optional(item()->thread) : std::nullopt;
}

bool BodySchedule::strikes_before(Address rip, Address rsp) {
  if (item() == nullptr || !error_.empty()) return false;
  if (named_) {
    Runner& runner = runners_[item()->thread];
    const ThreadBody* inside = body_at(bodies_, rip);
    if (!runner.entry_rsp && inside != nullptr && inside->thread == item()->thread) runner.entry_rsp = rsp;
    if (runner.entry_rsp && inside == nullptr && rsp == *runner.entry_rsp + 8) runner.left = true;
  }
  const ThreadBody* body = step_at(bodies_, rip);
  if (body == nullptr) return false;
  if (!named_ || (body->thread != 0 && body->thread != item()->thread)) {
    error_ = fmt::format("{}, cannot be followed: thread {} is not ready, and another one runs", item_text(),
                         item()->thread);
    return false;
  }
  return done_ == item()->steps;
}

void BodySchedule::held_off() {
  error_ = fmt::format("{}, cannot be followed: thread {} has interrupts off behind these steps", item_text(),
                       item()->thread);
}

void BodySchedule::ran(Address rip) {
  if (item() == nullptr || !named_ || step_at(bodies_, rip) == nullptr) return;
  ++done_;
  ++runners_[item()->thread].steps;
}

void BodySchedule::finish() {
  if (item() == nullptr || !error_.empty()) return;
  if (next_ + 1 == items_.size() && named_ && done_ == item()->steps) return;
  error_ = fmt::format("{}, cannot be followed: the threads have come to their end", item_text());
}

}  // namespace fiberscope::emu
