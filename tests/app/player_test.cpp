#include "app/player.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fiberscope::app {
namespace {

constexpr core::StepIndex kEnd{1000};

TEST(Player, OneStepIsAFilmOfAQuarterSecond) {
  Player player;
  player.step(1, kEnd, 10);
  EXPECT_EQ(player.cursor().value, 1u);
  EXPECT_DOUBLE_EQ(player.phase(), 0);
  player.advance(kEnd, false, 10.125);
  EXPECT_DOUBLE_EQ(player.phase(), 0.5);
  player.advance(kEnd, false, 10.26);
  EXPECT_FALSE(player.moving());
  EXPECT_TRUE(std::isinf(player.wait(10.26)));
}

TEST(Player, TakingAStepBackRunsItsFilmBackwards) {
  Player player;
  player.jump({5});
  player.step(-1, kEnd, 0);
  EXPECT_EQ(player.cursor().value, 4u);
  EXPECT_EQ(player.film_step().value, 5u);
  EXPECT_DOUBLE_EQ(player.phase(), 1);
  player.advance(kEnd, false, 0.1);
  EXPECT_DOUBLE_EQ(player.phase(), 0.6);
  player.advance(kEnd, false, 0.3);
  EXPECT_EQ(player.film_step().value, 4u);
}

TEST(Player, StepsStayInTheTrace) {
  Player player;
  player.step(-1, kEnd, 0);
  EXPECT_EQ(player.cursor().value, 0u);
  player.step(5000, kEnd, 0);
  EXPECT_EQ(player.cursor().value, 1000u);
  EXPECT_FALSE(player.moving());
  player.step(1, kEnd, 0);
  EXPECT_EQ(player.cursor().value, 1000u);
}

TEST(Player, PlaysAtItsSpeed) {
  for (const double speed : {0.5, 2.0, 60.0, 1000.0, 50000.0}) {
    Player player;
    player.set_speed(speed, 0);
    player.toggle_play({1000000}, false, 0);
    for (int i = 0; i <= 600; ++i) player.advance({1000000}, false, i / 60.0);
    EXPECT_NEAR(static_cast<double>(player.cursor().value), speed * 10, speed / 30 + 1.01) << speed;
  }
}

TEST(Player, FilmsAreNeverLongerThanTheInterval) {
  Player player;
  player.set_speed(10, 0);
  player.toggle_play(kEnd, false, 0);
  EXPECT_DOUBLE_EQ(player.film_seconds(), 0.1);
  player.set_speed(2, 0);
  EXPECT_DOUBLE_EQ(player.film_seconds(), 0.25);
  player.set_speed(30, 0);
  EXPECT_DOUBLE_EQ(player.film_seconds(), 0);
}

TEST(Player, ReducedMotionShowsNoFilm) {
  Player player;
  player.set_reduce_motion(true);
  player.step(1, kEnd, 0);
  EXPECT_EQ(player.cursor().value, 1u);
  EXPECT_FALSE(player.moving());
}

TEST(Player, StopsAtTheEndOfAFinishedTraceAndStartsOver) {
  Player player;
  player.jump({998});
  player.set_speed(60, 0);
  player.toggle_play(kEnd, false, 0);
  for (int i = 0; i < 60; ++i) player.advance(kEnd, false, i / 60.0);
  EXPECT_EQ(player.cursor(), kEnd);
  EXPECT_FALSE(player.playing());
  player.toggle_play(kEnd, false, 2);
  EXPECT_EQ(player.cursor().value, 0u);
  EXPECT_TRUE(player.playing());
}

TEST(Player, APauseOfTheProgramIsNoBurstOfSteps) {
  Player player;
  player.set_speed(60, 0);
  player.toggle_play({100000}, false, 0);
  player.advance({100000}, false, 0);
  player.advance({100000}, false, 600);
  EXPECT_LT(player.cursor().value, 20u);
}

TEST(Player, FrozenPhasesStay) {
  Player player;
  player.freeze({7}, 0.4);
  player.advance(kEnd, false, 100);
  EXPECT_DOUBLE_EQ(player.phase(), 0.4);
  EXPECT_EQ(player.film_step().value, 7u);
  EXPECT_TRUE(std::isinf(player.wait(100)));
}

TEST(Player, SpeedIsClamped) {
  Player player;
  player.set_speed(0, 0);
  EXPECT_DOUBLE_EQ(player.speed(), kMinimumSpeed);
  player.set_speed(1e9, 0);
  EXPECT_DOUBLE_EQ(player.speed(), kMaximumSpeed);
}

}  // namespace
}  // namespace fiberscope::app
