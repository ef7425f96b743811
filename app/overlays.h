#pragma once
#include <string>

#include "app/canvas.h"
#include "app/command.h"
#include "app/view.h"

namespace fiberscope::app {

/// What lies on top of the panels: a thread's control block, the help, the two dialogs, a notice. Each is an ImGui
/// window of its own, so that the mouse does not reach what is below.
class Overlays {
 public:
  Overlays(const Theme& theme, const Fonts& fonts, ItemRegistry& items) : theme_(theme), fonts_(fonts), items_(items) {}

  /// `input` is what has been typed into the open dialog; it outlives the frame.
  void draw(const View& view, float width, float height, std::string& input, Commands& commands);

 private:
  void draw_control_block(const View& view, float width, float height, Commands& commands);
  void draw_help(const View& view, float width, float height, Commands& commands);
  void draw_dialog(const View& view, float width, std::string& input, Commands& commands);
  void draw_notice(const View& view, float width, float height);

  const Theme& theme_;
  const Fonts& fonts_;
  ItemRegistry& items_;
};

}  // namespace fiberscope::app
