#include "app/glfw_window.h"

#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <fmt/format.h>
#include <imgui.h>
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/damage.h"
#include "app/descriptor_watch.h"
#include "app/imgui_compat.h"
#include "app/picture.h"
#include "app/process_clock.h"
#include "app/session.h"
#include "app/window_surface.h"
#include "app/workspace.h"

namespace fiberscope::app {
namespace {

constexpr int kLeastWidth = 640;
constexpr int kLeastHeight = 360;
// After an event ImGui needs a second frame for what it decides a frame late (hovering, focus).
constexpr int kFramesAfterEvent = 3;
constexpr double kLongestWait = 3600;
// Without a graphics card a frame costs milliseconds of processor time: films then take no more than this part of one
// processor, down to a rate that still looks like motion.
constexpr double kFilmShare = 0.12;
constexpr double kSlowestFilmFrame = 1.0 / 30;
constexpr double kCostMemory = 0.8;  // of the running mean over frames

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
  /// The state as one line of JSON.
  [[nodiscard]] std::string report(bool closed) const;
  [[nodiscard]] const Session& session() const { return session_; }

 private:
  static Window& of(GLFWwindow* window) { return *static_cast<Window*>(glfwGetWindowUserPointer(window)); }
  void install_callbacks();
  void on_key(int key, int scancode, int action, int mods);
  void on_character(unsigned codepoint);
  void wake() { frames_due_ = kFramesAfterEvent; }
  void draw_frame();
  /// Draws what differs from the last frame; false if nothing does.
  bool paint(int pixels_wide, int pixels_high);
  void save_picture();
  [[nodiscard]] nlohmann::json state() const;
  void report_change();

  Session session_;
  WindowOptions options_;
  Workspace workspace_;
  GLFWwindow* window_ = nullptr;
  bool started_ = false;
  bool gui_ = false;
  int frames_due_ = kFramesAfterEvent;
  std::uint64_t frames_drawn_ = 0;
  double drawn_at_ = 0;
  double frame_cost_ = 0;   ///< seconds of processor time, a running mean
  double first_frame_ = 0;  ///< seconds from the start of the process
  bool exposed_ = true;     ///< the window system lost what the window showed
  ThemeKind painted_theme_ = ThemeKind::dark;
  WindowSurface surface_;
  Damage damage_;
  nlohmann::json reported_;
};

emu::Result<void> Window::open() {
  glfw_message().clear();
  glfwSetErrorCallback([](int, const char* text) { glfw_message() = text; });
#if defined(GLFW_PLATFORM)
  // 3.4 tries Wayland first, whose library complains on stderr where there is none.
  if (std::getenv("WAYLAND_DISPLAY") == nullptr) glfwInitHint(GLFW_PLATFORM, GLFW_PLATFORM_X11);
#endif
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
  if (!surface_.open(window_)) return no_window("OpenGL 3.3 is not there");
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
  session_.exploration().set_opener(options_.opener);
  session_.exploration().set_path(options_.path);
  if (options_.explore) session_.explore(*options_.explore, options_.runs, options_.lesson);
  if (options_.cursor)
    session_.start_at(*options_.cursor);
  else
    session_.start();
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
  glfwSetWindowRefreshCallback(window_, [](GLFWwindow* w) {
    of(w).exposed_ = true;
    of(w).wake();
  });
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

void Window::save_picture() {
  const Picture picture = surface_.read();
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
  const double start = processor_seconds();
  if (workspace_.prepare(*ImGui::GetIO().Fonts, session_.view(), w, h)) {
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
    damage_.forget();
  }
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  ImGui::NewFrame();
  Commands commands;
  workspace_.draw(session_.view(), w, h, commands);
  ImGui::Render();
  if (paint(pixels_wide, pixels_high)) {
    if (++frames_drawn_ == 1) first_frame_ = process_age();
    frame_cost_ = mix(processor_seconds() - start, frame_cost_, frames_drawn_ == 1 ? 0 : kCostMemory);
  }
  for (const Command& command : commands) session_.apply(command);
  if (const std::string text = session_.take_copied(); !text.empty()) glfwSetClipboardString(window_, text.c_str());
  const bool only_hover = std::all_of(commands.begin(), commands.end(),
                                      [](const Command& c) { return std::holds_alternative<command::SetHover>(c); });
  if (!only_hover) wake();
}

bool Window::paint(int pixels_wide, int pixels_high) {
  ImDrawData& data = *ImGui::GetDrawData();
  const ThemeKind theme = session_.state().theme;
  const bool lost = surface_.resize(pixels_wide, pixels_high);
  if (theme != std::exchange(painted_theme_, theme)) damage_.forget();
  std::vector<Rect> areas = damage_.compare(data);
  const bool wished = session_.take_picture_wish();
  if (areas.empty() && !wished && !exposed_) return false;
  const Rect whole{0, 0, data.DisplaySize.x, data.DisplaySize.y};
  if (lost || exposed_) areas = {whole};
  exposed_ = false;
  const ImVec2 scale = data.FramebufferScale;
  std::vector<Rect> pixels;
  for (const Rect& area : areas) {
    pixels.push_back(
        {area.x0 * scale.x, area.y0 * scale.y, std::ceil(area.x1 * scale.x), std::ceil(area.y1 * scale.y)});
  }
  if (!areas.empty()) {
    surface_.begin(pixels, theme_of(theme).panel);
    if (areas.front() != whole) keep_only(data, areas);
    ImGui_ImplOpenGL3_RenderDrawData(&data);
  }
  if (wished) save_picture();
  surface_.present(pixels);
  return true;
}

void Window::run() {
  std::atomic<bool> stopped = false;
  const DescriptorWatch watch(options_.stop, [&stopped] {
    stopped = true;
    glfwPostEmptyEvent();  // one of the few calls that any thread may make
  });
  while (glfwWindowShouldClose(window_) == GLFW_FALSE && !session_.state().quit && !stopped) {
    const double film_frame = std::min(frame_cost_ / kFilmShare, kSlowestFilmFrame);
    const double wait = session_.player().moving() ? std::max(session_.wait(), drawn_at_ + film_frame - glfwGetTime())
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
    if (compat::input_waits()) frames_due_ = std::max(frames_due_, 1);
    if (options_.report_state) report_change();
  }
}

nlohmann::json Window::state() const {
  constexpr const char* kDialogs[] = {"none", "help", "go to", "find"};
  const auto& timeline = session_.timeline();
  const WindowState& shown = session_.state();
  nlohmann::json on_cpu = nullptr;
  const auto cursor = session_.player().cursor();
  for (const core::Slice& slice : timeline.slices) {
    if (slice.first <= cursor + 1 && cursor <= slice.last) on_cpu = slice.thread.value;
  }
  int width = 0;
  int height = 0;
  glfwGetWindowSize(window_, &width, &height);
  return {
      {"schema", "fiberscope.window/1"},
      {"cursor", cursor.value},
      {"steps", timeline.steps.value},
      {"recording", timeline.recording},
      {"playing", session_.player().playing()},
      {"moving", session_.player().moving()},
      {"speed", session_.player().speed()},
      {"theme", shown.theme == ThemeKind::dark ? "dark" : "light"},
      {"focus", shown.focus},
      {"exploring", shown.exploring},
      {"dialog", kDialogs[static_cast<std::size_t>(shown.dialog)]},
      {"typing", ImGui::GetIO().WantTextInput},
      {"on_cpu", on_cpu},
      {"width", width},
      {"height", height},
  };
}

std::string Window::report(bool closed) const {
  nlohmann::json line = state();
  line["frames"] = frames_drawn_;
  line["first_frame_ms"] = std::round(first_frame_ * 1000);
  line["renderer"] = surface_.renderer();
  line["closed"] = closed;
  return line.dump();
}

void Window::report_change() {
  nlohmann::json now = state();
  if (now == reported_) return;
  reported_ = std::move(now);
  fmt::print("{}\n", report(false));
  std::fflush(stdout);
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
  if (options.report_state) fmt::print("{}\n", window.report(true));
  const Settings after = window.session().settings();
  if (after != before) {
    if (const auto written = write_settings(after, path); !written)
      fmt::print(stderr, "fiberscope: {}\n", written.error().message);
  }
  return 0;
}

}  // namespace fiberscope::app
