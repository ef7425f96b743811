#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace fiberscope::core {

/// Zstandard frames. decompress throws CorruptData where the frame is damaged or does not hold exactly `size` bytes.
std::vector<std::uint8_t> compress(std::span<const std::uint8_t> bytes, int level = 1);
std::vector<std::uint8_t> decompress(std::span<const std::uint8_t> frame, std::size_t size);

}  // namespace fiberscope::core
