#pragma once
#include <optional>

#include "app/document.h"
#include "app/explore/explore_session.h"
#include "app/theme.h"
#include "app/words.h"
#include "emu/result.h"

namespace fiberscope::app {

struct WindowOptions {
  std::optional<core::StepIndex> cursor;  ///< where to start; nothing: where the document begins
  bool play = false;                      ///< start playing
  std::optional<ThemeKind> theme;         ///< else as the settings say
  std::optional<core::Syntax> syntax;     ///< likewise
  Language language = Language::en;
  int width = 1600;
  int height = 900;
  /// Print the window's state on stdout, one JSON object a line: whenever a frame shows a state that differs from the
  /// last line's, and at the end ("closed": true).
  bool report_state = false;
  std::optional<core::Scenario> lesson;    ///< that the question is from
  std::string path;                        ///< the schedule that is shown at first; empty: a witness
  std::optional<ExploreQuestion> explore;  ///< begin with the exploration of this question …
  bool runs = true;                        ///< … from which there is a run to go to
  ExploreSession::Opener opener;           ///< opens what was replayed in the document's place
  /// Once this descriptor can be read, the window closes.
  int stop = -1;
};

/// Shows the document until its window is closed. The result is an exit code; an error says why there is no window, and
/// what to do without one.
emu::Result<int> run_window(Document& document, const WindowOptions& options);

}  // namespace fiberscope::app
