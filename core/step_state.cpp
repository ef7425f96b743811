#include "core/step_state.h"

#include <algorithm>

namespace fiberscope::core {

StepState::StepState(MachineState start) : state_(std::move(start)) {
  for (const emu::Region& region : state_.memory.regions()) {
    Window window;
    window.low = region.range.low.value;
    window.size = region.range.size();
    window.bytes = state_.memory.bytes_at(region.range.low).data();
    if (region.writable) window.touches.resize(window.size / 8);
    windows_.push_back(std::move(window));
  }
  if (windows_.empty()) windows_.emplace_back();
  last_read_ = last_written_ = &windows_.front();
}

void StepState::set_all_registers(CpuId cpu, const std::vector<emu::RegisterFile>& all) {
  state_.cpu = cpu;
  state_.registers = all.at(cpu.value);
  if (all.size() == 1) return;
  state_.parked = all;
  state_.parked[cpu.value] = {};
}

StepState::Window* StepState::find_slowly(std::uint64_t address, std::size_t size, Window*& last) {
  for (Window& window : windows_) {
    if (address - window.low >= window.size || size > window.size - (address - window.low)) continue;
    last = &window;
    return last;
  }
  return nullptr;
}

TouchedWords StepState::touched() const {
  TouchedWords result;
  result.words = touched_;
  std::sort(result.words.begin(), result.words.end());
  result.masks.reserve(result.words.size());
  const Window* window = &windows_.front();
  for (const std::uint64_t word : result.words) {
    while (word * 8 - window->low >= window->size) ++window;  // both ascend
    result.masks.push_back(static_cast<std::uint8_t>(window->touches[(word * 8 - window->low) / 8]));
  }
  return result;
}

std::uint64_t StepState::write_slowly(std::uint64_t address, std::uint64_t value, std::size_t size) {
  std::uint8_t bytes[8];
  std::memcpy(bytes, &value, sizeof bytes);
  write_bytes(address, {bytes, size});
  return 0;
}

void StepState::write_bytes(std::uint64_t address, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    Window* window = find(address, 1, last_written_);
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
  if (++current_mark_ < kMarks) return;
  for (Window& window : windows_) std::fill(window.touches.begin(), window.touches.end(), 0);
  current_mark_ = 1;
}

}  // namespace fiberscope::core
