#pragma once
#include <string>

#include "app/document.h"

namespace fiberscope::app {

/// Looks for the next step that shows a text, a few milliseconds at a time, so that the window stays alive in a trace
/// of millions of steps.
class Finder {
 public:
  enum class Progress : std::uint8_t { idle, searching, found, missing };

  /// Starts behind `from` and goes around the end once.
  void start(std::string_view needle, core::StepIndex from);
  void stop() { progress_ = Progress::idle; }
  /// Looks for about so many seconds.
  Progress work(Document& document, double seconds);

  [[nodiscard]] Progress progress() const { return progress_; }
  [[nodiscard]] core::StepIndex at() const { return at_; }  ///< found: the cursor; searching: where it is
  [[nodiscard]] const std::string& needle() const { return needle_; }

 private:
  std::string needle_;
  core::StepIndex from_;
  core::StepIndex at_;
  bool around_ = false;  ///< past the end, at the steps before from_
  Progress progress_ = Progress::idle;
};

}  // namespace fiberscope::app
