#pragma once
#include <cstdint>
#include <string>

#include "emu/image.h"

namespace fiberscope::bench {

/// A benchmark's guest.
emu::Image bench_image(const std::string& name);

/// Seconds that the bare engine takes for so many steps of the image with an empty hook on each instruction and each
/// memory write: the least that a recorder built on hooks can cost.
double empty_hooks_seconds(const emu::Image& image, std::uint64_t steps);

}  // namespace fiberscope::bench
