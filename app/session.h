#pragma once
#include <optional>
#include <string>

#include "app/command.h"
#include "app/document.h"
#include "app/explore/explore_session.h"
#include "app/film.h"
#include "app/finder.h"
#include "app/player.h"
#include "app/settings.h"
#include "app/shortcuts.h"
#include "app/view.h"
#include "app/window_state.h"

namespace fiberscope::app {

/// Everything behind the glass: the document, where the window stands in it, what is selected and how it looks. Takes
/// commands and time, gives the View of one frame. Without ImGui, so a test can drive it alone.
class Session {
 public:
  explicit Session(Document& document, const Settings& settings = {});

  void apply(const Command& command);
  /// Applies what the key means; false if it means nothing here.
  bool press(const KeyPress& press);
  /// Moves to `now` seconds: playback, search, a growing trace, notices. True if the picture changed.
  bool advance(double now);
  /// Seconds until advance() has something to do; infinity where nothing moves.
  [[nodiscard]] double wait() const;

  /// Valid until the next call of a member that is not const.
  const View& view();

  [[nodiscard]] const Player& player() const { return player_; }
  [[nodiscard]] const WindowState& state() const { return state_; }
  [[nodiscard]] const Selection& selection() const { return selection_; }
  [[nodiscard]] const core::Timeline& timeline() const { return document_.timeline(); }
  [[nodiscard]] const std::string& title() const { return document_.title(); }
  [[nodiscard]] Settings settings() const;

  void set_language(Language language) { state_.language = language; }
  /// Where to begin: of a trace that is still shorter than that, as soon as it was recorded so far.
  void start_at(core::StepIndex cursor);
  /// Where the document begins.
  void start();
  /// The step's film at a fixed phase, for a picture.
  void freeze(core::StepIndex cursor, double phase);
  /// Hands out the wish for a picture once.
  bool take_picture_wish();
  /// Hands out a text for the clipboard once; empty where there is none.
  std::string take_copied();
  void say(std::string notice);

  /// Shows the exploration with this question, and asks it; `runs`: there is a run to go back to; `lesson`: the
  /// scenario that it is from.
  void explore(const ExploreQuestion& question, bool runs, const std::optional<core::Scenario>& lesson = std::nullopt);
  [[nodiscard]] ExploreSession& exploration() { return exploration_; }
  [[nodiscard]] const ExploreSession& exploration() const { return exploration_; }
  /// The document is another one now: all begins at its start.
  void reopened();

 private:
  void on(const command::GoTo& c);
  void on(const command::StepBy& c);
  void on(const command::TogglePlay&);
  void on(const command::NextSwitch&);
  void on(const command::PreviousSwitch&);
  void on(const command::ToEnd&);
  void on(const command::SetSpeed& c);
  void on(const command::ChangeSpeed& c);
  void on(const command::ToggleTheme&);
  void on(const command::ToggleFocus&);
  void on(const command::ToggleSyntax&);
  void on(const command::ToggleReduceMotion&);
  void on(const command::ChangeScale& c);
  void on(const command::PinThread& c);
  void on(const command::PinPosition& c);
  void on(const command::ShowControlBlock& c);
  void on(const command::ShowCode& c);
  void on(const command::ToCellOrigin& c);
  void on(const command::ToRegisterOrigin& c);
  void on(const command::SetHover& c);
  void on(const command::Open& c);
  void on(const command::Close&);
  void on(const command::Submit&);
  void on(const command::SubmitStep& c);
  void on(const command::SubmitFind& c);
  void on(const command::ShowFigure& c);
  void on(const command::ToggleFigure&);
  void on(const command::ShowAnswer& c);
  void on(const command::ShowContext& c);
  void on(const command::ChooseOrder&);
  void on(const command::PickThread& c);
  void on(const command::UndoPick&);
  void on(const command::CopyText& c);
  void on(const command::ToggleExplore&);
  void on(const command::Explore& c);
  void on(const command::SavePicture&);
  void on(const command::Quit&);

  void choose(const std::optional<std::vector<core::ThreadId>>& picks);
  void travel(core::StepIndex cursor);
  void to_origin(std::optional<core::StepIndex> origin);
  [[nodiscard]] core::StepIndex end() const { return document_.timeline().steps; }
  void refresh_scene();

  Document& document_;
  Player player_;
  WindowState state_;
  Selection selection_;
  Finder finder_;
  ExploreSession exploration_;
  ThreadStyles styles_;
  std::size_t styled_threads_ = 0;
  bool follow_ = false;                   ///< stay at the end of a growing recording
  std::optional<core::StepIndex> start_;  ///< where to begin, not yet recorded
  double now_ = 0;
  double next_refresh_ = 0;

  // The scene: copies, because the document's references die with its next answer.
  struct Wanted {
    core::StepIndex step;
    bool film = false;
    core::Syntax syntax = core::Syntax::intel;
    std::optional<emu::Address> code;
    bool figure = false;
    bool contexts = false;
    friend bool operator==(const Wanted&, const Wanted&) = default;
  };
  std::optional<Wanted> held_;
  core::Snapshot shown_;
  std::optional<core::Snapshot> before_;
  core::CodeView code_;
  std::optional<core::FigureData> figure_;
  std::optional<std::vector<core::ContextObject>> contexts_;
  core::Figure last_figure_ = core::Figure::states;
  View view_;
};

}  // namespace fiberscope::app
