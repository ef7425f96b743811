#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/chunk.h"
#include "core/step.h"
#include "emu/interleaving.h"

namespace fiberscope::core {

/// The clock of several processors, counted again from what a trace keeps of their turns (docs/machine.md, "Time"). A
/// turn is a step, the first half of an instruction that is not atomic, an instruction that faulted, or what a halted
/// processor lets pass; while n processors run, halted ones included, it is 1/n of a round, so that a round gives each
/// of them one turn on average. Under a schedule halted ones have no turns, and do not count. The time that passes over
/// while all of them wait for an interrupt is not in it: nobody has a turn then.
class RoundClock {
 public:
  /// `seed`: of the order of turns; nothing for a run under a schedule.
  RoundClock(std::size_t processors, std::optional<std::uint64_t> seed);

  /// The next record of the trace, in order. `halts`: the instruction was hlt.
  void on_step(CpuId cpu, bool halts);
  void on_event(const ChunkEvent& event);

  /// Since the start, in parts of a round (kPartsOfRound).
  [[nodiscard]] std::uint64_t now() const { return now_; }
  /// It has executed hlt, and nothing has come since.
  [[nodiscard]] bool is_halted(CpuId cpu) const { return halted_[cpu.value]; }

 private:
  void take_turn(CpuId cpu);

  /// Nothing, too, behind a turn that this order does not explain.
  std::optional<emu::Interleaving> order_;
  std::uint32_t running_ = 1;  ///< a bit for each processor that was started
  std::vector<bool> halted_;
  std::uint64_t now_ = 0;
};

}  // namespace fiberscope::core
