#include "tests/app/png_file.h"

#include <stb_image.h>

namespace fiberscope::app {

std::optional<Picture> read_png(const std::filesystem::path& path) {
  Picture picture;
  int channels = 0;
  stbi_uc* pixels = stbi_load(path.c_str(), &picture.width, &picture.height, &channels, 4);
  if (pixels == nullptr) return std::nullopt;
  const auto count = static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height) * 4;
  picture.rgba.assign(pixels, pixels + count);
  stbi_image_free(pixels);
  return picture;
}

}  // namespace fiberscope::app
