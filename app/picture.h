#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/document.h"
#include "app/explore/explore_state.h"
#include "app/theme.h"
#include "app/words.h"
#include "emu/result.h"

namespace fiberscope::app {

/// Pixels from the upper left corner, row by row, four bytes each: red, green, blue, alpha (always 255).
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgba;
};

struct PictureOptions {
  core::StepIndex cursor;  ///< clamped to the trace
  double phase = 1;        ///< of the film of the step that leads to the cursor; 1: the state at the cursor
  int width = 1600;
  int height = 900;
  ThemeKind theme = ThemeKind::dark;
  Language language = Language::en;
  core::Syntax syntax = core::Syntax::intel;
  bool focus = false;
  core::Figure figure = core::Figure::none;
};

/// The exploration of a question, instead of a run.
struct ExplorePictureOptions {
  ExploreQuestion question;
  std::string schedule;  ///< the one that is shown; empty: the first outcome's witness
  ExploreView view = ExploreView::order;
  std::optional<core::Scenario> lesson;  ///< that the question is from
  int width = 1600;
  int height = 900;
  ThemeKind theme = ThemeKind::dark;
  Language language = Language::en;
};

inline constexpr int kSmallestPicture = 320;
inline constexpr int kLargestPicture = 8192;

/// The window's picture, without a window or a display.
emu::Result<Picture> render_picture(Document& document, const PictureOptions& options);
/// Waits for the answer. Fails where there is none.
emu::Result<Picture> render_exploration(const ExplorePictureOptions& options);
/// Replaces the file as a whole.
emu::Result<void> write_png(const Picture& picture, const std::filesystem::path& path);

}  // namespace fiberscope::app
