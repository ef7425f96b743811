#pragma once
#include <cstdint>

namespace fiberscope::core::format {

/// Codes of the flow stream (docs/trace-format.md).
inline constexpr std::uint64_t kPredictedStep = 0;  ///< the instruction that followed this one last time in this chunk
inline constexpr std::uint64_t kEvent = 1;
inline constexpr std::uint64_t kExplicitStep = 2;  ///< its instruction's number follows; its writes are spelled out
/// The number of the processor that goes on follows (at first the chunk's own), and where the one before it stands.
inline constexpr std::uint64_t kCpu = 3;
inline constexpr std::uint64_t kSpace = 4;      ///< the number of the address space that it uses from here on follows
inline constexpr std::uint64_t kFirstStep = 8;  ///< n: instruction n - 8; 5 … 7 are kept free

/// value - forecast as a signed number of `size` bytes: small where the two are near, in either direction.
inline std::int64_t signed_difference(std::uint64_t value, std::uint64_t forecast, std::size_t size) {
  const unsigned unused = 64 - 8 * static_cast<unsigned>(size);
  return static_cast<std::int64_t>((value - forecast) << unused) >> unused;
}

}  // namespace fiberscope::core::format
