#include "emu/interleaving.h"

#include <bit>

namespace fiberscope::emu {

unsigned Interleaving::next(std::uint32_t running) {
  if (seed_ == 0) {
    const std::uint32_t behind = running & ~((std::uint32_t{2} << last_) - 1);
    last_ = static_cast<unsigned>(std::countr_zero(behind != 0 ? behind : running));
    return last_;
  }
  std::uint64_t number = state_ += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  number ^= number >> 31;
  for (auto skip = number % static_cast<unsigned>(std::popcount(running)); skip > 0; --skip) running &= running - 1;
  return static_cast<unsigned>(std::countr_zero(running));
}

}  // namespace fiberscope::emu
