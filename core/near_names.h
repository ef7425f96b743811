#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace fiberscope::core {

/// How many insertions, deletions, replacements and swaps of neighbours make one text into the other (optimal string
/// alignment distance). Costs the product of the lengths.
std::size_t edit_distance(std::string_view left, std::string_view right);

/// The candidate that was probably meant: the nearest one, the first of equals, at most a third of the longer text
/// away. Empty where none is near.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

/// "; did you mean 'NAME'?", or nothing where no candidate is near: the tail of an error message.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace fiberscope::core
