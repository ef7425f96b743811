#include "app/theme.h"

#include <gtest/gtest.h>

#include <set>

#include "app/format.h"
#include "app/shortcuts.h"
#include "app/toolbar_panel.h"
#include "app/words.h"

namespace fiberscope::app {
namespace {

constexpr double kLeast = 4.6;

class ThemeTest : public testing::TestWithParam<ThemeKind> {};

TEST_P(ThemeTest, EveryTextIsReadableOnItsGround) {
  const Theme& t = theme_of(GetParam());
  for (const Colour ground : {t.panel, t.head, t.overlay}) {
    EXPECT_GE(contrast(t.text, ground), kLeast);
    EXPECT_GE(contrast(t.dim, ground), kLeast);
  }
  EXPECT_GE(contrast(t.changed, blend(t.panel, t.changed_back)), kLeast);
  EXPECT_GE(contrast(t.dim, blend(t.panel, t.changed_back)), kLeast);
  EXPECT_GE(contrast(t.text, t.caption_back), kLeast);
  EXPECT_GE(contrast(t.changed, t.caption_back), kLeast);
  EXPECT_GE(contrast(t.source_text, t.source_back), kLeast);
  EXPECT_GE(contrast(t.mnemonic, t.panel), kLeast);
  EXPECT_GE(contrast(t.on_accent, t.accent), kLeast);
  EXPECT_GE(contrast(t.on_alert, t.alert), kLeast);
  EXPECT_GE(contrast(t.dim, t.grid), kLeast);
}

TEST_P(ThemeTest, EveryThreadColourIsReadable) {
  const Theme& t = theme_of(GetParam());
  for (std::size_t i = 0; i < kThreadColours; ++i) {
    EXPECT_GE(contrast(t.on_threads[i], t.threads[i]), kLeast) << i;
    EXPECT_GE(contrast(t.threads[i], t.panel), kLeast) << i;
    const Colour body = blend(t.panel, with_alpha(t.threads[i], static_cast<std::uint32_t>(t.tint + 8)));
    EXPECT_GE(contrast(t.text, body), kLeast) << i;
    EXPECT_GE(contrast(t.dim, body), kLeast) << i;
    const Colour head = blend(body, with_alpha(t.threads[i], static_cast<std::uint32_t>(t.head_tint)));
    EXPECT_GE(contrast(t.text, head), kLeast) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Both, ThemeTest, testing::Values(ThemeKind::dark, ThemeKind::light),
                         [](const auto& kind) { return kind.param == ThemeKind::dark ? "dark" : "light"; });

TEST(Contrast, HasTheKnownEnds) {
  EXPECT_NEAR(contrast(rgb(0x000000), rgb(0xffffff)), 21, 0.01);
  EXPECT_NEAR(contrast(rgb(0x777777), rgb(0x777777)), 1, 0.001);
}

core::Thread thread(std::uint32_t id, core::ThreadKind kind = core::ThreadKind::user) {
  core::Thread t;
  t.id = {id};
  t.kind = kind;
  return t;
}

TEST(ThreadStyles, MainIsMInAHexagonAndTheOthersAreLetters) {
  const ThreadStyles styles({thread(0, core::ThreadKind::main), thread(1), thread(2), thread(3)});
  EXPECT_EQ(styles.of({0}), (ThreadStyle{'M', BadgeShape::hexagon, 2}));
  EXPECT_EQ(styles.of({1}), (ThreadStyle{'A', BadgeShape::circle, 0}));
  EXPECT_EQ(styles.of({2}), (ThreadStyle{'B', BadgeShape::square, 1}));
  EXPECT_EQ(styles.of({3}).letter, 'C');
  EXPECT_EQ(styles.of({3}).colour, 3);
  EXPECT_EQ(styles.of({9}).letter, '?');
  EXPECT_EQ(styles.order().back(), core::ThreadId{0});
}

TEST(ThreadStyles, EightThreadsDifferInLetterShapeAndColour) {
  std::vector<core::Thread> threads;
  for (std::uint32_t i = 0; i < 8; ++i)
    threads.push_back(thread(i, i == 0 ? core::ThreadKind::main : core::ThreadKind::user));
  const ThreadStyles styles(threads);
  std::set<char> letters;
  std::set<int> shapes;
  std::set<int> colours;
  for (std::uint32_t i = 0; i < 8; ++i) {
    letters.insert(styles.of({i}).letter);
    shapes.insert(static_cast<int>(styles.of({i}).shape));
    colours.insert(styles.of({i}).colour);
  }
  EXPECT_EQ(letters.size(), 8u);
  EXPECT_EQ(shapes.size(), 8u);
  EXPECT_EQ(colours.size(), 8u);
}

TEST(Words, PlaceholdersAreInEveryLanguage) {
  for (std::size_t l = 0; l < kLanguages; ++l) {
    const Words words(static_cast<Language>(l));
    EXPECT_NE(words(Word::since_n, "42").find("42"), std::string::npos);
    EXPECT_NE(words(Word::folded_frames_n, "3").find('3'), std::string::npos);
    EXPECT_EQ(language_by_name(to_string(words.language())), words.language());
  }
  EXPECT_FALSE(language_by_name("de"));
  EXPECT_STREQ(Words(Language::en).state(core::ThreadState::finished), "FINISHED");
  EXPECT_STREQ(Words(Language::en).reason(core::SwitchReason::unknown), "reason not known");
}

TEST(Format, NumbersAndOperands) {
  EXPECT_EQ(hex(0), "0");
  EXPECT_EQ(hex(0x2a, 6), "00002a");
  EXPECT_EQ(short_hex(0xdeadbeefcafef00d, 8), "dea…f00d");
  EXPECT_EQ(short_hex(0x1234, 8), "1234");
  EXPECT_EQ(grouped(640), "640");
  EXPECT_EQ(grouped(1234567), "1 234 567");
  EXPECT_EQ(flag_letters(0x246), "PF ZF IF");
  EXPECT_EQ(compact_operands("qword ptr [rbp - 0x18], rax", core::Syntax::intel), "[rbp-0x18], rax");
  EXPECT_EQ(compact_operands("qword ptr [rbp - 0x18], 1", core::Syntax::intel), "qword [rbp-0x18], 1");
  EXPECT_EQ(compact_operands("%rax, -0x18(%rbp)", core::Syntax::att), "%rax, -0x18(%rbp)");
  EXPECT_EQ(speed_number(0.5), "0.5");
  EXPECT_EQ(speed_number(2), "2");
  EXPECT_EQ(speed_number(100000), "100 000");
}

TEST(SpeedSlider, GoesBothWays) {
  for (const double speed : {0.5, 1.0, 2.0, 15.0, 60.0, 1000.0, 100000.0}) {
    EXPECT_NEAR(slider_to_speed(speed_to_slider(speed)), speed, speed * 0.05);
  }
  EXPECT_DOUBLE_EQ(speed_to_slider(0.5), 0);
  EXPECT_DOUBLE_EQ(speed_to_slider(100000), 1);
}

TEST(Shortcuts, UnknownKeysMeanNothing) {
  const WindowState state;
  KeyPress press;
  press.character = U'z';
  EXPECT_FALSE(command_for(press, state));
  press.character = U'7';
  const auto pin = command_for(press, state);
  ASSERT_TRUE(pin);
  EXPECT_EQ(std::get<command::PinPosition>(*pin).position, 6u);
}

TEST(Shortcuts, WhileExploringNothingMovesTheRun) {
  WindowState state;
  state.exploring = true;
  KeyPress press;
  for (const Key key : {Key::space, Key::left, Key::right, Key::home, Key::end}) {
    press.key = key;
    EXPECT_FALSE(command_for(press, state));
  }
  press.key = Key::character;
  for (const char32_t character : {U'n', U'g', U'1', U'e', U'f'}) {
    press.character = character;
    EXPECT_FALSE(command_for(press, state));
  }
  press.character = U'x';
  EXPECT_TRUE(std::holds_alternative<command::ToggleExplore>(*command_for(press, state)));
  press.key = Key::enter;
  EXPECT_TRUE(std::holds_alternative<command::Submit>(*command_for(press, state)));
}

}  // namespace
}  // namespace fiberscope::app
