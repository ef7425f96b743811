#include "app/glfw_window.h"

#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <fmt/format.h>
#include <imgui.h>
#define GLFW_INCLUDE_GLCOREARB
#include <GLFW/glfw3.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/picture.h"
#include "app/session.h"
#include "app/workspace.h"

namespace fiberscope::app {
namespace {

constexpr int kLeastWidth = 640;
constexpr int kLeastHeight = 360;
// After an event ImGui needs a second frame for what it decides a frame late (hovering, focus).
constexpr int kFramesAfterEvent = 3;
constexpr double kLongestWait = 3600;
// Without a graphics card a frame costs some 15 ms of processor time: films then run at half the rate.
constexpr double kCostlyFrame = 0.008;
constexpr double kSlowFilmFrame = 1.0 / 30;

std::string& glfw_message() {
  static std::string message;  // GLFW's error callback has no user pointer
  return message;
}

emu::Error no_window(const std::string& why) {
  return {fmt::format(
      "cannot open a window: {}. Without a display use `fiberscope screenshot TARGET --step N -o F.png` for a "
      "picture or `fiberscope show TARGET --step N` for text.",
      why.empty() ? "no display" : why)};
}

std::optional<Key> special_key(int key) {
  switch (key) {
    case GLFW_KEY_SPACE:
      return Key::space;
    case GLFW_KEY_LEFT:
      return Key::left;
    case GLFW_KEY_RIGHT:
      return Key::right;
    case GLFW_KEY_HOME:
      return Key::home;
    case GLFW_KEY_END:
      return Key::end;
    case GLFW_KEY_ESCAPE:
      return Key::escape;
    case GLFW_KEY_ENTER:
    case GLFW_KEY_KP_ENTER:
      return Key::enter;
    case GLFW_KEY_F1:
      return Key::f1;
    default:
      return std::nullopt;
  }
}

/// The letter that the keyboard's layout has on the key; the characters of a chord do not come through the char
/// callback.
char32_t letter_of(int key, int scancode) {
  if (key == GLFW_KEY_KP_ADD) return U'+';
  if (key == GLFW_KEY_KP_SUBTRACT) return U'-';
  const char* name = glfwGetKeyName(key, scancode);
  if (name == nullptr || name[0] == '\0' || name[1] != '\0') return 0;
  const char c = name[0];
  return static_cast<char32_t>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

class Window {
 public:
  Window(Document& document, const WindowOptions& options, const Settings& settings)
      : session_(document, settings), options_(options) {}
  ~Window() {
    if (gui_) {
      ImGui_ImplOpenGL3_Shutdown();
      ImGui_ImplGlfw_Shutdown();
    }
    if (ImGui::GetCurrentContext() != nullptr) ImGui::DestroyContext();
    if (window_ != nullptr) glfwDestroyWindow(window_);
    if (started_) glfwTerminate();
  }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  emu::Result<void> open();
  void run();
  [[nodiscard]] std::string report() const;
  [[nodiscard]] const Session& session() const { return session_; }

 private:
  static Window& of(GLFWwindow* window) { return *static_cast<Window*>(glfwGetWindowUserPointer(window)); }
  void install_callbacks();
  void on_key(int key, int scancode, int action, int mods);
  void on_character(unsigned codepoint);
  void wake() { frames_due_ = kFramesAfterEvent; }
  void draw_frame();
  void save_picture(int width, int height);

  Session session_;
  WindowOptions options_;
  Workspace workspace_;
  GLFWwindow* window_ = nullptr;
  bool started_ = false;
  bool gui_ = false;
  int frames_due_ = kFramesAfterEvent;
  std::uint64_t frames_drawn_ = 0;
  double drawn_at_ = 0;
  double frame_cost_ = 0;  ///< seconds of the last one
  PFNGLVIEWPORTPROC viewport_ = nullptr;
  PFNGLCLEARPROC clear_ = nullptr;
  PFNGLCLEARCOLORPROC clear_color_ = nullptr;
  PFNGLREADPIXELSPROC read_pixels_ = nullptr;
  PFNGLPIXELSTOREIPROC pixel_store_ = nullptr;
};

emu::Result<void> Window::open() {
  glfw_message().clear();
  glfwSetErrorCallback([](int, const char* text) { glfw_message() = text; });
  if (glfwInit() == GLFW_FALSE) return no_window(glfw_message());
  started_ = true;
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
  const std::string title = session_.title() + " – Fiberscope";
  window_ = glfwCreateWindow(options_.width, options_.height, title.c_str(), nullptr, nullptr);
  if (window_ == nullptr) return no_window(glfw_message());
  glfwSetWindowSizeLimits(window_, kLeastWidth, kLeastHeight, GLFW_DONT_CARE, GLFW_DONT_CARE);
  glfwMakeContextCurrent(window_);
  glfwSwapInterval(1);
  viewport_ = reinterpret_cast<PFNGLVIEWPORTPROC>(glfwGetProcAddress("glViewport"));
  clear_ = reinterpret_cast<PFNGLCLEARPROC>(glfwGetProcAddress("glClear"));
  clear_color_ = reinterpret_cast<PFNGLCLEARCOLORPROC>(glfwGetProcAddress("glClearColor"));
  read_pixels_ = reinterpret_cast<PFNGLREADPIXELSPROC>(glfwGetProcAddress("glReadPixels"));
  pixel_store_ = reinterpret_cast<PFNGLPIXELSTOREIPROC>(glfwGetProcAddress("glPixelStorei"));
  if (viewport_ == nullptr || clear_ == nullptr || clear_color_ == nullptr || read_pixels_ == nullptr ||
      pixel_store_ == nullptr) {
    return no_window("OpenGL 3.3 is not there");
  }
  install_callbacks();
  ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;
  // Its callbacks chain ours, which therefore come first.
  if (!ImGui_ImplGlfw_InitForOpenGL(window_, true)) return no_window("ImGui's window backend did not start");
  if (!ImGui_ImplOpenGL3_Init("#version 330 core")) {
    ImGui_ImplGlfw_Shutdown();
    return no_window("ImGui's OpenGL renderer did not start");
  }
  gui_ = true;
  session_.set_language(options_.language);
  session_.freeze(options_.cursor, 1);
  if (options_.play) session_.apply(command::TogglePlay{});
  return {};
}

void Window::install_callbacks() {
  glfwSetWindowUserPointer(window_, this);
  glfwSetKeyCallback(window_, [](GLFWwindow* w, int key, int scancode, int action, int mods) {
    of(w).on_key(key, scancode, action, mods);
  });
  glfwSetCharCallback(window_, [](GLFWwindow* w, unsigned codepoint) { of(w).on_character(codepoint); });
  glfwSetCursorPosCallback(window_, [](GLFWwindow* w, double, double) { of(w).wake(); });
  glfwSetMouseButtonCallback(window_, [](GLFWwindow* w, int, int, int) { of(w).wake(); });
  glfwSetScrollCallback(window_, [](GLFWwindow* w, double, double) { of(w).wake(); });
  glfwSetWindowRefreshCallback(window_, [](GLFWwindow* w) { of(w).wake(); });
  glfwSetFramebufferSizeCallback(window_, [](GLFWwindow* w, int, int) { of(w).wake(); });
  glfwSetCursorEnterCallback(window_, [](GLFWwindow* w, int) { of(w).wake(); });
}

void Window::on_key(int key, int scancode, int action, int mods) {
  wake();
  if (action == GLFW_RELEASE) return;
  KeyPress press;
  press.control = (mods & GLFW_MOD_CONTROL) != 0;
  press.shift = (mods & GLFW_MOD_SHIFT) != 0;
  const auto special = special_key(key);
  const bool typing = ImGui::GetIO().WantTextInput;
  if (special) {
    if (typing && *special != Key::escape && *special != Key::enter) return;
    press.key = *special;
  } else {
    // Plain characters come through on_character, as the keyboard's layout means them.
    if (!press.control || typing) return;
    press.character = letter_of(key, scancode);
  }
  session_.press(press);
}

void Window::on_character(unsigned codepoint) {
  wake();
  if (ImGui::GetIO().WantTextInput || codepoint == U' ') return;
  KeyPress press;
  press.character = codepoint >= U'A' && codepoint <= U'Z' ? codepoint - U'A' + U'a' : codepoint;
  session_.press(press);
}

void Window::save_picture(int width, int height) {
  Picture picture{width, height,
                  std::vector<std::uint8_t>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 4)};
  pixel_store_(GL_PACK_ALIGNMENT, 1);
  read_pixels_(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, picture.rgba.data());
  const auto row = static_cast<std::ptrdiff_t>(width) * 4;
  for (std::ptrdiff_t top = 0, bottom = height - 1; top < bottom; ++top, --bottom) {
    std::swap_ranges(picture.rgba.begin() + top * row, picture.rgba.begin() + (top + 1) * row,
                     picture.rgba.begin() + bottom * row);
  }
  for (std::size_t i = 3; i < picture.rgba.size(); i += 4) picture.rgba[i] = 255;
  const Words words(session_.state().language);
  const std::string name = fmt::format("fiberscope-step-{}.png", session_.player().cursor().value);
  std::error_code error;
  const auto path = std::filesystem::absolute(name, error);
  const auto written = write_png(picture, error ? std::filesystem::path(name) : path);
  session_.say(written ? words(Word::picture_saved_n, path.string())
                       : words(Word::picture_failed_n, written.error().message));
  wake();
}

void Window::draw_frame() {
  int width = 0;
  int height = 0;
  int pixels_wide = 0;
  int pixels_high = 0;
  glfwGetWindowSize(window_, &width, &height);
  glfwGetFramebufferSize(window_, &pixels_wide, &pixels_high);
  if (width <= 0 || height <= 0 || pixels_wide <= 0) return;
  const auto w = static_cast<float>(width);
  const auto h = static_cast<float>(height);
  if (workspace_.prepare(*ImGui::GetIO().Fonts, session_.view(), w, h)) {
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
  }
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  ImGui::NewFrame();
  Commands commands;
  workspace_.draw(session_.view(), w, h, commands);
  ImGui::Render();
  const ImVec4 back = ImGui::ColorConvertU32ToFloat4(theme_of(session_.state().theme).panel);
  viewport_(0, 0, pixels_wide, pixels_high);
  clear_color_(back.x, back.y, back.z, 1);
  clear_(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  if (session_.take_picture_wish()) save_picture(pixels_wide, pixels_high);
  glfwSwapBuffers(window_);
  ++frames_drawn_;
  for (const Command& command : commands) session_.apply(command);
  const bool only_hover = std::all_of(commands.begin(), commands.end(),
                                      [](const Command& c) { return std::holds_alternative<command::SetHover>(c); });
  if (!only_hover) wake();
}

void Window::run() {
  while (glfwWindowShouldClose(window_) == GLFW_FALSE && !session_.state().quit) {
    const double wait = frame_cost_ > kCostlyFrame
                            ? std::max(session_.wait(), drawn_at_ + kSlowFilmFrame - glfwGetTime())
                            : session_.wait();
    if (frames_due_ > 0 || wait <= 0) {
      glfwPollEvents();
    } else if (std::isfinite(wait)) {
      glfwWaitEventsTimeout(std::clamp(wait, 0.001, kLongestWait));
    } else {
      glfwWaitEvents();
    }
    if (session_.advance(glfwGetTime())) frames_due_ = std::max(frames_due_, 1);
    if (frames_due_ == 0) continue;
    --frames_due_;
    drawn_at_ = glfwGetTime();
    draw_frame();
    frame_cost_ = glfwGetTime() - drawn_at_;
  }
}

std::string Window::report() const {
  const auto& timeline = session_.timeline();
  nlohmann::json on_cpu = nullptr;
  const auto cursor = session_.player().cursor();
  for (const core::Slice& slice : timeline.slices) {
    if (slice.first <= cursor + 1 && cursor <= slice.last) on_cpu = slice.thread.value;
  }
  const nlohmann::json state = {
      {"schema", "fiberscope.window/1"},
      {"cursor", cursor.value},
      {"steps", timeline.steps.value},
      {"playing", session_.player().playing()},
      {"speed", session_.player().speed()},
      {"theme", session_.state().theme == ThemeKind::dark ? "dark" : "light"},
      {"focus", session_.state().focus},
      {"on_cpu", on_cpu},
      {"frames", frames_drawn_},
  };
  return state.dump();
}

}  // namespace

emu::Result<int> run_window(Document& document, const WindowOptions& options) {
  const auto path = settings_path();
  Settings settings = read_settings(path);
  const Settings before = settings;
  if (options.theme) settings.theme = *options.theme;
  if (options.syntax) settings.syntax = *options.syntax;
  Window window(document, options, settings);
  const auto opened = window.open();
  if (!opened) return opened.error();
  window.run();
  if (options.report_state_on_exit) fmt::print("{}\n", window.report());
  const Settings after = window.session().settings();
  if (after != before) {
    if (const auto written = write_settings(after, path); !written)
      fmt::print(stderr, "fiberscope: {}\n", written.error().message);
  }
  return 0;
}

}  // namespace fiberscope::app
