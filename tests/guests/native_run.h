#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace fiberscope::tests {

/// What a guest program left behind.
struct NativeRun {
  int exit_code = -1;  ///< 128 + its number where a signal ended it, 124 where it ran for 20 s
  std::string output;
  std::vector<std::uint64_t> report;  ///< its `report` as 64-bit words
};

/// Runs asm/native/NAME of the build. `picks` are the answers of the scheduler port, one a decision; when they are used
/// up, and where there are none, the guest decides itself.
NativeRun run_native(const std::string& name, const std::vector<std::uint32_t>& picks = {});
/// The same for the program at this path.
NativeRun run_program(const std::string& path, const std::vector<std::uint32_t>& picks = {});

}  // namespace fiberscope::tests
