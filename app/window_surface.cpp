#include "app/window_surface.h"

#define GLFW_INCLUDE_GLCOREARB
#include <GLFW/glfw3.h>

#include <algorithm>
#include <type_traits>

namespace fiberscope::app {
namespace {

constexpr const char* kPartialCopy = "GLX_MESA_copy_sub_buffer";
// GLX by hand: its headers, and GLFW's native ones, want the development files of X.
using CurrentDisplay = void* (*)();
using CurrentDrawable = unsigned long (*)();
using CopySubBuffer = void (*)(void* display, unsigned long drawable, int x, int y, int width, int height);

bool draws_on_processor(const std::string& renderer) {
  const auto names = {"llvmpipe", "softpipe", "Software Rasterizer"};
  return std::any_of(names.begin(), names.end(),
                     [&](const char* name) { return renderer.find(name) != std::string::npos; });
}

}  // namespace

struct WindowSurface::Gl {
  PFNGLREADPIXELSPROC read_pixels = nullptr;
  PFNGLPIXELSTOREIPROC pixel_store = nullptr;
  PFNGLVIEWPORTPROC viewport = nullptr;
  PFNGLSCISSORPROC scissor = nullptr;
  PFNGLENABLEPROC enable = nullptr;
  PFNGLDISABLEPROC disable = nullptr;
  PFNGLCLEARPROC clear = nullptr;
  PFNGLCLEARCOLORPROC clear_color = nullptr;
  PFNGLGETSTRINGPROC get_string = nullptr;
  CopySubBuffer copy_sub_buffer = nullptr;  ///< null: frames are swapped
  void* display = nullptr;
  unsigned long drawable = 0;
};

WindowSurface::WindowSurface() : gl_(std::make_unique<Gl>()) {}
WindowSurface::~WindowSurface() = default;

bool WindowSurface::open(GLFWwindow* window) {
  const auto load = [](auto& function, const char* name) {
    function = reinterpret_cast<std::decay_t<decltype(function)>>(glfwGetProcAddress(name));
    return function != nullptr;
  };
  Gl& gl = *gl_;
  if (!load(gl.read_pixels, "glReadPixels") || !load(gl.pixel_store, "glPixelStorei") ||
      !load(gl.viewport, "glViewport") || !load(gl.scissor, "glScissor") || !load(gl.enable, "glEnable") ||
      !load(gl.disable, "glDisable") || !load(gl.clear, "glClear") || !load(gl.clear_color, "glClearColor") ||
      !load(gl.get_string, "glGetString")) {
    return false;
  }
  window_ = window;
  const auto* name = gl.get_string(GL_RENDERER);
  if (name != nullptr) renderer_ = reinterpret_cast<const char*>(name);
  if (!draws_on_processor(renderer_) || glfwExtensionSupported(kPartialCopy) == GLFW_FALSE) return true;
  CurrentDisplay current_display = nullptr;
  CurrentDrawable current_drawable = nullptr;
  if (!load(current_display, "glXGetCurrentDisplay") || !load(current_drawable, "glXGetCurrentDrawable")) return true;
  gl.display = current_display();
  gl.drawable = current_drawable();
  if (gl.display != nullptr && gl.drawable != 0) load(gl.copy_sub_buffer, "glXCopySubBufferMESA");
  return true;
}

bool WindowSurface::keeps_pixels() const {
  return gl_->copy_sub_buffer != nullptr;
}

bool WindowSurface::resize(int width, int height) {
  const bool same = width == width_ && height == height_;
  width_ = width;
  height_ = height;
  if (keeps_pixels() && !same) {
    resized_ = true;
    glfwSwapBuffers(window_);  // what is drawn next goes into a buffer of the new size
  }
  return resized_ || !keeps_pixels();
}

bool WindowSurface::has_size_of_window() const {
  int width = 0;
  int height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  return width == width_ && height == height_;
}

void WindowSurface::begin(const std::vector<Rect>& areas, Colour ground) {
  const auto part = [ground](int shift) { return static_cast<float>(ground >> shift & 0xffu) / 255.f; };
  gl_->viewport(0, 0, width_, height_);
  gl_->clear_color(part(0), part(8), part(16), 1);
  gl_->enable(GL_SCISSOR_TEST);
  for (const Rect& area : areas) {
    gl_->scissor(static_cast<int>(area.x0), height_ - static_cast<int>(area.y1), static_cast<int>(area.width()),
                 static_cast<int>(area.height()));
    gl_->clear(GL_COLOR_BUFFER_BIT);
  }
  gl_->disable(GL_SCISSOR_TEST);
}

Picture WindowSurface::read() const {
  Picture picture{width_, height_, {}};
  const auto row = static_cast<std::ptrdiff_t>(width_) * 4;
  picture.rgba.resize(static_cast<std::size_t>(row * height_));
  gl_->pixel_store(GL_PACK_ALIGNMENT, 1);
  gl_->read_pixels(0, 0, width_, height_, GL_RGBA, GL_UNSIGNED_BYTE, picture.rgba.data());
  for (std::ptrdiff_t top = 0, bottom = height_ - 1; top < bottom; ++top, --bottom) {
    std::swap_ranges(picture.rgba.begin() + top * row, picture.rgba.begin() + (top + 1) * row,
                     picture.rgba.begin() + bottom * row);
  }
  for (std::size_t i = 3; i < picture.rgba.size(); i += 4) picture.rgba[i] = 255;
  return picture;
}

void WindowSurface::present(const std::vector<Rect>& areas) {
  // The buffer has the size that the window had at some moment of this frame: if that was one all the time, it is the
  // buffer's. Later frames that are copied do not change it.
  if (!keeps_pixels() || (resized_ && !has_size_of_window())) {
    glfwSwapBuffers(window_);
    return;
  }
  resized_ = false;
  for (const Rect& area : areas) {
    gl_->copy_sub_buffer(gl_->display, gl_->drawable, static_cast<int>(area.x0), height_ - static_cast<int>(area.y1),
                         static_cast<int>(area.width()), static_cast<int>(area.height()));
  }
}

}  // namespace fiberscope::app
