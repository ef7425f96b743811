#pragma once
#include <cstdint>

#include "core/step.h"

namespace fiberscope::app {

inline constexpr double kMinimumSpeed = 0.5;
inline constexpr double kMaximumSpeed = 100000;
inline constexpr double kFilmSeconds = 0.25;
inline constexpr double kShortestFilmSeconds = 0.05;

/// Where the window stands in time, and how it moves: one cursor, and how far the film of the step that leads to it has
/// run (1: it is over). Time is given from outside in seconds; equal calls give equal states.
class Player {
 public:
  /// The cursor the window stands at, or moves to.
  [[nodiscard]] core::StepIndex cursor() const { return cursor_; }
  /// The step whose film is shown, and its phase 0 … 1: film_step() = cursor() unless a step is being taken back, when
  /// the film of the step that leaves runs backwards.
  [[nodiscard]] core::StepIndex film_step() const;
  [[nodiscard]] double phase() const;
  [[nodiscard]] bool playing() const { return playing_; }
  [[nodiscard]] bool moving() const { return phase_ < 1; }
  [[nodiscard]] double speed() const { return speed_; }
  [[nodiscard]] bool reduce_motion() const { return reduce_motion_; }

  void set_speed(double steps_per_second, double now);
  void set_reduce_motion(bool reduce);
  /// At the end of a finished trace, playing starts over.
  void toggle_play(core::StepIndex end, bool growing, double now);
  void pause();
  /// Without a film.
  void jump(core::StepIndex cursor);
  /// At a fixed phase of the step's film, for pictures.
  void freeze(core::StepIndex cursor, double phase);
  /// One step is a film of its own; more are a jump. Both pause.
  void step(std::int64_t count, core::StepIndex end, double now);
  /// Moves to `now`; true if something that is shown changed.
  bool advance(core::StepIndex end, bool growing, double now);

  /// Seconds from `now` until advance() has something to do; infinity if nothing moves.
  [[nodiscard]] double wait(double now) const;
  /// Length of the film of one step, 0 where none is shown.
  [[nodiscard]] double film_seconds() const;

 private:
  core::StepIndex cursor_;
  double phase_ = 1;
  bool backwards_ = false;
  double film_start_ = 0;
  double film_length_ = 0;
  bool playing_ = false;
  double next_step_at_ = 0;
  double speed_ = 2;
  bool reduce_motion_ = false;
};

}  // namespace fiberscope::app
