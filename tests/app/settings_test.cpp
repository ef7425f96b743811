#include "app/settings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace fiberscope::app {
namespace {

TEST(Settings, WhatIsWrittenIsRead) {
  const Settings settings{ThemeKind::light, core::Syntax::att, 1.3, 15, true};
  EXPECT_EQ(parse_settings(format_settings(settings)), settings);
}

TEST(Settings, DamageLeavesDefaults) {
  const Settings defaults;
  for (const char* text : {"", "=", "theme", "theme = purple", "scale = 1e99\nspeed = -3", "scale = nan",
                           "speed = 12abc", "\xff\xfe\n\n===\n", "reduce_motion = maybe"}) {
    EXPECT_EQ(parse_settings(text), defaults) << text;
  }
  const Settings some = parse_settings("nonsense\r\n  theme=light  \r\nfuture_key = 7\nspeed = 4");
  EXPECT_EQ(some.theme, ThemeKind::light);
  EXPECT_DOUBLE_EQ(some.speed, 4);
}

TEST(Settings, TheFileLiesUnderXdgConfigHome) {
  const std::filesystem::path home = std::filesystem::path(testing::TempDir()) / "fiberscope settings";
  setenv("XDG_CONFIG_HOME", home.c_str(), 1);
  const auto path = settings_path();
  EXPECT_EQ(path, home / "fiberscope" / "settings");
  const Settings settings{ThemeKind::light, core::Syntax::intel, 0.9, 60, false};
  ASSERT_TRUE(write_settings(settings, path).ok());
  EXPECT_EQ(read_settings(path), settings);
  std::filesystem::remove_all(home);
  EXPECT_EQ(read_settings(path), Settings{});
  unsetenv("XDG_CONFIG_HOME");
}

TEST(Settings, AnUnwritablePlaceIsAnError) {
  const auto written = write_settings({}, "/proc/nowhere/settings");
  ASSERT_FALSE(written.ok());
  EXPECT_NE(written.error().message.find("settings not saved"), std::string::npos);
}

}  // namespace
}  // namespace fiberscope::app
