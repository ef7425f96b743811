#pragma once
#include <optional>
#include <string_view>

#include "app/explore/explore_state.h"
#include "app/film.h"
#include "app/player.h"
#include "app/selection.h"
#include "app/thread_style.h"
#include "app/window_state.h"
#include "app/words.h"
#include "core/code_view.h"
#include "core/context_object.h"
#include "core/cost_comparison.h"
#include "core/figure_data.h"
#include "core/order_choice.h"
#include "core/scenario.h"
#include "core/snapshot.h"
#include "core/timeline.h"

namespace fiberscope::app {

/// What the panels read in one frame: plain data, never changed by them.
struct View {
  const core::Snapshot* now = nullptr;     ///< after the step whose film is shown
  const core::Snapshot* before = nullptr;  ///< before it; nothing where no film runs
  Film film;
  const core::CodeView* code = nullptr;
  const core::Timeline* timeline = nullptr;
  const ThreadStyles* styles = nullptr;
  const Selection* selection = nullptr;
  const core::FigureData* figure = nullptr;  ///< at the cursor of `now`; nothing where no figure is shown
  const std::vector<core::ContextObject>* contexts =
      nullptr;                                  ///< at the cursor; nothing where that figure is not shown
  const core::OrderChoice* choice = nullptr;    ///< nothing where no order is being chosen
  bool can_choose = false;                      ///< the guest asks for its order
  const core::CostComparison* costs = nullptr;  ///< likewise; of short finished traces only
  const core::Scenario* scenario = nullptr;     ///< nothing where the trace belongs to none
  const ExploreState* explore = nullptr;        ///< nothing where the run is shown
  const WindowState* state = nullptr;
  const Player* player = nullptr;
  std::string_view title;
  std::string_view ending;
  core::StepIndex cursor;
  bool in_past = false;  ///< of a recording that still grows
  bool following = false;

  [[nodiscard]] Words words() const { return Words(state->language); }
  [[nodiscard]] const core::ThreadView* thread(core::ThreadId id) const {
    for (const core::ThreadView& view : now->threads) {
      if (view.thread.id == id) return &view;
    }
    return nullptr;
  }
  [[nodiscard]] const core::StackView* stack(core::ThreadId id) const {
    for (const core::StackView& stack : now->stacks) {
      if (stack.thread == id) return &stack;
    }
    return nullptr;
  }
};

}  // namespace fiberscope::app
