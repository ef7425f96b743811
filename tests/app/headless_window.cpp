#include "tests/app/headless_window.h"

#include <gtest/gtest.h>
#include <imgui.h>

#include "app/imgui_compat.h"

namespace fiberscope::app {

HeadlessWindow::HeadlessWindow(Document& document, float width, float height, const Settings& settings)
    : session(document, settings), width_(width), height_(height) {
  ImGui::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  compat::init_headless_keys();
  compat::mouse_position(-1000, -1000);
  workspace.items().keep_texts = true;
  frame();
  frame();
}

HeadlessWindow::~HeadlessWindow() {
  ImGui::DestroyContext();
}

void HeadlessWindow::frame(double seconds) {
  now_ += seconds;
  session.advance(now_);
  ImGuiIO& io = ImGui::GetIO();
  io.DisplaySize = {width_, height_};
  io.DeltaTime = static_cast<float>(seconds);
  if (workspace.prepare(*io.Fonts, session.view(), width_, height_)) {
    unsigned char* pixels = nullptr;
    int wide = 0;
    int high = 0;
    io.Fonts->GetTexDataAsAlpha8(&pixels, &wide, &high);
  }
  ImGui::NewFrame();
  Commands commands;
  workspace.draw(session.view(), width_, height_, commands);
  ImGui::Render();
  for (const Command& command : commands) session.apply(command);
}

void HeadlessWindow::wait(double seconds) {
  constexpr double kFrame = 1.0 / 60;
  for (double passed = 0; passed < seconds; passed += kFrame) frame(kFrame);
}

Rect HeadlessWindow::item(std::string_view label) {
  const auto rect = workspace.items().find(label);
  EXPECT_TRUE(rect) << "no item " << label;
  return rect.value_or(Rect{});
}

bool HeadlessWindow::click(std::string_view label, float across, float down) {
  const auto rect = workspace.items().find(label);
  if (!rect) return false;
  compat::mouse_position(mix(rect->x0, rect->x1, across), mix(rect->y0, rect->y1, down));
  frame();
  frame();
  compat::mouse_button(0, true);
  frame();
  compat::mouse_button(0, false);
  frame();
  frame();
  return true;
}

bool HeadlessWindow::hover(std::string_view label) {
  const auto rect = workspace.items().find(label);
  if (!rect) return false;
  compat::mouse_position(rect->center().x, rect->center().y);
  frame();
  frame();
  return true;
}

void HeadlessWindow::drag(std::string_view label, float from, float to) {
  const Rect rect = item(label);
  compat::mouse_position(mix(rect.x0, rect.x1, from), rect.center().y);
  frame();
  frame();
  compat::mouse_button(0, true);
  frame();
  compat::mouse_position(mix(rect.x0, rect.x1, to), rect.center().y);
  frame();
  frame();
  compat::mouse_button(0, false);
  frame();
  frame();
}

void HeadlessWindow::wheel(std::string_view label, float notches) {
  hover(label);
  compat::mouse_wheel(notches);
  frame();
  frame();
}

void HeadlessWindow::press(char32_t character, bool control) {
  KeyPress key;
  key.character = character;
  key.control = control;
  if (!ImGui::GetIO().WantTextInput) session.press(key);
  frame();
}

void HeadlessWindow::press(Key key) {
  KeyPress press;
  press.key = key;
  if (!ImGui::GetIO().WantTextInput || key == Key::escape) session.press(press);
  frame();
}

void HeadlessWindow::type(const char* text) {
  ImGui::GetIO().AddInputCharactersUTF8(text);
  frame();
  frame();
}

void HeadlessWindow::enter() {
  KeyPress press;
  press.key = Key::enter;
  session.press(press);
  frame();
  frame();
}

void HeadlessWindow::resize(float width, float height) {
  width_ = width;
  height_ = height;
  frame();
  frame();
}

}  // namespace fiberscope::app
