#pragma once
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "emu/image.h"

namespace fiberscope::emu {

/// Path of a guest built by tests/emu/CMakeLists.txt.
inline std::string debug_guest(const std::string& name) {
  return std::string(FIBERSCOPE_DEBUG_GUESTS "/") + name;
}

inline std::vector<std::uint8_t> file_bytes(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream) << path;
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline Image load_debug_guest(const std::string& name) {
  auto image = Image::load(debug_guest(name));
  if (!image) throw std::runtime_error(image.error().message);
  return std::move(image).value();
}

inline Address address_of(const Image& image, const std::string& name) {
  const auto symbol = image.symbol(name);
  EXPECT_TRUE(symbol.has_value()) << name;
  return symbol ? symbol->address : Address{};
}

/// The number of the only line of a guest's source that contains the text, and begins with `beginning`.
inline int line_with(const std::string& file, const std::string& text, const std::string& beginning = "") {
  std::ifstream stream(FIBERSCOPE_GUEST_SOURCES "/" + file);
  std::string line;
  int found = 0;
  for (int number = 1; std::getline(stream, line); ++number) {
    if (line.find(text) == std::string::npos || !line.starts_with(beginning)) continue;
    EXPECT_EQ(found, 0) << text << " is there twice";
    found = number;
  }
  EXPECT_NE(found, 0) << text;
  return found;
}

}  // namespace fiberscope::emu
