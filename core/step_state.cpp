#include "core/step_state.h"

#include <algorithm>

namespace fiberscope::core {

StepState::StepState(MachineState start) : state_(std::move(start)) {
  for (const emu::Region& region : state_.memory.regions()) {
    Window window;
    window.low = region.range.low.value;
    window.size = region.range.size();
    window.bytes = state_.memory.bytes_at(region.range.low).data();
    if (region.writable) {
      window.stamps.resize(window.size / 8);
      window.masks.resize(window.size / 8);
    }
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

void StepState::touch(Window& window, std::uint64_t address, std::uint8_t mask) {
  if (window.stamps.empty()) {
    window.stamps.resize(window.size / 8);
    window.masks.resize(window.size / 8);
  }
  const std::size_t index = (address - window.low) / 8;
  if (window.stamps[index] == current_mark_) {
    window.masks[index] |= mask;
    return;
  }
  window.stamps[index] = current_mark_;
  window.masks[index] = mask;
  touched_.push_back(address / 8);
}

TouchedWords StepState::touched() const {
  TouchedWords result;
  result.words = touched_;
  std::sort(result.words.begin(), result.words.end());
  const Window* window = &windows_.front();
  for (const std::uint64_t word : result.words) {
    while (word * 8 - window->low >= window->size) ++window;  // both ascend
    result.masks.push_back(window->masks[(word * 8 - window->low) / 8]);
  }
  return result;
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
    for (std::uint64_t at = address; at < address + count;) {
      const std::uint64_t end = std::min(address + count, (at | 7) + 1);
      touch(*window, at, static_cast<std::uint8_t>(((1U << (end - at)) - 1) << (at & 7)));
      at = end;
    }
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
