#include "core/explore/step_memory.h"

namespace fiberscope::core::explore {
namespace {
constexpr std::size_t kFirstTable = 1024;
}

StepMemory::StepMemory() : slots_(kFirstTable, 0) {}

void StepMemory::keep(LocalId local, SharedId shared, const StepResult& result) {
  entries_.push_back({key_of(local, shared), result});
  if (entries_.size() * 2 <= slots_.size()) return place(static_cast<std::uint32_t>(entries_.size() - 1));
  slots_.assign(slots_.size() * 2, 0);
  for (std::uint32_t entry = 0; entry < entries_.size(); ++entry) place(entry);
}

void StepMemory::place(std::uint32_t entry) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash_of(entries_[entry].key) & mask;
  while (slots_[slot] != 0) slot = (slot + 1) & mask;
  slots_[slot] = entry + 1;
}

std::size_t StepMemory::footprint() const {
  return slots_.capacity() * sizeof slots_[0] + entries_.capacity() * sizeof entries_[0];
}

}  // namespace fiberscope::core::explore
