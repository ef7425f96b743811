#include "core/explore/example.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/builtin_files.h"
#include "core/near_names.h"

namespace fiberscope::core::explore {
namespace {

constexpr std::string_view kFolder = "asm/interleavings/";

}  // namespace

bool is_example(std::string_view target) {
  return target.starts_with(kExamplePrefix);
}

std::vector<std::string> example_names() {
  std::vector<std::string> names;
  for (const std::string_view file : builtin_file_names())
    if (file.starts_with(kFolder)) names.emplace_back(file.substr(kFolder.size()));
  std::sort(names.begin(), names.end());
  return names;
}

emu::Result<ProgramSource> program_source(const std::string& target) {
  if (is_example(target)) {
    const std::string name = target.substr(kExamplePrefix.size());
    if (const auto text = builtin_text(std::string(kFolder) + name))
      return ProgramSource{name, std::string(*text), true};
    const std::vector<std::string> names = example_names();
    const std::string near = did_you_mean(name, names);
    return emu::Error{
        fmt::format("no example '{}'{} there are {}", name, near.empty() ? ";" : near, fmt::join(names, ", "))};
  }
  std::error_code error;
  if (!std::filesystem::is_regular_file(target, error)) return emu::Error{fmt::format("{}: no such file", target)};
  std::ifstream in(target, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) return emu::Error{fmt::format("{}: cannot be read", target)};
  return ProgramSource{std::filesystem::path(target).filename().string(), text, false};
}

}  // namespace fiberscope::core::explore
