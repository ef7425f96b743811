#include "emu/shown_name.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace fiberscope::emu {
namespace {

/// Where the bracket that opens at `open` is closed; the last letter where it is not.
std::size_t closing(std::string_view name, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < name.size(); ++i) {
    if (name[i] == '<' || name[i] == '(') ++depth;
    if ((name[i] == '>' || name[i] == ')') && --depth == 0) return i;
  }
  return name.size() - 1;
}

}  // namespace

std::string shown_name(std::string_view symbol) {
  if (!symbol.starts_with("_Z")) return std::string(symbol);
  struct Free {
    void operator()(char* text) const { std::free(text); }
  };
  int status = 0;
  const std::unique_ptr<char, Free> name(abi::__cxa_demangle(std::string(symbol).c_str(), nullptr, nullptr, &status));
  return status == 0 && name ? std::string(name.get()) : std::string(symbol);
}

std::string short_name(std::string_view shown) {
  const std::size_t plus = shown.rfind('+');
  const bool has_offset = plus != std::string_view::npos && plus + 1 < shown.size() &&
                          shown.find_first_not_of("0123456789", plus + 1) == std::string_view::npos;
  const std::string_view offset = has_offset ? shown.substr(plus) : std::string_view{};
  const std::string_view name = has_offset ? shown.substr(0, plus) : shown;
  // Only names of C++ have any of it; an operator's own signs would be taken for brackets.
  const bool plain = name.find("::") == std::string_view::npos && name.find_first_of("<(") == std::string_view::npos;
  if (plain || name.find("operator") != std::string_view::npos) return std::string(shown);
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '<' || c == '(') {
      i = closing(name, i);
      // Behind the parameters nothing belongs to the name, but for what is declared inside the function.
      if (c == '(' && !text.empty() && name.substr(i + 1, 2) != "::") break;
      if (c == '<') text += "<…>";
    } else if (c == ' ' || c == ':') {
      text.clear();
    } else {
      text += c;
    }
  }
  return (text.empty() ? std::string(name) : text) + std::string(offset);
}

}  // namespace fiberscope::emu
