#pragma once
#include <vector>

#include "core/snapshot.h"
#include "core/state_history.h"
#include "emu/region.h"

namespace fiberscope::core {

/// What figures need beside the snapshot of the same cursor.
struct FigureData {
  StepIndex cursor;
  std::vector<StateChange> changes;  ///< the last one of each thread that ever changed, in the order of the snapshot
  std::vector<emu::Region> regions;  ///< of the guest's memory, ascending
};

FigureData make_figure_data(Trace& trace, StateHistory& history, const Snapshot& snapshot);

}  // namespace fiberscope::core
