#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace fiberscope::core {

/// The files that are part of the program, by their path in the source tree, or for what was built by "images/NAME":
///   scenarios/switch-to-context.toml     the scenarios
///   images/switch_to_context.elf         the images of the bare machine
///   asm/runtime/switch_to_context.S      the guest's sources, as the images' line tables name them
/// The bytes live as long as the program. Nothing for an unknown name.
std::optional<std::span<const std::uint8_t>> builtin_file(std::string_view name);

/// The same as text.
std::optional<std::string_view> builtin_text(std::string_view name);

/// All names, in the order of the build file.
std::vector<std::string_view> builtin_file_names();

}  // namespace fiberscope::core
