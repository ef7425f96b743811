#pragma once
#include <cstdint>

namespace fiberscope::emu {

/// In which order several processors have their turns, always the same one for a seed. Seed 0: round robin, ascending,
/// one turn each. Any other: each turn takes the next number of SplitMix64 that starts with the seed (Steele, Lea,
/// Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), and the processor of that number modulo how
/// many run, counted ascending among those.
class Interleaving {
 public:
  explicit Interleaving(std::uint64_t seed) : seed_(seed), state_(seed) {}

  /// The processor whose turn comes; `running`: bit i is set where processor i runs, at least one.
  unsigned next(std::uint32_t running);

 private:
  std::uint64_t seed_;
  std::uint64_t state_;
  unsigned last_ = 31;
};

}  // namespace fiberscope::emu
