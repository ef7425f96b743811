#pragma once
#include <optional>
#include <string>

#include "app/command.h"
#include "app/theme.h"
#include "app/words.h"
#include "core/code_view.h"
#include "core/figure.h"

namespace fiberscope::app {

/// How the window looks and what lies open on top of it. What outlives the window is in Settings.
struct WindowState {
  ThemeKind theme = ThemeKind::dark;
  Language language = Language::en;
  core::Syntax syntax = core::Syntax::intel;
  double user_scale = 1;  ///< on top of the one that follows the window's size
  bool focus = false;
  command::Dialog dialog = command::Dialog::none;
  core::Figure figure = core::Figure::none;
  std::optional<std::size_t> answer;   ///< the question whose answer is shown
  std::optional<std::size_t> context;  ///< the object that was chosen in the figure "contexts"
  bool choosing = false;               ///< digits say who runs next
  std::string copied;                  ///< a text for the clipboard, once
  bool exploring = false;              ///< the exploration is shown instead of the run
  bool submit = false;                 ///< the open dialog is to hand in its text
  std::string notice;                  ///< one line for people, shown until notice_until
  double notice_until = 0;
  bool picture_wanted = false;
  bool quit = false;
};

inline constexpr double kMinimumUserScale = 0.7;
inline constexpr double kMaximumUserScale = 2.0;
inline constexpr float kFocusScale = 1.5f;

/// The scale of a window: everything is laid out for 1600x900 and grows or shrinks with the smaller side.
float window_scale(float width, float height, const WindowState& state);

}  // namespace fiberscope::app
