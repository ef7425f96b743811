#pragma once
#include <string>

#include "app/caption_panel.h"
#include "app/choice_panel.h"
#include "app/code_panel.h"
#include "app/explore/explore_panel.h"
#include "app/figures/figure_panel.h"
#include "app/fonts.h"
#include "app/item_registry.h"
#include "app/registers_panel.h"
#include "app/stacks_panel.h"
#include "app/threads_panel.h"
#include "app/timeline_panel.h"
#include "app/toolbar_panel.h"
#include "app/view.h"
#include "app/workspace_layout.h"

struct ImFontAtlas;

namespace fiberscope::app {

/// The whole picture: all panels in a given size. The window, pictures without a display and the tests draw through it.
class Workspace {
 public:
  /// Call before ImGui::NewFrame(). Builds the fonts again where scale or language ask for it; true if it did, and the
  /// renderer has to take the atlas anew.
  bool prepare(ImFontAtlas& atlas, const View& view, float width, float height);
  /// Between ImGui::NewFrame() and ImGui::Render(). What the user did is appended to `commands`.
  void draw(const View& view, float width, float height, Commands& commands);

  [[nodiscard]] ItemRegistry& items() { return items_; }
  [[nodiscard]] const Fonts& fonts() const { return fonts_; }

 private:
  void draw_panels(Canvas& canvas, const View& view, const WorkspaceLayout& layout, Commands& commands);

  Fonts fonts_;
  std::string glyphs_;
  ItemRegistry items_;
  ToolbarPanel toolbar_;
  CodePanel code_;
  ChoicePanel choice_;
  StacksPanel stacks_;
  FigurePanel figure_;
  RegistersPanel registers_;
  ThreadsPanel threads_;
  CaptionPanel caption_;
  TimelinePanel timeline_;
  ExplorePanel explore_;
  std::string input_;
};

}  // namespace fiberscope::app
