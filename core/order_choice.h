#pragma once
#include <string>
#include <vector>

#include "core/figure_data.h"
#include "core/thread.h"

namespace fiberscope::core {

/// Where a run stands whose order is chosen by hand: the answers given to the scheduler port so far, and who may run
/// next.
struct OrderChoice {
  std::vector<ThreadId> picks;
  bool asks = false;                 ///< the guest waits for the next answer; else the run is over
  std::vector<ThreadId> ready;       ///< by id; where it asks
  std::vector<WatchedValue> values;  ///< numbers and texts among the variables that the scenario watches
  std::string schedule;              ///< "T1x1 T2x1" (core/pick_schedule.h)
  std::string command;               ///< the command line that runs the same order
};

}  // namespace fiberscope::core
