#include "core/figure_data.h"

namespace fiberscope::core {

FigureData make_figure_data(Trace& trace, StateHistory& history, const Snapshot& snapshot) {
  FigureData data;
  data.cursor = snapshot.step;
  for (const ThreadView& view : snapshot.threads) {
    auto last = history.last_changes(view.thread, snapshot.step, 1);
    if (!last.empty()) data.changes.push_back(std::move(last.front()));
  }
  const auto& regions = trace.state_at(snapshot.step).memory.regions();
  data.regions.assign(regions.begin(), regions.end());
  return data;
}

}  // namespace fiberscope::core
