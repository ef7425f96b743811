#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/explore/explore_question.h"
#include "core/explore/explore_request.h"
#include "core/scenario.h"
#include "core/target.h"

namespace fiberscope::app {

/// Each command takes its parsed options and returns the exit code; what went wrong is one line on stderr.

struct ListOptions {
  bool json = false;
};
int list_command(const ListOptions& options);

struct RunOptions {
  std::string target;
  core::ProcessorChoice choice;
  std::vector<std::string> arguments;  ///< behind `--`, for a Linux program
  std::optional<std::string> trace_path;
  std::uint64_t max_steps = 0;
  std::string schedule;
  bool json = false;
};
int run_command(const RunOptions& options);

struct ShowOptions {
  std::string target;
  core::ProcessorChoice choice;
  std::uint64_t step = 0;
  bool contexts = false;  ///< the figure's objects too
  bool json = false;
};
int show_command(const ShowOptions& options);

struct ExportOptions {
  std::string target;
  core::ProcessorChoice choice;
  std::string format;
  std::optional<std::string> path;
};
int export_command(const ExportOptions& options);

struct CostOptions {
  std::string target;
  core::ProcessorChoice choice;
  bool json = false;
};
int cost_command(const CostOptions& options);

struct CompareOptions {
  std::string target;
  std::string other;
  bool json = false;
};
int compare_command(const CompareOptions& options);

/// All interleavings instead of a run.
struct AskedExploration {
  ExploreQuestion question;
  std::optional<core::Scenario> lesson;  ///< that it is from
};

struct ScreenshotOptions {
  std::string target;
  core::ProcessorChoice choice;
  std::optional<std::uint64_t> step;
  double phase = 1;
  std::string size = "1600x900";
  std::string theme = "dark";
  std::string language = "en";
  std::string syntax = "intel";
  bool focus = false;
  std::string figure = "none";
  std::optional<std::string> choose;  ///< a schedule
  std::optional<AskedExploration> explore;
  std::string schedule;
  bool states = false;
  std::string path;
};
int screenshot_command(const ScreenshotOptions& options);

struct OpenOptions {
  std::string target;
  core::ProcessorChoice choice;
  std::optional<std::uint64_t> step;  ///< nothing: where the target begins
  bool play = false;
  std::optional<std::string> trace_path;
  std::optional<std::string> choose;  ///< a schedule
  std::optional<std::string> theme;
  std::optional<std::string> syntax;
  std::string language = "en";
  std::string size = "1600x900";
  std::optional<AskedExploration> explore;  ///< begin there
  std::string schedule;                     ///< of the exploration: the one that is shown at first; may be empty
  bool report_state = false;
};
int open_command(const OpenOptions& options);

struct ExploreOptions {
  core::explore::ExploreRequest request;  ///< but for what max_memory says
  std::uint64_t max_memory = 2048;        ///< MiB
  std::string replay;                     ///< an outcome's id or a schedule; may be empty
  std::optional<std::string> trace_path;
  std::optional<std::uint64_t> progress;  ///< milliseconds between two lines of progress
  bool json = false;
};
int explore_command(const ExploreOptions& options);

/// Prints "fiberscope: message" and returns the code.
int complain(const std::string& message, int code);
/// The message about a step that the trace does not have.
std::string step_beyond(std::uint64_t step, std::uint64_t steps);
/// "1600x900"; nothing where it is no size.
struct Size {
  int width = 0;
  int height = 0;
};
std::optional<Size> parse_size(const std::string& text);

}  // namespace fiberscope::app
