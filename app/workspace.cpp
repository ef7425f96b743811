#include "app/workspace.h"

#include <imgui.h>

#include <algorithm>

#include "app/film_painter.h"
#include "app/overlays.h"

namespace fiberscope::app {
namespace {

/// Of the height, while an order is chosen.
constexpr float kCodePart = 0.42f;

/// All that is not ASCII among what may be shown: glyphs are made for it.
std::string glyphs_of(const View& view) {
  std::string text = view.words().all();
  text += view.title;
  text += view.ending;
  for (const core::Thread& thread : view.timeline->threads) text += thread.name;
  text += view.state->notice;
  const std::string_view language = to_string(view.state->language);
  const auto add_questions = [&](const core::Scenario& scenario) {
    for (const core::Question& question : scenario.questions)
      text += question.ask.in(language) + question.answer.in(language);
  };
  if (view.scenario != nullptr) add_questions(*view.scenario);
  if (view.explore != nullptr) {
    if (view.explore->lesson) {
      const core::Scenario& lesson = view.explore->lesson->scenario;
      text += lesson.title.in(language) + (lesson.summary ? lesson.summary->in(language) : std::string());
      add_questions(lesson);
    }
    for (const std::string& thread : view.explore->question.threads) text += thread;
    text += view.explore->question.target + view.explore->error;
  }
  std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return text;
}

bool shown(const Rect& area) {
  return area.width() > 0 && area.height() > 0;
}

}  // namespace

bool Workspace::prepare(ImFontAtlas& atlas, const View& view, float width, float height) {
  const float scale = window_scale(width, height, *view.state);
  std::string glyphs = glyphs_of(view);
  if (scale == fonts_.scale() && glyphs == glyphs_) return false;
  glyphs_ = std::move(glyphs);
  fonts_.build(atlas, scale, glyphs_);
  return true;
}

void Workspace::draw_panels(Canvas& canvas, const View& view, const WorkspaceLayout& layout, Commands& commands) {
  for (const Rect& gutter : layout.gutters) canvas.fill(gutter, canvas.theme().background);
  toolbar_.draw(canvas, view, layout.toolbar, commands);
  if (view.state->figure != core::Figure::none) {
    Rect area = layout.stacks;
    if (shown(layout.code)) area.x0 = layout.code.x0;
    figure_.draw(canvas, view, area, commands);
  } else {
    Rect code = layout.code;
    Rect stacks = layout.stacks;
    if (view.choice != nullptr) {
      // Below the code; without room for that, in the stacks' place.
      Rect& place = shown(code) ? code : stacks;
      const float split = std::floor(place.y0 + place.height() * kCodePart);
      choice_.draw(canvas, view, {place.x0, split + canvas.px(8), place.x1, place.y1}, commands);
      canvas.fill({place.x0, split, place.x1, split + canvas.px(8)}, canvas.theme().background);
      place.y1 = split;
    }
    if (shown(code)) code_.draw(canvas, view, code, commands);
    if (shown(stacks)) stacks_.draw(canvas, view, stacks, commands);
  }
  if (shown(layout.registers)) registers_.draw(canvas, view, layout.registers, commands);
  if (shown(layout.threads)) threads_.draw(canvas, view, layout.threads, commands);
  caption_.draw(canvas, view, layout.caption);
  if (shown(layout.timeline)) timeline_.draw(canvas, view, layout.timeline, commands);
  if (view.state->figure == core::Figure::none) draw_flights(canvas, view);
}

void Workspace::draw(const View& view, float width, float height, Commands& commands) {
  const Theme& theme = theme_of(view.state->theme);
  items_.begin_frame();
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize({width, height});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0);
  ImGui::Begin("##root", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoNav |
                   ImGuiWindowFlags_NoScrollWithMouse);
  const std::size_t before = commands.size();
  Canvas canvas(*ImGui::GetWindowDrawList(), theme, fonts_, items_);
  if (view.explore != nullptr) {
    explore_.draw(canvas, view, width, height, commands);
  } else {
    draw_panels(canvas, view,
                lay_out_workspace(width, height, fonts_.scale(), view.state->focus, view.timeline->threads.size()),
                commands);
  }
  ImGui::End();
  ImGui::PopStyleVar(2);
  Overlays(theme, fonts_, items_).draw(view, width, height, input_, commands);
  // What nothing is under the mouse any more is not pointed at any more.
  const bool hovers = std::any_of(commands.begin() + static_cast<std::ptrdiff_t>(before), commands.end(),
                                  [](const Command& c) { return std::holds_alternative<command::SetHover>(c); });
  if (!hovers && view.selection->hover != Hover{}) commands.push_back(command::SetHover{});
}

}  // namespace fiberscope::app
