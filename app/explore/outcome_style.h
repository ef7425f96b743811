#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "app/canvas.h"
#include "app/explore/explore_state.h"
#include "app/words.h"

namespace fiberscope::app {

/// A … Z, then the id itself.
std::string outcome_letter(std::size_t id);
/// An outcome's colour and what is legible on it. The first two colours of the theme are the first two threads'.
Colour outcome_colour(const Theme& theme, std::size_t id);
Colour on_outcome(const Theme& theme, std::size_t id);
/// A rounded square with the letter.
void draw_outcome(Canvas& canvas, const Rect& box, std::size_t id);
/// "x=1 y=2", in the order of ExploreState::values_order.
std::string outcome_values(const ExploreState& state, const core::explore::ExploreAnswer::Outcome& outcome);
/// Likewise, of those values that are not the same in all outcomes; all of them where there are no two that differ.
std::string telling_values(const ExploreState& state, const core::explore::ExploreAnswer::Outcome& outcome);
/// The values that telling_values() leaves out.
std::string common_values(const ExploreState& state);
/// A number as it fits a narrow column: "12 870", "~2.1e18", rounded; "–" where it was not counted.
std::string short_count(std::string_view digits);
/// "1 schedule", "~2.1e18 schedules".
std::string counted(std::string_view digits, const Words& words, Word one, Word many);
/// What a schedule comes to that was typed: "stops before the end".
std::string path_state(const core::explore::SchedulePath& path, const Words& words);
/// The mark of a thread in the exploration: its number in its shape and colour.
ThreadStyle explored_thread(std::size_t thread);

/// A button with a word on it, as wide as its rectangle.
bool draw_button(Canvas& canvas, std::string_view label, const Rect& box, std::string_view word, bool primary = false,
                 std::string_view tip = {});
/// A button with the sign of replaying.
bool draw_replay(Canvas& canvas, std::string_view label, const Rect& box, std::string_view tip);

/// Which rows of a list are in view, moved by the wheel over its area.
class ListScroll {
 public:
  /// The first row of `rows` of which `fits` are shown.
  std::size_t first(const Rect& area, std::size_t rows, std::size_t fits);

 private:
  float at_ = 0;
};

}  // namespace fiberscope::app
