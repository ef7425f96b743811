#pragma once
#include "app/canvas.h"
#include "app/command.h"
#include "app/view.h"

namespace fiberscope::app {

/// Of the figure Variables: the first line that is in view.
struct VariableScroll {
  std::size_t first = 0;
};

// Each draws one of core::Figure into the area, from the view's snapshot, timeline and figure data.
void draw_thread_figure(Canvas& canvas, const View& view, const Rect& area);
void draw_state_figure(Canvas& canvas, const View& view, const Rect& area, Commands& commands);
void draw_process_figure(Canvas& canvas, const View& view, const Rect& area);
void draw_virtualizer_figure(Canvas& canvas, const View& view, const Rect& area);
void draw_processor_figure(Canvas& canvas, const View& view, const Rect& area);
void draw_context_figure(Canvas& canvas, const View& view, const Rect& area, Commands& commands);
void draw_variable_figure(Canvas& canvas, const View& view, const Rect& area, VariableScroll& scroll,
                          Commands& commands);
void draw_space_figure(Canvas& canvas, const View& view, const Rect& area);
void draw_shared_figure(Canvas& canvas, const View& view, const Rect& area);
void draw_cost_figure(Canvas& canvas, const View& view, const Rect& area);
void draw_question_figure(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

/// A scenario's questions; an answer is shown when it is asked for.
void draw_questions(Canvas& canvas, const View& view, const std::vector<core::Question>& questions,
                    const core::Text* summary, const Rect& area, Commands& commands);

/// How many of its own steps the thread ran up to the cursor, and of the `window` steps before it.
struct OwnSteps {
  std::uint64_t all = 0;
  std::uint64_t lately = 0;
};
OwnSteps own_steps(const core::Timeline& timeline, core::ThreadId thread, core::StepIndex cursor, std::uint64_t window);

/// The name of a thread, at whatever cursor.
std::string name_of(const core::Timeline& timeline, core::ThreadId thread);

/// A box with a word at its top left corner; returns what is left inside.
Rect draw_box(Canvas& canvas, const Rect& box, std::string_view title, Colour outline);

}  // namespace fiberscope::app
