#include "core/builtin_files.h"

#include <cstddef>

namespace {

/// One entry of the table in the generated builtin_files.S (core/embed.cmake).
struct EmbeddedFile {
  const char* name;
  const std::uint8_t* begin;
  const std::uint8_t* end;
};

}  // namespace

extern "C" {
extern const EmbeddedFile fiberscope_embedded_files[];
extern const std::uint64_t fiberscope_embedded_file_count;
}

namespace fiberscope::core {
namespace {

std::span<const EmbeddedFile> embedded_files() {
  return {fiberscope_embedded_files, static_cast<std::size_t>(fiberscope_embedded_file_count)};
}

}  // namespace

std::optional<std::span<const std::uint8_t>> builtin_file(std::string_view name) {
  for (const EmbeddedFile& file : embedded_files()) {
    if (name == file.name) return std::span<const std::uint8_t>(file.begin, file.end);
  }
  return std::nullopt;
}

std::optional<std::string_view> builtin_text(std::string_view name) {
  const auto bytes = builtin_file(name);
  if (!bytes) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

std::vector<std::string_view> builtin_file_names() {
  std::vector<std::string_view> names;
  for (const EmbeddedFile& file : embedded_files()) names.emplace_back(file.name);
  return names;
}

}  // namespace fiberscope::core
