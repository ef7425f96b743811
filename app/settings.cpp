#include "app/settings.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <system_error>

#include "app/player.h"
#include "app/window_state.h"
#include "core/whole_number.h"

namespace fiberscope::app {
namespace {

constexpr std::size_t kLargestFile = 64 * 1024;

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  return core::read_whole_number(text, value) ? std::optional(value) : std::nullopt;
}

void set(Settings& settings, std::string_view key, std::string_view value) {
  if (key == "theme") {
    if (value == "dark") settings.theme = ThemeKind::dark;
    if (value == "light") settings.theme = ThemeKind::light;
  } else if (key == "syntax") {
    if (value == "intel") settings.syntax = core::Syntax::intel;
    if (value == "att") settings.syntax = core::Syntax::att;
  } else if (key == "reduce_motion") {
    if (value == "yes") settings.reduce_motion = true;
    if (value == "no") settings.reduce_motion = false;
  } else if (key == "scale") {
    const auto scale = number(value);
    if (scale && *scale >= kMinimumUserScale && *scale <= kMaximumUserScale) settings.user_scale = *scale;
  } else if (key == "speed") {
    const auto speed = number(value);
    if (speed && *speed >= kMinimumSpeed && *speed <= kMaximumSpeed) settings.speed = *speed;
  }
}

}  // namespace

std::filesystem::path settings_path() {
  const auto variable = [](const char* name) -> std::filesystem::path {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  if (const auto base = variable("XDG_CONFIG_HOME"); base.is_absolute()) return base / "fiberscope" / "settings";
  if (const auto home = variable("HOME"); !home.empty()) return home / ".config" / "fiberscope" / "settings";
  return {};
}

Settings parse_settings(std::string_view text) {
  Settings settings;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    set(settings, trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
  }
  return settings;
}

std::string format_settings(const Settings& settings) {
  return fmt::format("theme = {}\nsyntax = {}\nscale = {}\nspeed = {}\nreduce_motion = {}\n",
                     settings.theme == ThemeKind::dark ? "dark" : "light",
                     settings.syntax == core::Syntax::intel ? "intel" : "att", settings.user_scale, settings.speed,
                     settings.reduce_motion ? "yes" : "no");
}

Settings read_settings(const std::filesystem::path& path) {
  if (path.empty()) return {};
  std::ifstream in(path, std::ios::binary);
  if (!in) return {};
  std::string text(kLargestFile, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return parse_settings(text);
}

emu::Result<void> write_settings(const Settings& settings, const std::filesystem::path& path) {
  if (path.empty()) return emu::Error{"settings not saved: neither XDG_CONFIG_HOME nor HOME is set"};
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return emu::Error{fmt::format("settings not saved: {}: {}", path.parent_path().string(), error.message())};
  std::filesystem::path draft = path;
  draft += ".new";
  {
    std::ofstream out(draft, std::ios::binary | std::ios::trunc);
    out << format_settings(settings);
    out.close();
    if (!out) return emu::Error{fmt::format("settings not saved: cannot write {}", draft.string())};
  }
  std::filesystem::rename(draft, path, error);
  if (error) return emu::Error{fmt::format("settings not saved: {}: {}", path.string(), error.message())};
  return {};
}

}  // namespace fiberscope::app
