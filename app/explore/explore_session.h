#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/explore/explore_command.h"
#include "app/explore/explore_state.h"
#include "core/child_program.h"
#include "core/temporary_folder.h"
#include "emu/result.h"

namespace fiberscope::app {

/// Asks `fiberscope explore` in a process of its own, as that may die with the engine, and keeps what it answered.
/// Takes commands and time, gives plain data; without ImGui.
class ExploreSession {
 public:
  /// Opens a trace that was recorded for it; the file goes afterwards.
  using Opener = std::function<emu::Result<void>(const std::string& path)>;

  ~ExploreSession();

  void apply(const ExploreCommand& command);
  /// Picks up what the processes said; true if anything that is shown changed.
  bool advance(double now);
  /// Seconds until advance() has something to do; infinity where nothing runs.
  [[nodiscard]] double wait() const;
  [[nodiscard]] const ExploreState& state() const { return state_; }

  void set_question(const ExploreQuestion& question);
  /// The next question asks about this schedule too, and the answer shows it; empty: about none.
  void set_path(std::string schedule) { path_ = std::move(schedule); }
  /// The scenario that the question which was set is from.
  void set_lesson(const core::Scenario& lesson) { state_.lesson = ExploreState::Lesson{lesson, state_.question}; }
  /// The program that explores; this one where nothing was said.
  void set_program(std::string program) { program_ = std::move(program); }
  void set_opener(Opener opener) { opener_ = std::move(opener); }
  void set_can_leave(bool can) { state_.can_leave = can; }
  void submit() { state_.submit = true; }
  /// Whether a replay was opened since the last call.
  bool take_opened() { return std::exchange(opened_, false); }

 private:
  void on(const exploring::SetThread& c);
  void on(const exploring::AddThread&);
  void on(const exploring::RemoveThread&);
  void on(const exploring::Set& c);
  void on(const exploring::Choose& c);
  void on(const exploring::Run&);
  void on(const exploring::Stop&);
  void on(const exploring::ShowOutcome& c);
  void on(const exploring::SortOutcomes& c);
  void on(const exploring::Drag& c);
  void on(const exploring::Show& c);
  void on(const exploring::ReplayOutcome& c);
  void on(const exploring::ReplaySchedule& c);
  void on(const exploring::ReplayPath&);

  void set(ExploreField which, const std::string& text);
  void read_progress();
  void take_answer();
  [[nodiscard]] emu::Result<std::unique_ptr<core::ChildProgram>> start(const std::vector<std::string>& arguments) const;
  void replay(const std::string& what);
  void take_replay();
  void show_schedule(const std::string& schedule);
  void show(std::vector<std::uint8_t> actions);
  void sort_outcomes();

  ExploreState state_;
  std::string program_ = "/proc/self/exe";
  Opener opener_;
  ExploreQuestion asked_;
  std::string path_;
  std::unique_ptr<core::ChildProgram> explorer_;
  std::unique_ptr<core::ChildProgram> replayer_;
  core::TemporaryFolder replay_folder_;
  double now_ = 0;
  double started_ = 0;
  bool opened_ = false;
  bool fresh_ = false;  ///< asked since the last advance()
};

}  // namespace fiberscope::app
