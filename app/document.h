#pragma once
#include <functional>
#include <optional>
#include <string>

#include "core/code_view.h"
#include "core/context_object.h"
#include "core/cost_comparison.h"
#include "core/figure_data.h"
#include "core/order_choice.h"
#include "core/scenario.h"
#include "core/snapshot.h"
#include "core/step_search.h"
#include "core/timeline.h"
#include "emu/result.h"

namespace fiberscope::app {

/// What the window shows: one trace, finished or still growing. Panels never see it; the window asks it between frames
/// and hands the panels plain data. References stay valid until the next call of a member that is not const.
class Document {
 public:
  virtual ~Document() = default;

  /// Picks up what was recorded since the last call; true if the trace grew or ended.
  virtual bool refresh() = 0;
  [[nodiscard]] virtual const std::string& title() const = 0;
  [[nodiscard]] virtual const core::Timeline& timeline() const = 0;
  /// A line for people about how the run ended ("exit code 0", "stopped: page fault at …"); empty while it is recorded.
  [[nodiscard]] virtual const std::string& ending() const = 0;

  /// The cursor to open it at, where nobody asks for another one.
  [[nodiscard]] virtual core::StepIndex beginning() { return {}; }
  /// The cursor is clamped to the trace.
  virtual const core::Snapshot& snapshot(core::StepIndex cursor) = 0;
  virtual core::CodeView code(core::StepIndex cursor, core::Syntax syntax) = 0;
  /// The code of the function that holds `address`, as it stands at the cursor.
  virtual core::CodeView code_at(emu::Address address, core::StepIndex cursor, core::Syntax syntax) = 0;

  /// What figures show beside the snapshot of that cursor.
  virtual core::FigureData figure(core::StepIndex cursor) = 0;
  /// The objects that a switch saves into, at that cursor.
  virtual std::vector<core::ContextObject> contexts(core::StepIndex cursor) = 0;
  /// What its switches cost; nothing while it is recorded, and where it is too long to be counted in between.
  virtual const core::CostComparison* costs() = 0;
  /// Nothing where the trace belongs to none.
  [[nodiscard]] virtual const core::Scenario* scenario() const = 0;

  /// The last step at or before the cursor that wrote any byte of the cell, or the register.
  virtual std::optional<core::StepIndex> last_write(emu::Address address, std::uint32_t size,
                                                    core::StepIndex cursor) = 0;
  virtual std::optional<core::StepIndex> last_write(emu::Register reg, core::StepIndex cursor) = 0;

  /// The first of the steps first … last that shows the text (core/step_finder.h says where). Looks in small portions,
  /// at least at one, as long as `go_on` says so.
  virtual core::StepSearch find(const std::string& text, core::StepIndex first, core::StepIndex last,
                                const std::function<bool()>& go_on) = 0;

  /// Whether the guest asks its scheduler port whom to run, so that its order can be chosen by hand. False while it is
  /// recorded.
  virtual bool asks_for_order() { return false; }
  /// Shows the run that gets these answers, up to the question behind them; nothing: the run as it was opened. Fails,
  /// with nothing changed, where it cannot be recorded.
  virtual emu::Result<void> choose_order(const std::optional<std::vector<core::ThreadId>>& /*picks*/) {
    return emu::Error{"the order of this run cannot be chosen"};
  }
  /// Where the chosen run stands; nothing where none is shown.
  [[nodiscard]] virtual const core::OrderChoice* choice() const { return nullptr; }
};

}  // namespace fiberscope::app
