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

BodySchedule::BodySchedule(std::vector<ThreadBody> bodies, std::vector<ScheduleItem> items)
    : bodies_(std::move(bodies)), items_(std::move(items)) {}

std::string BodySchedule::item_text() const {
  return fmt::format("item {} of {}, T{}x{}", next_ + 1, items_.size(), items_[next_].thread, items_[next_].steps);
}

std::optional<std::uint32_t> BodySchedule::pick() {
  if (item() != nullptr && named_) {
    if (done_ < item()->steps && error_.empty())
      error_ = fmt::format("{}, cannot be followed: thread {} gave the CPU away after {} of these steps", item_text(),
                           item()->thread, done_);
    ++next_;
    done_ = 0;
  }
  named_ = item() != nullptr;
  return named_ ? std::optional(item()->thread) : std::nullopt;
}

bool BodySchedule::strikes_before(Address rip) {
  if (item() == nullptr || !error_.empty()) return false;
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
  if (item() != nullptr && named_ && step_at(bodies_, rip) != nullptr) ++done_;
}

void BodySchedule::finish() {
  if (item() == nullptr || !error_.empty()) return;
  if (next_ + 1 == items_.size() && named_ && done_ == item()->steps) return;
  error_ = fmt::format("{}, cannot be followed: the threads have come to their end", item_text());
}

}  // namespace fiberscope::emu
