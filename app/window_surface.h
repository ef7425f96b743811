#pragma once
#include <memory>
#include <string>
#include <vector>

#include "app/geometry.h"
#include "app/picture.h"
#include "app/theme.h"

struct GLFWwindow;

namespace fiberscope::app {

/// The way of a frame onto the screen. What a back buffer holds after a swap is undefined, so a frame has to be drawn
/// as a whole; but where the processor draws, and X lets us copy parts of the back buffer instead of swapping
/// (GLX_MESA_copy_sub_buffer), it keeps its pixels, and only what differs is drawn and copied. Mesa takes notice of the
/// window's new size only with a swap, and a copy of rows that its buffer does not have would end the program (an X
/// error): frames are swapped while the window's size changes.
class WindowSurface {
 public:
  WindowSurface();
  ~WindowSurface();
  WindowSurface(const WindowSurface&) = delete;
  WindowSurface& operator=(const WindowSurface&) = delete;

  /// The window's context must be current. False if it lacks what is needed.
  bool open(GLFWwindow* window);
  /// True if what was drawn in earlier frames is still there.
  [[nodiscard]] bool keeps_pixels() const;
  /// In pixels, to be called before begin(). True if the buffer holds nothing of an earlier frame.
  bool resize(int width, int height);
  /// Clears the areas (pixels from the upper left corner, without overlap).
  void begin(const std::vector<Rect>& areas, Colour ground);
  /// What was drawn; to be called before present().
  [[nodiscard]] Picture read() const;
  void present(const std::vector<Rect>& areas);
  /// Who draws: "llvmpipe (LLVM 15.0.6, 256 bits)" where there is no graphics card.
  [[nodiscard]] const std::string& renderer() const { return renderer_; }

 private:
  struct Gl;
  [[nodiscard]] bool has_size_of_window() const;

  std::unique_ptr<Gl> gl_;
  GLFWwindow* window_ = nullptr;
  std::string renderer_;
  int width_ = 0;
  int height_ = 0;
  bool resized_ = true;  ///< since the last frame that was copied
};

}  // namespace fiberscope::app
