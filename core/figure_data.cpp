#include "core/figure_data.h"

#include <fmt/format.h>

#include <algorithm>

#include "asm/runtime/tcb.h"

namespace fiberscope::core {

namespace {

/// "name[" of "name[3]", and of "table[2].name[3]" all but the number; empty for no element of an array.
std::string_view array_of(std::string_view name) {
  return name.ends_with(']') ? name.substr(0, name.rfind('[') + 1) : std::string_view{};
}

/// How many cells from this one on are the bytes of one array; they stand as one text where they are printable up to a
/// zero or their end.
std::size_t bytes_of_array(const std::vector<emu::GlobalCell>& cells, std::size_t first) {
  const std::string_view array = array_of(cells[first].name);
  std::size_t end = first;
  while (!array.empty() && end < cells.size() && cells[end].size == 1 && array_of(cells[end].name) == array) ++end;
  return end - first;
}

std::optional<WatchedValue> as_text(const std::vector<emu::GlobalCell>& cells, std::size_t first, std::size_t count,
                                    const emu::Memory& memory) {
  if (count < 2) return std::nullopt;
  WatchedValue value;
  value.cell = cells[first];
  value.cell.size = static_cast<std::uint32_t>(std::min<std::size_t>(count, 8));
  value.cell.name = array_of(cells[first].name);
  value.cell.name.pop_back();
  value.is_text = true;
  for (std::size_t i = first; i < first + count; ++i) {
    const auto byte = static_cast<char>(memory.read(cells[i].address, 1).value_or(0));
    if (byte == 0) break;
    if (byte < ' ' || byte > '~') return std::nullopt;
    value.text += byte;
  }
  return value;
}

/// What lies behind a stack is nobody's, or another one's, but is what rsp begins with.
bool ends_a_stack(const Snapshot& snapshot, emu::Address address) {
  return std::any_of(snapshot.threads.begin(), snapshot.threads.end(), [&](const ThreadView& view) {
    return !view.thread.stack.empty() && view.thread.stack.high == address;
  });
}

/// What an address lies in, as people name it: an element of an array of structures by its index, and behind it the
/// thread whose control block that is: "thread_table[3] (worker c)".
std::string name_of_target(const Trace& trace, const Snapshot& snapshot, emu::Address target) {
  std::string name = emu::symbolized(trace.image(), target);
  const auto symbol = trace.image().symbol_at(target);
  if (!symbol) return name;
  const std::vector<emu::ObjectPlace>& elements = trace.debug().objects(symbol->name);
  for (const emu::ObjectPlace& place : elements) {
    if (elements.size() == 1 || place.structure == nullptr || place.is_pointer || target < place.address) continue;
    const std::uint64_t offset = target - place.address;
    if (offset < place.structure->size) name = offset == 0 ? place.name : fmt::format("{}+{}", place.name, offset);
  }
  for (const ThreadView& view : snapshot.threads)
    if (view.thread.tcb == target) name += fmt::format(" ({})", view.thread.name);
  return name;
}

std::vector<WatchedValue> watched_values(Trace& trace, const Snapshot& snapshot, const Scenario& scenario) {
  std::vector<WatchedValue> values;
  const MachineState& state = trace.state_at(snapshot.step);
  for (const std::string& name : scenario.watch.symbols) {
    const std::vector<emu::GlobalCell> cells = trace.debug().global(name);
    for (std::size_t i = 0; i < cells.size();) {
      const std::size_t bytes = bytes_of_array(cells, i);
      if (auto text = as_text(cells, i, bytes, state.memory)) {
        i += bytes;
        values.push_back(std::move(*text));
        continue;
      }
      WatchedValue value;
      value.cell = cells[i++];
      value.value = state.memory.read(value.cell.address, value.cell.size).value_or(0);
      const emu::Address target{value.value};
      const bool mapped = value.cell.size == 8 && state.memory.region_at(target) != nullptr;
      if (mapped) value.symbol = name_of_target(trace, snapshot, target);
      value.is_address = mapped || (value.cell.size == 8 && ends_a_stack(snapshot, target));
      values.push_back(std::move(value));
    }
  }
  for (WatchedValue& value : values) {
    const emu::GlobalCell& cell = value.cell;
    // The guests' own structures keep an enum thread_state (asm/runtime/tcb.h) under this name.
    if (cell.name.ends_with(".state") && value.value <= THREAD_FINISHED)
      value.symbol = to_string(static_cast<ThreadState>(value.value));
    value.changed = std::any_of(snapshot.written.begin(), snapshot.written.end(), [&](const MemoryChange& change) {
      const bool meets = change.address < cell.address + cell.size && cell.address < change.address + change.size;
      return meets && change.old_value != change.new_value;
    });
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
  // What nobody may touch is the machine's own.
  for (const emu::Region& region : trace.state_at(snapshot.step).memory.regions())
    if (region.readable || region.writable || region.executable) data.regions.push_back(region);
  data.spaces = make_space_data(trace, snapshot.step);
  data.kernel = kernel_view(trace, snapshot, data.spaces);
  if (scenario != nullptr) data.variables = watched_values(trace, snapshot, *scenario);
  return data;
}

}  // namespace fiberscope::core
