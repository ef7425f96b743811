#include "core/step_state.h"

#include <algorithm>

namespace fiberscope::core {

StepState::StepState(MachineState start) : state_(std::move(start)), layout_(SpaceLayout::find(state_.memory)) {
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
  if (!places_.empty()) {
    std::vector<std::pair<std::uint64_t, std::uint8_t>> words;
    words.reserve(touched_.size());
    for (const std::uint64_t word : touched_) {
      const auto window = std::find_if(windows_.begin(), windows_.end(), [word](const Window& candidate) {
        return word * 8 - candidate.low < candidate.size;
      });
      words.emplace_back(physical(word * 8) / 8,
                         static_cast<std::uint8_t>(window->touches[(word * 8 - window->low) / 8]));
    }
    std::sort(words.begin(), words.end());
    for (const auto& [word, mask] : words) {
      result.words.push_back(word);
      result.masks.push_back(mask);
    }
    return result;
  }
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

void StepState::lay_out(std::uint32_t space) {
  if (!layout_) return;
  exchange(layout_->moved(state_.memory, space));
  space_ = space;
}

void StepState::lay_flat() {
  exchange({});
  space_ = 0;
}

void StepState::exchange(const SpaceLayout::Moved& moved) {
  if (moved == moved_) return;
  const auto is_in = [](const SpaceLayout::Moved& where, const auto& pair) {
    const auto found = where.find(pair.first);
    return found != where.end() && found->second == pair.second;
  };
  for (std::uint64_t& word : touched_) word = physical(word * 8) / 8;
  for (const auto& pair : moved_)
    if (!is_in(moved, pair)) exchange(pair.first, pair.second);
  for (const auto& pair : moved)
    if (!is_in(moved_, pair)) exchange(pair.first, pair.second);
  moved_ = moved;
  places_.clear();
  for (const auto& [page, frame] : moved_) {
    places_[page / emu::kPageSize] = frame / emu::kPageSize;
    places_[frame / emu::kPageSize] = page / emu::kPageSize;
  }
  for (std::uint64_t& word : touched_) word = physical(word * 8) / 8;
}

void StepState::exchange(std::uint64_t left, std::uint64_t right) {
  Window* unused = &windows_.front();
  Window* const first = find(left, emu::kPageSize, unused);
  Window* const second = find(right, emu::kPageSize, unused);
  if (first == nullptr || second == nullptr) return;
  std::swap_ranges(first->bytes + (left - first->low), first->bytes + (left - first->low) + emu::kPageSize,
                   second->bytes + (right - second->low));
  for (Window* window : {first, second})
    if (window->touches.empty()) window->touches.resize(window->size / 8);
  const auto from = first->touches.begin() + static_cast<std::ptrdiff_t>((left - first->low) / 8);
  std::swap_ranges(from, from + emu::kPageSize / 8,
                   second->touches.begin() + static_cast<std::ptrdiff_t>((right - second->low) / 8));
}

void StepState::mark() {
  touched_.clear();
  if (++current_mark_ < kMarks) return;
  for (Window& window : windows_) std::fill(window.touches.begin(), window.touches.end(), 0);
  current_mark_ = 1;
}

}  // namespace fiberscope::core
