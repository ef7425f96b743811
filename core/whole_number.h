#pragma once
#include <charconv>
#include <string_view>
#include <system_error>

namespace fiberscope::core {

/// Reads a decimal number that is the whole text, and fits; false, and `number` means nothing, for anything else.
template <class Number>
bool read_whole_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace fiberscope::core
