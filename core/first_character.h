#pragma once
#include <cstddef>
#include <string_view>

namespace fiberscope::core {

/// The first character of a text in UTF-8, whole; a byte that begins none stands for itself. Empty for an empty text.
constexpr std::string_view first_character(std::string_view text) {
  if (text.empty()) return text;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const std::size_t size = byte(0) < 0xc0 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
  if (size > text.size()) return text.substr(0, 1);
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xc0) != 0x80) return text.substr(0, 1);
  return text.substr(0, size);
}

}  // namespace fiberscope::core
