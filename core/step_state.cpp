#include "core/step_state.h"

#include <algorithm>

namespace fiberscope::core {

StepState::StepState(MachineState start) : state_(std::move(start)) {
  for (const emu::Region& region : state_.memory.regions()) {
    Window window;
    window.low = region.range.low.value;
    window.size = region.range.size();
    window.bytes = state_.memory.bytes_at(region.range.low).data();
    if (region.writable) window.stamps.resize(window.size / 8);
    windows_.push_back(std::move(window));
  }
  if (windows_.empty()) windows_.emplace_back();
  last_ = &windows_.front();
}

StepState::Window* StepState::find_slowly(std::uint64_t address, std::size_t size) {
  for (Window& window : windows_) {
    if (address - window.low >= window.size || size > window.size - (address - window.low)) continue;
    last_ = &window;
    return last_;
  }
  return nullptr;
}

void StepState::touch(Window& window, std::uint64_t address) {
  if (window.stamps.empty()) window.stamps.resize(window.size / 8);
  std::uint32_t& stamp = window.stamps[(address - window.low) / 8];
  if (stamp == current_mark_) return;
  stamp = current_mark_;
  touched_.push_back(address / 8);
}

void StepState::write_slowly(std::uint64_t address, std::uint64_t value, std::size_t size) {
  std::uint8_t bytes[8];
  std::memcpy(bytes, &value, sizeof bytes);
  write_bytes(address, {bytes, size});
}

void StepState::write_bytes(std::uint64_t address, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    Window* window = find(address, 1);
    if (window == nullptr) return;
    const std::size_t count = std::min<std::size_t>(bytes.size(), window->size - (address - window->low));
    std::memcpy(window->bytes + (address - window->low), bytes.data(), count);
    for (std::uint64_t word = address / 8; word <= (address + count - 1) / 8; ++word) touch(*window, std::max(word * 8, address));
    bytes = bytes.subspan(count);
    address += count;
  }
}

void StepState::mark() {
  touched_.clear();
  if (++current_mark_ != 0) return;
  for (Window& window : windows_) std::fill(window.stamps.begin(), window.stamps.end(), 0);
  current_mark_ = 1;
}

}  // namespace fiberscope::core
