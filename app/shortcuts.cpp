#include "app/shortcuts.h"

namespace fiberscope::app {
namespace {

constexpr ShortcutHelp kHelp[] = {
    {"Space", Word::help_play},
    {"←  →", Word::help_step},
    {"Shift ←  →", Word::help_long_step},
    {"N  P", Word::help_switch},
    {"Home  End", Word::help_ends},
    {",  .", Word::help_speed},
    {"G", Word::help_go_to},
    {"/", Word::help_find},
    {"1 … 9", Word::help_thread},
    {"O", Word::help_choose},
    {"E", Word::help_figure},
    {"X", Word::help_explore},
    {"F", Word::help_focus},
    {"T", Word::help_theme},
    {"S", Word::help_syntax},
    {"M", Word::help_motion},
    {"Ctrl +  −  0", Word::help_scale},
    {"Ctrl S", Word::help_picture},
    {"Ctrl Q", Word::help_quit},
    {"?", Word::help_help},
};

constexpr std::int64_t kLongStep = 10;

std::optional<Command> with_control(char32_t character) {
  switch (character) {
    case U's':
      return command::SavePicture{};
    case U'+':
    case U'=':
      return command::ChangeScale{1};
    case U'-':
      return command::ChangeScale{-1};
    case U'0':
      return command::ChangeScale{0};
    case U'q':
      return command::Quit{};
    default:
      return std::nullopt;
  }
}

/// While an order is chosen, digits are threads by id.
std::optional<Command> choosing(char32_t character) {
  if (character >= U'0' && character <= U'9')
    return command::PickThread{core::ThreadId{static_cast<std::uint32_t>(character - U'0')}};
  if (character == U'u') return command::UndoPick{};
  return std::nullopt;
}

std::optional<Command> plain(char32_t character) {
  if (character >= U'1' && character <= U'9') return command::PinPosition{static_cast<std::size_t>(character - U'1')};
  switch (character) {
    case U'?':
      return command::Open{command::Dialog::help};
    case U'g':
      return command::Open{command::Dialog::go_to};
    case U'/':
      return command::Open{command::Dialog::find};
    case U'n':
      return command::NextSwitch{};
    case U'p':
      return command::PreviousSwitch{};
    case U'o':
      return command::ChooseOrder{};
    case U'e':
      return command::ToggleFigure{};
    case U'x':
      return command::ToggleExplore{};
    case U'f':
      return command::ToggleFocus{};
    case U't':
      return command::ToggleTheme{};
    case U's':
      return command::ToggleSyntax{};
    case U'm':
      return command::ToggleReduceMotion{};
    case U',':
      return command::ChangeSpeed{-1};
    case U'.':
      return command::ChangeSpeed{1};
    default:
      return std::nullopt;
  }
}

/// While the exploration is shown, most of what moves through a run means nothing.
std::optional<Command> while_exploring(const KeyPress& press) {
  if (press.key == Key::enter) return command::Submit{};
  if (press.key == Key::f1) return command::Open{command::Dialog::help};
  if (press.key != Key::character) return std::nullopt;
  switch (press.character) {
    case U'x':
    case U'?':
    case U't':
      return plain(press.character);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Command> command_for(const KeyPress& press, const WindowState& state) {
  if (press.key == Key::escape) return command::Close{};
  if (press.control && press.key == Key::character) return with_control(press.character);
  if (state.dialog == command::Dialog::help && (press.character == U'?' || press.key == Key::f1))
    return command::Close{};
  if (state.dialog != command::Dialog::none) {
    if (press.key == Key::enter && state.dialog != command::Dialog::help) return command::Submit{};
    return std::nullopt;
  }
  if (state.exploring) return while_exploring(press);
  switch (press.key) {
    case Key::space:
      return command::TogglePlay{};
    case Key::left:
      return command::StepBy{press.shift ? -kLongStep : -1};
    case Key::right:
      return command::StepBy{press.shift ? kLongStep : 1};
    case Key::home:
      return command::GoTo{{0}};
    case Key::end:
      return command::ToEnd{};
    case Key::f1:
      return command::Open{command::Dialog::help};
    case Key::character:
      if (state.choosing) {
        if (const auto command = choosing(press.character)) return command;
      }
      return plain(press.character);
    case Key::escape:
    case Key::enter:
      break;
  }
  return std::nullopt;
}

std::span<const ShortcutHelp> shortcut_help() {
  return kHelp;
}

}  // namespace fiberscope::app
