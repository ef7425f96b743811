#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "emu/result.h"

namespace fiberscope::core::explore {

/// A program of asm/interleavings that Fiberscope carries is named example:NAME, "example:peterson.c", so that no file
/// in the working directory stands in its way.
inline constexpr std::string_view kExamplePrefix = "example:";
bool is_example(std::string_view target);

/// The names behind the prefix, sorted.
std::vector<std::string> example_names();

/// A program's source: of an example, or of the file with that path.
struct ProgramSource {
  std::string name;  ///< the file's, without folders
  std::string text;
  bool is_example = false;
};
/// Fails with a message for people: no such example (with near names), no such file.
emu::Result<ProgramSource> program_source(const std::string& target);

}  // namespace fiberscope::core::explore
