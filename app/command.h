#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/explore/explore_command.h"
#include "app/selection.h"
#include "core/figure.h"
#include "core/step.h"

namespace fiberscope::app {

/// What panels and keys ask for. They only push; Session applies between two frames.
namespace command {

struct GoTo {
  core::StepIndex cursor;
};
struct StepBy {
  std::int64_t steps = 1;
};
struct TogglePlay {};
struct NextSwitch {};
struct PreviousSwitch {};
struct ToEnd {};
struct SetSpeed {
  double steps_per_second = 2;
};
struct ChangeSpeed {
  int direction = 1;
};  ///< one notch slower (-1) or faster (+1)
struct ToggleTheme {};
struct ToggleFocus {};
struct ToggleSyntax {};
struct ToggleReduceMotion {};
struct ChangeScale {
  int direction = 0;
};  ///< smaller (-1), normal (0), larger (+1)
struct PinThread {
  core::ThreadId thread;
};  ///< again: unpins
struct PinPosition {
  std::size_t position = 0;
};  ///< the thread at this place of ThreadStyles::order()
struct ShowControlBlock {
  core::ThreadId thread;
};
struct ShowCode {
  std::optional<emu::Address> address;
};  ///< nothing: back to the code at rip
struct ToCellOrigin {
  emu::Address address;
  std::uint32_t size = 8;
};
struct ToRegisterOrigin {
  emu::Register reg;
};
struct SetHover {
  Hover hover;
};
enum class Dialog : std::uint8_t { none, help, go_to, find };
struct Open {
  Dialog dialog = Dialog::none;
};
struct Close {};  ///< whatever lies on top: dialog, control block, other code
/// Enter in a dialog: it hands in what was typed with the next frame, after every character that came before.
struct Submit {};
struct SubmitStep {
  std::string text;
};
struct SubmitFind {
  std::string text;
};
/// One of the pictures in the place of code and stacks; none: back to these.
struct ShowFigure {
  core::Figure figure = core::Figure::none;
};
struct ToggleFigure {};  ///< between code and stacks and the figure that was shown last
struct ShowAnswer {
  std::size_t question = 0;
};  ///< again: hides it
struct ShowContext {
  std::size_t object = 0;
};                      ///< of the figure "contexts"; again: those that were written last
struct ChooseOrder {};  ///< begins to choose who runs next, or ends it
struct PickThread {
  core::ThreadId thread;
};  ///< it runs next
struct UndoPick {};
struct CopyText {
  std::string text;
};                        ///< to the clipboard
struct ToggleExplore {};  ///< between the run and the exploration of all interleavings
struct Explore {
  ExploreCommand command;
};  ///< for the exploration
struct SavePicture {};
struct Quit {};

}  // namespace command

using Command =
    std::variant<command::GoTo, command::StepBy, command::TogglePlay, command::NextSwitch, command::PreviousSwitch,
                 command::ToEnd, command::SetSpeed, command::ChangeSpeed, command::ToggleTheme, command::ToggleFocus,
                 command::ToggleSyntax, command::ToggleReduceMotion, command::ChangeScale, command::PinThread,
                 command::PinPosition, command::ShowControlBlock, command::ShowCode, command::ToCellOrigin,
                 command::ToRegisterOrigin, command::SetHover, command::Open, command::Close, command::Submit,
                 command::SubmitStep, command::SubmitFind, command::ShowFigure, command::ToggleFigure,
                 command::ShowAnswer, command::ShowContext, command::ChooseOrder, command::PickThread,
                 command::UndoPick, command::CopyText, command::ToggleExplore, command::Explore, command::SavePicture,
                 command::Quit>;

using Commands = std::vector<Command>;

}  // namespace fiberscope::app
