#include "app/player.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fiberscope::app {
namespace {

// A pause of the whole program (a debugger, a closed lid) is not made up for by a burst of steps.
constexpr double kLongestCatchUp = 0.25;
constexpr double kFrame = 1.0 / 60;

}  // namespace

core::StepIndex Player::film_step() const {
  return backwards_ && moving() ? cursor_ + 1 : cursor_;
}

double Player::phase() const {
  return backwards_ && moving() ? 1 - phase_ : phase_;
}

double Player::film_seconds() const {
  const double length = playing_ ? std::min(kFilmSeconds, 1 / speed_) : kFilmSeconds;
  return reduce_motion_ || length < kShortestFilmSeconds ? 0 : length;
}

void Player::set_speed(double steps_per_second, double now) {
  speed_ = std::clamp(steps_per_second, kMinimumSpeed, kMaximumSpeed);
  if (playing_) next_step_at_ = std::min(next_step_at_, now + 1 / speed_);
}

void Player::set_reduce_motion(bool reduce) {
  reduce_motion_ = reduce;
  if (reduce) phase_ = 1;
}

void Player::toggle_play(core::StepIndex end, bool growing, double now) {
  if (playing_) {
    pause();
    return;
  }
  if (cursor_ >= end && !growing) jump({0});
  playing_ = true;
  next_step_at_ = now + (moving() ? 1 / speed_ : 0);
}

void Player::pause() {
  playing_ = false;
}

void Player::jump(core::StepIndex cursor) {
  cursor_ = cursor;
  phase_ = 1;
  backwards_ = false;
}

void Player::freeze(core::StepIndex cursor, double phase) {
  jump(cursor);
  pause();
  phase_ = std::clamp(phase, 0.0, 1.0);
  film_length_ = std::numeric_limits<double>::infinity();
}

void Player::step(std::int64_t count, core::StepIndex end, double now) {
  pause();
  const auto distance = static_cast<std::uint64_t>(std::abs(count));
  core::StepIndex target = cursor_;
  if (count < 0) {
    target.value -= std::min(target.value, distance);
  } else {
    target.value += std::min(end.value - std::min(end.value, target.value), distance);
  }
  if (target == cursor_) {
    phase_ = 1;
    return;
  }
  backwards_ = count < 0;
  cursor_ = target;
  film_length_ = distance == 1 ? film_seconds() : 0;
  film_start_ = now;
  phase_ = film_length_ > 0 ? 0 : 1;
}

bool Player::advance(core::StepIndex end, bool growing, double now) {
  const core::StepIndex cursor_before = cursor_;
  const double phase_before = phase_;
  const bool playing_before = playing_;
  if (playing_ && now >= next_step_at_) {
    if (cursor_ >= end) {
      if (!growing) playing_ = false;
      next_step_at_ = now + 1 / speed_;
    } else {
      if (now - next_step_at_ > kLongestCatchUp) next_step_at_ = now;
      const double due = std::floor((now - next_step_at_) * speed_) + 1;
      const std::uint64_t room = end.value - cursor_.value;
      const std::uint64_t count = std::min(room, static_cast<std::uint64_t>(due));
      cursor_ = cursor_ + count;
      film_start_ = next_step_at_ + static_cast<double>(count - 1) / speed_;
      next_step_at_ += static_cast<double>(count) / speed_;
      film_length_ = film_seconds();
      backwards_ = false;
      phase_ = film_length_ > 0 ? 0 : 1;
    }
  }
  if (phase_ < 1 && std::isfinite(film_length_)) {
    phase_ = film_length_ > 0 ? std::clamp((now - film_start_) / film_length_, 0.0, 1.0) : 1;
  }
  if (phase_ >= 1) backwards_ = false;
  return cursor_ != cursor_before || phase_ != phase_before || playing_ != playing_before;
}

double Player::wait(double now) const {
  double seconds = std::numeric_limits<double>::infinity();
  if (moving() && std::isfinite(film_length_)) seconds = kFrame;
  if (playing_) seconds = std::min(seconds, std::max(kFrame, next_step_at_ - now));
  return seconds;
}

}  // namespace fiberscope::app
