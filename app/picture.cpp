#include "app/picture.h"

#include <backends/imgui_impl_opengl3.h>
#include <fmt/format.h>
#include <imgui.h>
#include <stb_image_write.h>

#include <fstream>
#include <system_error>

#include "app/offscreen.h"
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

}  // namespace

emu::Result<Picture> render_picture(Document& document, const PictureOptions& options) {
  const auto fits = [](int side) { return side >= kSmallestPicture && side <= kLargestPicture; };
  if (!fits(options.width) || !fits(options.height)) {
    return emu::Error{fmt::format("a picture of {}x{} is not possible: each side must be {} to {} pixels",
                                  options.width, options.height, kSmallestPicture, kLargestPicture)};
  }
  auto screen = Offscreen::create(options.width, options.height);
  if (!screen) return screen.error();
  Offscreen& target = **screen;

  Settings settings;
  settings.theme = options.theme;
  settings.syntax = options.syntax;
  Session session(document, settings);
  session.set_language(options.language);
  session.freeze(options.cursor, options.phase);
  session.apply(command::ShowFigure{options.figure});
  if (options.focus) session.apply(command::ToggleFocus{});

  const auto width = static_cast<float>(options.width);
  const auto height = static_cast<float>(options.height);
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
  target.clear(theme_of(options.theme).panel);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  return target.read();
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
