#include "emu/body_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fiberscope::emu {

BodySchedule::BodySchedule(std::vector<ThreadBody> bodies, std::vector<ScheduleItem> items)
    : bodies_(std::move(bodies)), items_(std::move(items)) {}

const ThreadBody* BodySchedule::step_at(Address rip) const {
  const auto body =
      std::find_if(bodies_.begin(), bodies_.end(), [rip](const ThreadBody& each) { return each.code.contains(rip); });
  if (body == bodies_.end()) return nullptr;
  const std::vector<Address>& starts = body->step_starts;
  return starts.empty() || std::binary_search(starts.begin(), starts.end(), rip) ? &*body : nullptr;
}

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
  const ThreadBody* body = step_at(rip);
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
  if (item() != nullptr && named_ && step_at(rip) != nullptr) ++done_;
}

void BodySchedule::finish() {
  if (item() == nullptr || !error_.empty()) return;
  if (next_ + 1 == items_.size() && named_ && done_ == item()->steps) return;
  error_ = fmt::format("{}, cannot be followed: the threads have come to their end", item_text());
}

}  // namespace fiberscope::emu
