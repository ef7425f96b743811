#pragma once
#include <memory>

#include "app/picture.h"
#include "emu/result.h"

namespace fiberscope::app {

/// An OpenGL 3.3 context without a display (EGL on Mesa's surfaceless platform) with a frame buffer of its own, current
/// on the thread that made it until it is destroyed.
class Offscreen {
 public:
  static emu::Result<std::unique_ptr<Offscreen>> create(int width, int height);
  ~Offscreen();
  Offscreen(const Offscreen&) = delete;
  Offscreen& operator=(const Offscreen&) = delete;

  /// Fills the frame buffer with one colour (0xAABBGGRR).
  void clear(std::uint32_t colour);
  [[nodiscard]] Picture read() const;
  /// Who draws, as OpenGL names it.
  [[nodiscard]] std::string renderer() const;

 private:
  struct Gl;
  Offscreen();
  emu::Result<void> open(int width, int height);

  std::unique_ptr<Gl> gl_;
  int width_ = 0;
  int height_ = 0;
};

}  // namespace fiberscope::app
