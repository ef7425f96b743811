#pragma once
#include <optional>
#include <span>

#include "app/command.h"
#include "app/window_state.h"
#include "app/words.h"

namespace fiberscope::app {

enum class Key : std::uint8_t { character, space, left, right, home, end, escape, enter, f1 };

/// A key as our own table sees it, whatever the window library or its version calls it. Letters and signs come as the
/// character that the keyboard's layout makes of them.
struct KeyPress {
  Key key = Key::character;
  char32_t character = 0;  ///< lower case
  bool control = false;
  bool shift = false;
};

/// What the key asks for. While a dialog is open only Escape, Enter and, for the help, ? do anything.
std::optional<Command> command_for(const KeyPress& press, const WindowState& state);

struct ShortcutHelp {
  const char* keys;
  Word meaning;
};
/// The lines of the help, in its order.
std::span<const ShortcutHelp> shortcut_help();

}  // namespace fiberscope::app
