#include "app/picture.h"

#include <backends/imgui_impl_opengl3.h>
#include <fmt/format.h>
#include <imgui.h>
#include <stb_image_write.h>

#include <chrono>
#include <fstream>
#include <system_error>
#include <thread>

#include "app/offscreen.h"
#include "app/open_document.h"
#include "app/session.h"
#include "app/workspace.h"

namespace fiberscope::app {
namespace {

/// ImGui with its OpenGL renderer, as long as this object lives.
class ImGuiScope {
 public:
  ImGuiScope() {
    ImGui::CreateContext();
    ImGui::GetIO().IniFilename = nullptr;
  }
  ~ImGuiScope() {
    if (renderer_) ImGui_ImplOpenGL3_Shutdown();
    ImGui::DestroyContext();
  }
  ImGuiScope(const ImGuiScope&) = delete;
  ImGuiScope& operator=(const ImGuiScope&) = delete;

  bool start_renderer() { return renderer_ = ImGui_ImplOpenGL3_Init("#version 330 core"); }

 private:
  bool renderer_ = false;
};

void append(void* context, void* data, int size) {
  auto& bytes = *static_cast<std::vector<char>*>(context);
  const char* first = static_cast<const char*>(data);
  bytes.insert(bytes.end(), first, first + size);
}

/// One frame of the session, drawn without a window.
emu::Result<Picture> draw_frame(Session& session, int wide, int high) {
  auto screen = Offscreen::create(wide, high);
  if (!screen) return screen.error();
  const auto width = static_cast<float>(wide);
  const auto height = static_cast<float>(high);
  ImGuiScope gui;
  Workspace workspace;
  ImGuiIO& io = ImGui::GetIO();
  io.DisplaySize = {width, height};
  workspace.prepare(*io.Fonts, session.view(), width, height);
  if (!gui.start_renderer()) return emu::Error{"cannot draw without a display: ImGui's OpenGL renderer did not start"};
  ImGui_ImplOpenGL3_NewFrame();
  ImGui::NewFrame();
  Commands commands;
  workspace.draw(session.view(), width, height, commands);
  ImGui::Render();
  (*screen)->clear(theme_of(session.state().theme).panel);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  return (*screen)->read();
}

emu::Result<void> check_size(int width, int height) {
  const auto fits = [](int side) { return side >= kSmallestPicture && side <= kLargestPicture; };
  if (fits(width) && fits(height)) return {};
  return emu::Error{fmt::format("a picture of {}x{} is not possible: each side must be {} to {} pixels", width, height,
                                kSmallestPicture, kLargestPicture)};
}

}  // namespace

emu::Result<Picture> render_picture(Document& document, const PictureOptions& options) {
  if (const auto fits = check_size(options.width, options.height); !fits) return fits.error();
  Settings settings;
  settings.theme = options.theme;
  settings.syntax = options.syntax;
  Session session(document, settings);
  session.set_language(options.language);
  session.freeze(options.cursor, options.phase);
  session.apply(command::ShowFigure{options.figure});
  if (options.focus) session.apply(command::ToggleFocus{});
  return draw_frame(session, options.width, options.height);
}

emu::Result<Picture> render_exploration(const ExplorePictureOptions& options) {
  if (const auto fits = check_size(options.width, options.height); !fits) return fits.error();
  NoDocument document;
  Settings settings;
  settings.theme = options.theme;
  Session session(document, settings);
  session.set_language(options.language);
  session.exploration().set_path(options.schedule);
  session.explore(options.question, false, options.lesson);
  const ExploreState& state = session.exploration().state();
  const auto begin = std::chrono::steady_clock::now();
  const auto seconds = [begin] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  while (state.running) {
    std::this_thread::sleep_for(std::chrono::duration<double>(std::min(session.wait(), 0.01)));
    session.advance(seconds());
  }
  if (!state.error.empty()) return emu::Error{state.error};
  session.apply(command::Explore{exploring::Show{options.view}});
  return draw_frame(session, options.width, options.height);
}

emu::Result<void> write_png(const Picture& picture, const std::filesystem::path& path) {
  std::vector<char> bytes;
  if (stbi_write_png_to_func(append, &bytes, picture.width, picture.height, 4, picture.rgba.data(),
                             picture.width * 4) == 0) {
    return emu::Error{fmt::format("{}: the picture could not be encoded", path.string())};
  }
  std::filesystem::path draft = path;
  draft += ".part";
  {
    std::ofstream out(draft, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) {
      std::error_code ignored;
      std::filesystem::remove(draft, ignored);
      return emu::Error{fmt::format("{}: cannot write the picture there", path.string())};
    }
  }
  std::error_code error;
  std::filesystem::rename(draft, path, error);
  if (error) return emu::Error{fmt::format("{}: {}", path.string(), error.message())};
  return {};
}

}  // namespace fiberscope::app
