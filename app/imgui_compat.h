#pragma once
#include <imgui.h>
#include <imgui_internal.h>

/// The only file that knows which ImGui it is built against: 1.86 (Debian 12) has arrays of keys and a mouse state in
/// ImGuiIO, 1.87 and later take events, in a queue.
namespace fiberscope::app::compat {

inline void init_headless_keys() {
#if IMGUI_VERSION_NUM < 18700
  ImGuiIO& io = ImGui::GetIO();
  for (int key = 0; key < ImGuiKey_COUNT; ++key) io.KeyMap[key] = key;
#endif
}

/// Whether events are left for the next frame: from 1.87 on ImGui hands out what came at once over several.
inline bool input_waits() {
#if IMGUI_VERSION_NUM >= 18700
  return ImGui::GetCurrentContext()->InputEventsQueue.Size > 0;
#else
  return false;
#endif
}

inline bool escape_pressed() {
#if IMGUI_VERSION_NUM >= 18700
  return ImGui::IsKeyPressed(ImGuiKey_Escape);
#else
  const int key = ImGui::GetKeyIndex(ImGuiKey_Escape);
  return key >= 0 && ImGui::IsKeyPressed(key);
#endif
}

inline void key(ImGuiKey key, bool down) {
  ImGuiIO& io = ImGui::GetIO();
#if IMGUI_VERSION_NUM >= 18700
  io.AddKeyEvent(key, down);
#else
  io.KeysDown[key] = down;
#endif
}

#if IMGUI_VERSION_NUM < 18700
inline void key(ImGuiKey_ code, bool down) {
  key(static_cast<ImGuiKey>(code), down);
}
#endif

inline void mouse_position(float x, float y) {
  ImGuiIO& io = ImGui::GetIO();
#if IMGUI_VERSION_NUM >= 18700
  io.AddMousePosEvent(x, y);
#else
  io.MousePos = {x, y};
#endif
}

inline void mouse_button(int button, bool down) {
  ImGuiIO& io = ImGui::GetIO();
#if IMGUI_VERSION_NUM >= 18700
  io.AddMouseButtonEvent(button, down);
#else
  io.MouseDown[button] = down;
#endif
}

inline void mouse_wheel(float y) {
  ImGuiIO& io = ImGui::GetIO();
#if IMGUI_VERSION_NUM >= 18700
  io.AddMouseWheelEvent(0, y);
#else
  io.MouseWheel += y;
#endif
}

}  // namespace fiberscope::app::compat
