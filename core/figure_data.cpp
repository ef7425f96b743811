#include "core/figure_data.h"

#include <algorithm>

namespace fiberscope::core {

namespace {

/// Larger arrays are for the memory view of a debugger, not for a lesson.
constexpr std::size_t kMostOfOne = 32;

/// An array of single bytes that holds printable characters up to its end or a zero.
std::optional<WatchedValue> as_text(const std::vector<emu::GlobalCell>& cells, const emu::Memory& memory) {
  if (cells.size() < 2) return std::nullopt;
  WatchedValue value;
  value.cell = cells.front();
  value.cell.size = static_cast<std::uint32_t>(std::min<std::size_t>(cells.size(), 8));
  value.cell.name = value.cell.name.substr(0, value.cell.name.find('['));
  for (const emu::GlobalCell& cell : cells) {
    if (cell.size != 1) return std::nullopt;
    const auto byte = static_cast<char>(memory.read(cell.address, 1).value_or(0));
    if (byte == 0) break;
    if (byte < ' ' || byte > '~') return std::nullopt;
    value.text += byte;
  }
  return value.text.empty() ? std::nullopt : std::optional(std::move(value));
}

std::vector<WatchedValue> watched_values(Trace& trace, const Snapshot& snapshot, const Scenario& scenario) {
  std::vector<WatchedValue> values;
  const MachineState& state = trace.state_at(snapshot.step);
  for (const std::string& name : scenario.watch.symbols) {
    std::vector<emu::GlobalCell> cells = trace.debug().global(name);
    if (auto characters = as_text(cells, state.memory)) {
      values.push_back(std::move(*characters));
      continue;
    }
    if (cells.size() > kMostOfOne) cells.resize(kMostOfOne);
    for (emu::GlobalCell& cell : cells) {
      WatchedValue value;
      value.value = state.memory.read(cell.address, cell.size).value_or(0);
      value.changed = std::any_of(snapshot.written.begin(), snapshot.written.end(), [&](const MemoryChange& change) {
        const bool meets = change.address < cell.address + cell.size && cell.address < change.address + change.size;
        return meets && change.old_value != change.new_value;
      });
      if (cell.size == 8 && state.memory.region_at(emu::Address{value.value}) != nullptr)
        value.symbol = emu::symbolized(trace.image(), emu::Address{value.value});
      value.cell = std::move(cell);
      values.push_back(std::move(value));
    }
  }
  return values;
}

}  // namespace

FigureData make_figure_data(Trace& trace, StateHistory& history, const Snapshot& snapshot, const Scenario* scenario) {
  FigureData data;
  data.cursor = snapshot.step;
  for (const ThreadView& view : snapshot.threads) {
    auto last = history.last_changes(view.thread, snapshot.step, 1);
    if (!last.empty()) data.changes.push_back(std::move(last.front()));
  }
  const auto& regions = trace.state_at(snapshot.step).memory.regions();
  data.regions.assign(regions.begin(), regions.end());
  if (scenario != nullptr) data.variables = watched_values(trace, snapshot, *scenario);
  return data;
}

}  // namespace fiberscope::core
