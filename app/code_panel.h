#pragma once
#include <optional>

#include "app/canvas.h"
#include "app/command.h"
#include "app/view.h"

namespace fiberscope::app {

/// One line of the list: an instruction, or a part of a source line.
struct CodeLine {
  const core::CodeRow* row = nullptr;
  std::string text;  ///< of the part; empty for an instruction
  bool first = true;
};

/// Source lines, each with its instructions; the one that just ran and the next one are marked.
class CodePanel {
 public:
  void draw(Canvas& canvas, const View& view, const Rect& area, Commands& commands);

 private:
  void draw_head(Canvas& canvas, const View& view, const Rect& area, Commands& commands);
  void draw_source(Canvas& canvas, const CodeLine& source, const Rect& line);
  void draw_instruction(Canvas& canvas, const View& view, const core::CodeRow& row, const Rect& line);

  // The list keeps still while the next instruction is in view; the wheel moves it until the next step.
  std::string function_;
  float top_ = 0;  ///< first line in view
  float wheel_ = 0;
  core::StepIndex wheel_at_;
};

/// The first line to show: as it was where the wanted line is in view with a line to spare, else so that it stands a
/// third from the top. Lines are counted, `shown` of `count` fit.
float code_top(float current, std::optional<std::size_t> wanted, std::size_t count, float shown);

}  // namespace fiberscope::app
