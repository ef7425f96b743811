#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/canvas.h"
#include "app/thread_style.h"
#include "app/words.h"
#include "core/timeline.h"

namespace fiberscope::app {

/// A row for each processor: who was on it, over the rounds of the clock, and when it waited. What several do at the
/// same time stands one above the other, and one processor's run can stand beside that of several.

/// Rounds 0 … `rounds` between two edges in pixels.
struct RoundScale {
  float x0 = 0;
  float x1 = 0;
  double rounds = 1;

  [[nodiscard]] float x_of(double round) const { return x0 + (x1 - x0) * static_cast<float>(round / rounds); }
};

/// What one processor does from one round to another: the thread's, or nothing where it waits for an interrupt.
struct ProcessorBar {
  core::CpuId cpu;
  core::ThreadId thread;
  bool idle = false;
  double first = 0;  ///< rounds
  double last = 0;

  friend bool operator==(const ProcessorBar&, const ProcessorBar&) = default;
};
/// By processor, then ascending; those of one processor do not overlap.
std::vector<ProcessorBar> processor_bars(const core::Timeline& timeline);

/// Whether a processor has executed hlt and waits.
bool is_idle(const core::Timeline& timeline, core::CpuId cpu, core::StepIndex cursor);
/// The last cursor at which so many rounds had not yet passed; 0 for none.
core::StepIndex cursor_at_rounds(const core::Timeline& timeline, double rounds);

/// How a time looks in which a processor waits.
void draw_idle(Canvas& canvas, const Rect& bar, bool future);
/// What that look means, at the right end of `line`; nothing where nobody ever waits. Returns where it begins.
float draw_idle_legend(Canvas& canvas, const Words& words, const core::Timeline& timeline, const Rect& line);

/// The processors that ran a step: each has a row.
std::vector<core::CpuId> processors_that_ran(const core::Timeline& timeline);
/// " · never started: 4"; empty where all ran.
std::string never_started(const Words& words, const core::Timeline& timeline);

/// The rows, their names left of the scale, and what lies behind `now` fainter.
void draw_processor_rows(Canvas& canvas, const core::Timeline& timeline, const ThreadStyles& styles,
                         const RoundScale& scale, const Rect& area, std::optional<core::StepIndex> now);
/// Numbers under the scale, and at their right end what they count.
void draw_axis(Canvas& canvas, const RoundScale& scale, const Rect& area, std::string_view unit);

}  // namespace fiberscope::app
