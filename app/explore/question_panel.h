#pragma once
#include <string>
#include <vector>

#include "app/canvas.h"
#include "app/command.h"
#include "app/view.h"

namespace fiberscope::app {

/// The box for the texts and the choosers, and below them what became of the question: counts, live counters, or what
/// is wrong with it.
void draw_question(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

/// The lines below the choosers, as they fit the width.
std::vector<std::string> status_lines(const Canvas& canvas, const View& view, float width);
/// The summary of the scenario whose question it is, likewise.
std::vector<std::string> lesson_lines(const Canvas& canvas, const View& view, float width);
/// Rows of text boxes.
std::size_t thread_rows(const ExploreState& state);

}  // namespace fiberscope::app
