#include "app/format.h"

#include <fmt/format.h>

#include <cctype>

namespace fiberscope::app {
namespace {

struct Flag {
  int bit;
  const char* name;
};

// Intel SDM vol. 1, figure 3-8.
constexpr Flag kFlags[] = {{0, "CF"}, {2, "PF"}, {4, "AF"},  {6, "ZF"},  {7, "SF"},
                           {8, "TF"}, {9, "IF"}, {10, "DF"}, {11, "OF"}, {14, "NT"}};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// True if one of the comma-separated operands is a bare register.
bool names_register(std::string_view operands) {
  int depth = 0;
  std::string word;
  const auto is_register = [](std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    if (text.empty() || std::isalpha(static_cast<unsigned char>(text.front())) == 0) return false;
    for (const char c : text) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0) return false;
    }
    return true;
  };
  for (const char c : operands) {
    if (c == '[') ++depth;
    if (c == ']') --depth;
    if (c == ',' && depth == 0) {
      if (is_register(word)) return true;
      word.clear();
    } else {
      word += c;
    }
  }
  return is_register(word);
}

}  // namespace

std::string label(std::string_view what, std::uint64_t id) {
  return fmt::format("{} {}", what, id);
}
std::string label(std::string_view what, emu::Address address) {
  return fmt::format("{} {:016x}", what, address.value);
}

std::string hex(std::uint64_t value) {
  return fmt::format("{:x}", value);
}
std::string hex(std::uint64_t value, int digits) {
  return fmt::format("{:0{}x}", value, digits);
}
std::string hex_address(emu::Address address) {
  return fmt::format("0x{:x}", address.value);
}

int hex_digits(std::uint64_t value) {
  int digits = 1;
  while (value >>= 4) ++digits;
  return digits;
}

std::string short_hex(std::uint64_t value, int digits) {
  std::string text = hex(value);
  const auto room = static_cast<std::size_t>(digits);
  if (text.size() <= room) return text;
  const std::size_t head = (room - 1) / 2;
  return text.substr(0, head) + "…" + text.substr(text.size() - (room - 1 - head));
}

std::string grouped(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ' ';
    text += digits[i];
  }
  return text;
}

std::string flag_letters(std::uint64_t rflags) {
  std::string text;
  for (const Flag& flag : kFlags) {
    if ((rflags >> flag.bit & 1) == 0) continue;
    if (!text.empty()) text += ' ';
    text += flag.name;
  }
  return text;
}

std::string compact_operands(std::string_view operands, core::Syntax syntax) {
  std::string text(operands);
  if (syntax == core::Syntax::att) return text;
  replace_all(text, " ptr ", " ");
  if (names_register(operands)) {
    for (const char* size : {"qword ", "dword ", "word ", "byte "}) replace_all(text, std::string(size) + "[", "[");
  }
  replace_all(text, " + ", "+");
  replace_all(text, " - ", "-");
  replace_all(text, "*1", "");
  return text;
}

std::string speed_number(double steps_per_second) {
  if (steps_per_second < 10) {
    std::string text = fmt::format("{:.1f}", steps_per_second);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text;
  }
  return grouped(static_cast<std::uint64_t>(steps_per_second + 0.5));
}

}  // namespace fiberscope::app
