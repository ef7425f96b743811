#pragma once
#include <string_view>

#include "app/session.h"
#include "app/workspace.h"
#include "tests/app/fake_document.h"

namespace fiberscope::app {

/// The whole window without a window: the real session and panels in an ImGui context that nothing renders. Clicks go
/// to the rectangles that the panels wrote into the registry, one event a frame.
class HeadlessWindow {
 public:
  explicit HeadlessWindow(Document& document, float width = 1600, float height = 900, const Settings& settings = {});
  ~HeadlessWindow();
  HeadlessWindow(const HeadlessWindow&) = delete;
  HeadlessWindow& operator=(const HeadlessWindow&) = delete;

  void frame(double seconds = 1.0 / 60);
  void wait(double seconds);
  /// False if there is no such item on screen.
  bool click(std::string_view label, float across = 0.5f, float down = 0.5f);
  bool hover(std::string_view label);
  void drag(std::string_view label, float from, float to);
  void wheel(std::string_view label, float notches);
  void press(char32_t character, bool control = false);
  void press(Key key);
  void type(const char* text);
  void enter();
  void resize(float width, float height);

  [[nodiscard]] std::uint64_t cursor() const { return session.player().cursor().value; }
  [[nodiscard]] Rect item(std::string_view label);
  [[nodiscard]] bool has(std::string_view label) { return workspace.items().find(label).has_value(); }
  [[nodiscard]] Rect window() const { return {0, 0, width_, height_}; }

  Session session;
  Workspace workspace;

 private:
  float width_;
  float height_;
  double now_ = 0;
};

}  // namespace fiberscope::app
