#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "app/theme.h"
#include "core/code_view.h"
#include "emu/result.h"

namespace fiberscope::app {

/// What the window remembers from one run to the next.
struct Settings {
  ThemeKind theme = ThemeKind::dark;
  core::Syntax syntax = core::Syntax::intel;
  double user_scale = 1;
  double speed = 2;  ///< steps a second
  bool reduce_motion = false;

  friend bool operator==(const Settings&, const Settings&) = default;
};

/// $XDG_CONFIG_HOME/fiberscope/settings, else ~/.config/fiberscope/settings; empty where neither is known.
std::filesystem::path settings_path();
/// Lines of "key = value". What is unknown, damaged or out of range keeps its default: settings never keep the window
/// from opening.
Settings parse_settings(std::string_view text);
std::string format_settings(const Settings& settings);

/// Defaults where there is no such file.
Settings read_settings(const std::filesystem::path& path);
/// Replaces the file as a whole, so that a crash leaves the old or the new one.
emu::Result<void> write_settings(const Settings& settings, const std::filesystem::path& path);

}  // namespace fiberscope::app
