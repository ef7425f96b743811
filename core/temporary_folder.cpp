#include "core/temporary_folder.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace fiberscope::core {

emu::Result<std::string> make_temporary_folder() {
  const char* named = std::getenv("TMPDIR");
  const std::string base = named != nullptr && *named != '\0' ? named : "/tmp";
  std::string path = base + "/fiberscope-XXXXXX";
  if (mkdtemp(path.data()) == nullptr)
    return emu::Error{fmt::format("no temporary folder in {}: {}; set TMPDIR to a folder that can be written", base,
                                  std::strerror(errno))};
  return path;
}

}  // namespace fiberscope::core
