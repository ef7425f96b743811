#include "core/round_clock.h"

#include <bit>

#include "core/timeline.h"

namespace fiberscope::core {
namespace {

/// Exceptions that come behind an instruction, whose turn is counted by its step (Intel SDM vol. 3, 6.5): #DB, #BP,
/// #OF.
bool is_trap(std::uint32_t vector) {
  return vector == 1 || vector == 3 || vector == 4;
}

}  // namespace

RoundClock::RoundClock(std::size_t processors, std::optional<std::uint64_t> seed) : halted_(processors, false) {
  if (seed) order_.emplace(*seed);
}

void RoundClock::on_step(CpuId cpu, bool halts) {
  take_turn(cpu);
  halted_[cpu.value] = halts;
}

void RoundClock::on_event(const ChunkEvent& event) {
  switch (event.kind) {
    case emu::EventKind::start:
      running_ |= 1U << event.cpu.value;
      break;
    case emu::EventKind::read:
      take_turn(event.cpu);
      break;
    case emu::EventKind::exception:
      if (!is_trap(event.vector)) take_turn(event.cpu);
      break;
    case emu::EventKind::interrupt:
      halted_[event.cpu.value] = false;
      break;
    default:
      break;
  }
}

void RoundClock::take_turn(CpuId cpu) {
  running_ |= 1U << cpu.value;
  // A schedule gives halted processors no turn.
  std::uint32_t able = running_;
  for (std::size_t i = 0; i < halted_.size() && !order_; ++i)
    if (halted_[i] && i != cpu.value) able &= ~(1U << i);
  const std::uint64_t turn = kPartsOfRound / static_cast<unsigned>(std::popcount(able));
  while (order_) {
    const unsigned next = order_->next(running_);
    if (next == cpu.value) break;
    if (halted_[next]) {
      now_ += turn;
    } else {
      order_.reset();
    }
  }
  now_ += turn;
}

}  // namespace fiberscope::core
