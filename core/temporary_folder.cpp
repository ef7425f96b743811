#include "core/temporary_folder.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace fiberscope::core {

emu::Result<TemporaryFolder> TemporaryFolder::make() {
  const char* named = std::getenv("TMPDIR");
  const std::string base = named != nullptr && *named != '\0' ? named : "/tmp";
  TemporaryFolder folder;
  std::string path = base + "/fiberscope-XXXXXX";
  if (mkdtemp(path.data()) == nullptr)
    return emu::Error{fmt::format("no temporary folder in {}: {}; set TMPDIR to a folder that can be written", base,
                                  std::strerror(errno))};
  folder.path_ = std::move(path);
  return folder;
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TemporaryFolder& TemporaryFolder::operator=(TemporaryFolder&& other) noexcept {
  if (this != &other) {
    remove();
    path_ = std::exchange(other.path_, {});
  }
  return *this;
}

TemporaryFolder::~TemporaryFolder() {
  remove();
}

void TemporaryFolder::remove() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace fiberscope::core
