#pragma once
#include <string>

#include "app/document.h"

namespace fiberscope::app {

/// Looks for the next step that shows a text: entry into a function whose name holds it, the instruction's text, its
/// source line (as "file:line"), or its sentence. Works in small portions, so that the window stays alive in a trace of
/// millions of steps.
class Finder {
 public:
  enum class Progress : std::uint8_t { idle, searching, found, missing };

  /// Starts behind `from` and goes around the end once.
  void start(std::string_view needle, core::StepIndex from);
  void stop() { progress_ = Progress::idle; }
  /// Looks at up to `portion` steps.
  Progress work(Document& document, std::size_t portion);

  [[nodiscard]] Progress progress() const { return progress_; }
  [[nodiscard]] core::StepIndex at() const { return at_; }  ///< found: the cursor; searching: where it is
  [[nodiscard]] const std::string& needle() const { return needle_; }

 private:
  [[nodiscard]] bool matches(const core::Snapshot& snapshot);

  std::string needle_;
  std::string folded_;         ///< in lower case
  std::string last_function_;  ///< of the step looked at before
  core::StepIndex from_;
  core::StepIndex at_;
  Progress progress_ = Progress::idle;
};

}  // namespace fiberscope::app
