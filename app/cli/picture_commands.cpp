// The commands that draw: screenshot and open.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "app/cli/commands.h"
#include "app/cli/exit_code.h"
#include "app/cli/recorded_target.h"
#include "app/cli/stop_signals.h"
#include "app/glfw_window.h"
#include "app/open_document.h"
#include "app/picture.h"
#include "app/trace_document.h"
#include "core/pick_schedule.h"

namespace fiberscope::app {
namespace {

std::optional<ThemeKind> theme_by_name(const std::string& name) {
  if (name == "dark") return ThemeKind::dark;
  if (name == "light") return ThemeKind::light;
  return std::nullopt;
}

std::optional<core::Syntax> syntax_by_name(const std::string& name) {
  if (name == "intel") return core::Syntax::intel;
  if (name == "att") return core::Syntax::att;
  return std::nullopt;
}

/// Turns the document into the run of the order that was chosen so far.
emu::Result<void> choose(TraceDocument& document, const std::string& schedule) {
  const auto picks = core::parse_schedule(schedule);
  if (!picks) return picks.error();
  if (!document.asks_for_order())
    return emu::Error{"--choose: this target asks nobody whom to run; its order cannot be chosen"};
  return document.choose_order(*picks);
}

}  // namespace

int complain(const std::string& message, int code) {
  if (!message.empty()) fmt::print(stderr, "fiberscope: {}\n", message);
  return code;
}

std::string step_beyond(std::uint64_t step, std::uint64_t steps) {
  return fmt::format("--step {}: the trace has {} steps; choose 0 … {}", step, steps, steps);
}

std::optional<Size> parse_size(const std::string& text) {
  Size size;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%5dx%5d%c", &size.width, &size.height, &rest) != 2) return std::nullopt;
  const auto fits = [](int length) { return length >= kSmallestPicture && length <= kLargestPicture; };
  return fits(size.width) && fits(size.height) ? std::optional<Size>(size) : std::nullopt;
}

namespace {

/// The picture of an exploration.
int explore_picture(const ScreenshotOptions& options, const Size& size) {
  const core::Figure figure = core::figure_by_name(options.figure).value_or(core::Figure::none);
  const bool questions = figure == core::Figure::questions && options.explore->lesson.has_value();
  if (options.step || options.choose || options.focus || (figure != core::Figure::none && !questions))
    return complain(fmt::format("{}: all interleavings are drawn, which have no --step, --choose, --focus or --figure "
                                "but `--figure questions` of a scenario; --path and --states choose what is shown",
                                options.target.empty() ? "--explore" : options.target),
                    kUnusable);
  ExplorePictureOptions picture;
  picture.question = options.explore->question;
  picture.lesson = options.explore->lesson;
  picture.schedule = options.schedule;
  picture.view = questions ? ExploreView::questions : options.states ? ExploreView::states : ExploreView::order;
  picture.width = size.width;
  picture.height = size.height;
  picture.theme = theme_by_name(options.theme).value_or(ThemeKind::dark);
  picture.language = language_by_name(options.language).value_or(Language::en);
  const auto drawn = render_exploration(picture);
  if (!drawn) return complain(drawn.error().message, kUnusable);
  const auto written = write_png(*drawn, options.path);
  return written ? kDone : complain(written.error().message, kUnusable);
}

/// The runs of one window: what it began with, and what was replayed since.
class Runs {
 public:
  Runs(Document& first, std::string language) : shown_(first), language_(std::move(language)) {}

  [[nodiscard]] OpenDocument& shown() { return shown_; }
  emu::Result<void> open(const std::string& path) {
    auto recorded = RecordedTarget::open(path, {});
    if (!recorded) return recorded.error();
    auto fresh = std::make_unique<TraceDocument>(std::move(recorded).value(), language_);
    shown_.show(*fresh);
    replayed_ = std::move(fresh);
    return {};
  }

 private:
  OpenDocument shown_;
  std::string language_;
  std::unique_ptr<TraceDocument> replayed_;
};

int open_exploration(WindowOptions window, const OpenOptions& options) {
  NoDocument none;
  Runs runs(none, options.language);
  window.explore = options.explore->question;
  window.lesson = options.explore->lesson;
  window.path = options.schedule;
  window.runs = false;
  window.opener = [&runs](const std::string& path) { return runs.open(path); };
  const auto code = run_window(runs.shown(), window);
  return code ? *code : complain(code.error().message, kUnusable);
}

WindowOptions window_of(const OpenOptions& options, const Size& size) {
  WindowOptions window;
  if (options.step) window.cursor = core::StepIndex{*options.step};
  window.play = options.play;
  if (options.theme) window.theme = theme_by_name(*options.theme);
  if (options.syntax) window.syntax = syntax_by_name(*options.syntax);
  window.language = language_by_name(options.language).value_or(Language::en);
  window.width = size.width;
  window.height = size.height;
  window.report_state = options.report_state;
  return window;
}

}  // namespace

int screenshot_command(const ScreenshotOptions& options) {
  PictureOptions picture;
  const auto size = parse_size(options.size);
  if (!size)
    return complain(
        fmt::format("--size {}: expected WIDTHxHEIGHT, each {} … {}", options.size, kSmallestPicture, kLargestPicture),
        kUnusable);
  if (options.explore) return explore_picture(options, *size);
  if (options.states || !options.schedule.empty())
    return complain("--states and --path are for all interleavings: say --explore", kUnusable);
  if (options.target.empty()) return complain("screenshot: name a target, or say --explore", kUnusable);
  picture.width = size->width;
  picture.height = size->height;
  picture.phase = options.phase;
  picture.theme = theme_by_name(options.theme).value_or(ThemeKind::dark);
  picture.language = language_by_name(options.language).value_or(Language::en);
  picture.syntax = syntax_by_name(options.syntax).value_or(core::Syntax::intel);
  picture.focus = options.focus;
  picture.figure = core::figure_by_name(options.figure).value_or(core::Figure::none);
  auto recorded = open_whole(options.target, with_processors(options.choice));
  if (!recorded) return complain(recorded.error().message, kUnusable);
  TraceDocument document(std::move(recorded).value(), options.language);
  if (options.choose) {
    if (const auto chosen = choose(document, *options.choose); !chosen)
      return complain(chosen.error().message, kUnusable);
  }
  const core::Timeline& timeline = document.timeline();
  const std::uint64_t steps = timeline.steps.value;
  const bool at_end = options.choose || timeline.switches.empty();
  picture.cursor = core::StepIndex{options.step.value_or(at_end ? steps : timeline.switches.front().step.value)};
  if (picture.cursor.value > steps) return complain(step_beyond(picture.cursor.value, steps), kUnusable);
  const auto drawn = render_picture(document, picture);
  if (!drawn) return complain(drawn.error().message, kUnusable);
  const auto written = write_png(*drawn, options.path);
  if (!written) return complain(written.error().message, kUnusable);
  return document.target().was_stopped() ? kIncomplete : kDone;
}

int open_command(const OpenOptions& options) {
  const auto size = parse_size(options.size);
  if (!size)
    return complain(
        fmt::format("--size {}: expected WIDTHxHEIGHT, each {} … {}", options.size, kSmallestPicture, kLargestPicture),
        kUnusable);
  const StopSignals signals(1);
  if (options.explore) {
    if (options.step || options.play || options.choose || options.trace_path)
      return complain(
          fmt::format("{}: all interleavings are shown, and --step, --play, --choose and -o are for one run; "
                      "a click on an outcome replays it",
                      options.explore->question.target.empty() ? "--explore" : options.target),
          kUnusable);
    WindowOptions window = window_of(options, *size);
    window.stop = signals.descriptor();
    return open_exploration(std::move(window), options);
  }
  if (!options.schedule.empty()) return complain("--path is for all interleavings: say --explore", kUnusable);
  RecordedTarget::Options recording;
  recording.trace_path = options.trace_path;
  recording.choice = options.choice;
  auto recorded = RecordedTarget::open(options.target, recording);
  if (!recorded) return complain(recorded.error().message, kUnusable);
  if (options.choose) (*recorded)->wait(signals.descriptor());
  if (const auto read = (*recorded)->refresh(); !read) return complain(read.error().message, kUnusable);
  const core::Trace& trace = (*recorded)->trace();
  if (trace.stop() && options.step && *options.step > trace.steps().value) {
    (*recorded)->discard();
    return complain(step_beyond(*options.step, trace.steps().value), kUnusable);
  }
  WindowOptions window = window_of(options, *size);
  window.stop = signals.descriptor();
  TraceDocument document(std::move(recorded).value(), options.language);
  if (options.choose) {
    if (const auto chosen = choose(document, *options.choose); !chosen) {
      document.target().discard();
      return complain(chosen.error().message, kUnusable);
    }
    window.cursor = document.timeline().steps;
  }
  Runs runs(document, options.language);
  window.opener = [&runs](const std::string& path) { return runs.open(path); };
  const auto code = run_window(runs.shown(), window);
  if (!code) {
    document.target().discard();
    return complain(code.error().message, kUnusable);
  }
  const auto kept = document.target().finish();
  return kept ? *code : complain(kept.error().message, kUnusable);
}

}  // namespace fiberscope::app
