#include "app/offscreen.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/glcorearb.h>
#include <fmt/format.h>

#include <algorithm>

namespace fiberscope::app {

struct Offscreen::Gl {
  EGLDisplay display = EGL_NO_DISPLAY;
  EGLContext context = EGL_NO_CONTEXT;
  GLuint frame_buffer = 0;
  GLuint render_buffer = 0;
  PFNGLGENFRAMEBUFFERSPROC gen_framebuffers = nullptr;
  PFNGLDELETEFRAMEBUFFERSPROC delete_framebuffers = nullptr;
  PFNGLBINDFRAMEBUFFERPROC bind_framebuffer = nullptr;
  PFNGLGENRENDERBUFFERSPROC gen_renderbuffers = nullptr;
  PFNGLDELETERENDERBUFFERSPROC delete_renderbuffers = nullptr;
  PFNGLBINDRENDERBUFFERPROC bind_renderbuffer = nullptr;
  PFNGLRENDERBUFFERSTORAGEPROC renderbuffer_storage = nullptr;
  PFNGLFRAMEBUFFERRENDERBUFFERPROC framebuffer_renderbuffer = nullptr;
  PFNGLCHECKFRAMEBUFFERSTATUSPROC check_framebuffer_status = nullptr;
  PFNGLREADPIXELSPROC read_pixels = nullptr;
  PFNGLPIXELSTOREIPROC pixel_store = nullptr;
  PFNGLVIEWPORTPROC viewport = nullptr;
  PFNGLCLEARPROC clear = nullptr;
  PFNGLCLEARCOLORPROC clear_color = nullptr;
  PFNGLGETSTRINGPROC get_string = nullptr;

  template <typename Function>
  bool load(Function& function, const char* name) {
    function = reinterpret_cast<Function>(eglGetProcAddress(name));
    return function != nullptr;
  }
  bool load_all() {
    return load(gen_framebuffers, "glGenFramebuffers") && load(delete_framebuffers, "glDeleteFramebuffers") &&
           load(bind_framebuffer, "glBindFramebuffer") && load(gen_renderbuffers, "glGenRenderbuffers") &&
           load(delete_renderbuffers, "glDeleteRenderbuffers") && load(bind_renderbuffer, "glBindRenderbuffer") &&
           load(renderbuffer_storage, "glRenderbufferStorage") &&
           load(framebuffer_renderbuffer, "glFramebufferRenderbuffer") &&
           load(check_framebuffer_status, "glCheckFramebufferStatus") && load(read_pixels, "glReadPixels") &&
           load(pixel_store, "glPixelStorei") && load(viewport, "glViewport") && load(clear, "glClear") &&
           load(clear_color, "glClearColor") && load(get_string, "glGetString");
  }
};

namespace {

emu::Error failure(const char* what) {
  return {fmt::format(
      "cannot draw without a display: {} (EGL error 0x{:x}). The package libegl-mesa0 draws without a graphics card.",
      what, eglGetError())};
}

}  // namespace

Offscreen::Offscreen() : gl_(std::make_unique<Gl>()) {}

emu::Result<std::unique_ptr<Offscreen>> Offscreen::create(int width, int height) {
  std::unique_ptr<Offscreen> screen(new Offscreen);
  const auto opened = screen->open(width, height);
  if (!opened) return opened.error();
  return screen;
}

emu::Result<void> Offscreen::open(int width, int height) {
  width_ = width;
  height_ = height;
  const auto get_display =
      reinterpret_cast<PFNEGLGETPLATFORMDISPLAYEXTPROC>(eglGetProcAddress("eglGetPlatformDisplayEXT"));
  if (get_display == nullptr) return failure("EGL has no eglGetPlatformDisplayEXT");
  gl_->display = get_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr);
  if (gl_->display == EGL_NO_DISPLAY) return failure("no surfaceless platform");
  if (eglInitialize(gl_->display, nullptr, nullptr) == EGL_FALSE) {
    gl_->display = EGL_NO_DISPLAY;
    return failure("eglInitialize failed");
  }
  if (eglBindAPI(EGL_OPENGL_API) == EGL_FALSE) return failure("no desktop OpenGL");
  constexpr EGLint kConfig[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
  EGLConfig config = nullptr;
  EGLint count = 0;
  if (eglChooseConfig(gl_->display, kConfig, &config, 1, &count) == EGL_FALSE || count < 1)
    return failure("no fitting configuration");
  constexpr EGLint kContext[] = {
      EGL_CONTEXT_MAJOR_VERSION,           3,       EGL_CONTEXT_MINOR_VERSION, 3, EGL_CONTEXT_OPENGL_PROFILE_MASK,
      EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT, EGL_NONE};
  gl_->context = eglCreateContext(gl_->display, config, EGL_NO_CONTEXT, kContext);
  if (gl_->context == EGL_NO_CONTEXT) return failure("no OpenGL 3.3 context");
  if (eglMakeCurrent(gl_->display, EGL_NO_SURFACE, EGL_NO_SURFACE, gl_->context) == EGL_FALSE)
    return failure("eglMakeCurrent failed");
  if (!gl_->load_all()) return failure("OpenGL functions missing");

  gl_->gen_framebuffers(1, &gl_->frame_buffer);
  gl_->bind_framebuffer(GL_FRAMEBUFFER, gl_->frame_buffer);
  gl_->gen_renderbuffers(1, &gl_->render_buffer);
  gl_->bind_renderbuffer(GL_RENDERBUFFER, gl_->render_buffer);
  gl_->renderbuffer_storage(GL_RENDERBUFFER, GL_RGBA8, width, height);
  gl_->framebuffer_renderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, gl_->render_buffer);
  if (gl_->check_framebuffer_status(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
    return failure("no frame buffer of that size");
  return {};
}

Offscreen::~Offscreen() {
  if (gl_->frame_buffer != 0) gl_->delete_framebuffers(1, &gl_->frame_buffer);
  if (gl_->render_buffer != 0) gl_->delete_renderbuffers(1, &gl_->render_buffer);
  if (gl_->display == EGL_NO_DISPLAY) return;
  eglMakeCurrent(gl_->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
  if (gl_->context != EGL_NO_CONTEXT) eglDestroyContext(gl_->display, gl_->context);
  eglTerminate(gl_->display);
}

void Offscreen::clear(std::uint32_t colour) {
  const auto part = [colour](int shift) { return static_cast<float>(colour >> shift & 0xffu) / 255.f; };
  gl_->viewport(0, 0, width_, height_);
  gl_->clear_color(part(0), part(8), part(16), 1);
  gl_->clear(GL_COLOR_BUFFER_BIT);
}

Picture Offscreen::read() const {
  Picture picture{width_, height_, {}};
  const auto row = static_cast<std::size_t>(width_) * 4;
  picture.rgba.resize(row * static_cast<std::size_t>(height_));
  gl_->pixel_store(GL_PACK_ALIGNMENT, 1);
  gl_->read_pixels(0, 0, width_, height_, GL_RGBA, GL_UNSIGNED_BYTE, picture.rgba.data());
  for (std::size_t top = 0, bottom = static_cast<std::size_t>(height_) - 1; top < bottom; ++top, --bottom) {
    std::swap_ranges(picture.rgba.begin() + static_cast<std::ptrdiff_t>(top * row),
                     picture.rgba.begin() + static_cast<std::ptrdiff_t>((top + 1) * row),
                     picture.rgba.begin() + static_cast<std::ptrdiff_t>(bottom * row));
  }
  for (std::size_t i = 3; i < picture.rgba.size(); i += 4) picture.rgba[i] = 255;
  return picture;
}

std::string Offscreen::renderer() const {
  const auto* name = gl_->get_string(GL_RENDERER);
  return name == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(name));
}

}  // namespace fiberscope::app
