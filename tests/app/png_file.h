#pragma once
#include <filesystem>
#include <optional>

#include "app/picture.h"

namespace fiberscope::app {

/// Nothing where the file is missing or no PNG.
std::optional<Picture> read_png(const std::filesystem::path& path);

}  // namespace fiberscope::app
