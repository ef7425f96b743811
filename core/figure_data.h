#pragma once
#include <optional>
#include <vector>

#include "core/kernel_view.h"
#include "core/scenario.h"
#include "core/snapshot.h"
#include "core/space_data.h"
#include "core/state_history.h"
#include "emu/region.h"

namespace fiberscope::core {

/// What figures need beside the snapshot of the same cursor.
struct WatchedValue {
  emu::GlobalCell cell;
  std::uint64_t value = 0;
  std::string symbol;       ///< what the value is the address of, if it has a name
  bool is_address = false;  ///< of mapped memory, or of a stack's end: shown as addresses are
  bool is_text = false;     ///< an array of printable characters, which stands as one value …
  std::string text;         ///< … this one
  bool changed = false;     ///< by the step that led to the cursor
};

struct FigureData {
  StepIndex cursor;
  std::vector<StateChange> changes;     ///< the last one of each thread that ever changed, in the order of the snapshot
  std::vector<emu::Region> regions;     ///< of the guest's memory, ascending
  std::optional<SpaceData> spaces;      ///< of a Linux program
  std::optional<KernelView> kernel;     ///< what a kernel sees; nothing where there is none
  std::vector<WatchedValue> variables;  ///< of the symbols that the scenario watches, all of them, in its order
};

/// `scenario` may be null.
FigureData make_figure_data(Trace& trace, StateHistory& history, const Snapshot& snapshot, const Scenario* scenario);

}  // namespace fiberscope::core
