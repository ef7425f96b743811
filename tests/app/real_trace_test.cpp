// The window over the first scenario as it is recorded: every step of three switches, and the run from end to end.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "app/format.h"
#include "tests/app/headless_window.h"
#include "tests/app/recorded_document.h"

namespace fiberscope::app {
namespace {

struct Size {
  float width;
  float height;
};

TraceDocument& document() {
  static const std::unique_ptr<TraceDocument> recorded = record_document();
  return *recorded;
}

/// The steps around the first three switches, from the call to the return, and every tenth.
std::vector<std::uint64_t> interesting_cursors() {
  constexpr std::uint64_t kBefore = 12;
  constexpr std::uint64_t kBehind = 10;
  const core::Timeline& timeline = document().timeline();
  std::set<std::uint64_t> cursors;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::uint64_t at = timeline.switches.at(i).step.value;
    for (std::uint64_t step = at - kBefore; step <= at + kBehind; ++step) cursors.insert(step);
  }
  for (std::uint64_t step = 0; step <= timeline.steps.value; step += 10) cursors.insert(step);
  cursors.insert(timeline.steps.value);
  return {cursors.begin(), cursors.end()};
}

class RealTraceTest : public testing::TestWithParam<Size> {
 protected:
  HeadlessWindow window{document(), GetParam().width, GetParam().height};
  std::string where;

  void go(std::uint64_t cursor, double phase = 1) {
    where = "cursor " + std::to_string(cursor) + " phase " + std::to_string(phase);
    window.session.freeze(core::StepIndex{cursor}, phase);
    window.frame();
  }

  const ItemRegistry& items() { return window.workspace.items(); }

  /// Tags and values that fly cross what stands still; only while a film runs.
  static bool moves(const PaintedText& text) {
    return text.panel == "flight" || (text.panel == "stacks" && (text.text == "rsp" || text.text == "rbp"));
  }

  void check_texts(bool film) {
    const auto& texts = items().texts();
    ASSERT_GT(texts.size(), 100u) << where;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const PaintedText& text = texts[i];
      EXPECT_TRUE(text.rect.inside(window.window(), 0.5f)) << where << ": outside of the window: " << text.text;
      const Rect panel = items().panels().at(text.panel);
      EXPECT_TRUE(text.rect.inside(panel, 1.5f)) << where << ": outside of " << text.panel << ": " << text.text;
      EXPECT_FALSE(text.elided) << where << ": elided in " << text.panel << ": " << text.text;
      if (film && moves(text)) continue;
      for (std::size_t j = i + 1; j < texts.size(); ++j) {
        if (texts[j].panel != text.panel || (film && moves(texts[j]))) continue;
        EXPECT_FALSE(text.rect.overlaps(texts[j].rect, 0.6f))
            << where << ": in " << text.panel << " '" << text.text << "' covers '" << texts[j].text << "'";
      }
    }
  }

  std::vector<const PaintedText*> texts_in(const Rect& place, std::string_view panel) {
    std::vector<const PaintedText*> found;
    for (const PaintedText& text : items().texts()) {
      const Point at = text.rect.center();
      if (text.panel == panel && place.contains(at)) found.push_back(&text);
    }
    return found;
  }

  bool says(const Rect& place, std::string_view panel, const std::string& words) {
    for (const PaintedText* text : texts_in(place, panel)) {
      if (text->text == words) return true;
    }
    return false;
  }

  /// Each visible cell prints its own address, value and label; no two cells share a pixel. Returns how many there are.
  int check_cells(const core::Snapshot& now) {
    int seen = 0;
    std::vector<Rect> rects;
    for (const core::StackView& stack : now.stacks) {
      float bottom = -1;
      for (const core::Cell& cell : stack.cells) {
        const auto rect = items().find(label("cell", cell.address));
        if (!rect) continue;
        ++seen;
        EXPECT_GE(rect->y0, bottom - 0.5f) << where << ": high addresses are on top: " << hex_address(cell.address);
        bottom = rect->y1;
        EXPECT_TRUE(rect->inside(items().panels().at("stacks"))) << where << ": " << hex_address(cell.address);
        for (const Rect& other : rects) EXPECT_FALSE(rect->overlaps(other, 0.5f)) << where;
        rects.push_back(*rect);
        EXPECT_TRUE(says(*rect, "stacks", hex(cell.address.value, 6))) << where << ": " << hex_address(cell.address);
        const bool unwritten = cell.role == core::CellRole::never_written && cell.value == 0;
        bool printed = says(*rect, "stacks", unwritten ? "·" : hex(cell.value));
        for (int digits = 15; digits >= 7 && !printed; --digits)
          printed = says(*rect, "stacks", short_hex(cell.value, digits));
        EXPECT_TRUE(printed) << where << ": " << hex_address(cell.address) << " holds " << hex(cell.value);
        EXPECT_TRUE(cell.symbol.empty() || says(*rect, "stacks", cell.symbol))
            << where << ": " << hex_address(cell.address) << " is " << cell.symbol;
      }
    }
    return seen;
  }

  void check_registers(const core::Snapshot& now) {
    for (std::size_t i = 0; i < emu::kGeneralRegisters; ++i) {
      const emu::Register reg = emu::general_register(i);
      const Rect row = window.item("reg " + std::string(emu::register_name(reg)));
      EXPECT_TRUE(says(row, "registers", hex(now.registers[reg]))) << where << ": " << emu::register_name(reg);
    }
  }

  /// The tag points at the cell whose address the register holds: beside it, and at its height unless the other tag
  /// stands there.
  void check_tag(const core::Snapshot& now, emu::Register reg, std::optional<core::ThreadId> thread) {
    const std::string name(emu::register_name(reg));
    const auto tag = items().find("tag " + name);
    const auto cell = items().find(label("cell", emu::Address{now.registers[reg]}));
    EXPECT_TRUE(tag || !thread || reg != emu::Register::rsp) << where << ": no tag for rsp";
    EXPECT_TRUE(thread || !tag) << where << ": " << name << " is on no stack";
    if (!tag || !cell) return;
    EXPECT_LE(tag->x1, cell->x0 + 0.5f) << where << ": " << name;
    EXPECT_GE(tag->x1, cell->x0 - 12 * GetParam().width / 1600) << where << ": " << name;
    // A tag gives way to the other one only where their cells are closer together than tags are tall.
    const auto distance =
        static_cast<std::int64_t>(now.registers[emu::Register::rbp] - now.registers[emu::Register::rsp]);
    const bool gives_way = reg != emu::Register::rsp && distance >= -8 && distance <= 8;
    EXPECT_NEAR(tag->center().y, cell->center().y, gives_way ? tag->height() + 3 : 2) << where << ": " << name;
  }
};

TEST_P(RealTraceTest, IsRightAndLegibleAtEveryStep) {
  for (const std::uint64_t cursor : interesting_cursors()) {
    go(cursor);
    check_texts(false);
    const core::Snapshot now = *window.session.view().now;
    ASSERT_EQ(now.step.value, cursor);
    const int cells = check_cells(now);
    EXPECT_TRUE(cells > 0 || !now.on_cpu) << where;
    check_registers(now);
    check_tag(now, emu::Register::rsp, now.rsp_thread);
    check_tag(now, emu::Register::rbp, now.rbp_thread);
    const emu::Address rsp{now.registers[emu::Register::rsp]};
    EXPECT_TRUE(!now.rsp_thread || items().find(label("cell", rsp))) << where << ": the cell at rsp is out of view";
    if (HasFailure()) return;  // one cursor is enough to read
  }
}

TEST_P(RealTraceTest, TheCaptionIsWholeAtEveryStepOfASwitch) {
  for (std::size_t i = 0; i < 3; ++i) {
    const std::uint64_t at = document().timeline().switches.at(i).step.value;
    for (std::uint64_t cursor = at - 8; cursor <= at + 7; ++cursor) {
      go(cursor);
      const core::Caption& caption = window.session.view().now->caption;
      ASSERT_FALSE(caption.sentence.empty()) << where;
      std::string painted;
      for (const PaintedText& text : items().texts()) {
        if (text.panel == "caption" && text.text != caption.instruction)
          painted += (painted.empty() ? "" : " ") + text.text;
      }
      EXPECT_EQ(painted, caption.sentence) << where;
    }
  }
}

/// The nearest step at or behind `from` whose instruction begins like that.
TEST_P(RealTraceTest, ASavedRegisterNamesTheLocalThatLivesInIt) {
  // At a switch both stacks hold an rbx, with the producer's count or the consumer's sum.
  int named = 0;
  for (const core::Switch& change : document().timeline().switches) {
    go(change.step.value);
    for (const core::StackView& stack : document().snapshot(change.step).stacks) {
      for (const core::Cell& cell : stack.cells) {
        const auto rect = items().find(label("cell", cell.address));
        if (!rect || cell.owner.empty()) continue;
        ++named;
        const std::string local = cell.owner.substr(cell.owner.rfind(' ') + 1);
        EXPECT_TRUE(says(*rect, "stacks", cell.owner) || says(*rect, "stacks", local)) << where << ": " << cell.owner;
      }
    }
  }
  EXPECT_GT(named, 8);
}

std::uint64_t find_step(std::uint64_t from, std::string_view instruction) {
  const std::uint64_t steps = document().timeline().steps.value;
  for (std::uint64_t step = from; step <= steps; ++step) {
    const core::Snapshot& now = document().snapshot({step});
    if (now.instruction && now.instruction->intel.starts_with(instruction)) return step;
  }
  ADD_FAILURE() << "no " << instruction;
  return 0;
}

TEST_P(RealTraceTest, FilmsKeepTheRestOfThePictureLegible) {
  const std::uint64_t at = document().timeline().switches.at(1).step.value;
  const std::uint64_t steps[] = {find_step(at - 12, "call"),     find_step(at - 12, "push rbp"),
                                 find_step(at - 12, "push rbx"), at,
                                 find_step(at, "pop rbx"),       find_step(at, "pop rbp"),
                                 find_step(at, "ret"),           find_step(at, "leave"),
                                 find_step(at, "mov rbp")};
  for (const std::uint64_t step : steps) {
    for (const double phase : {0.25, 0.5, 0.75}) {
      go(step, phase);
      ASSERT_TRUE(window.session.view().film.running()) << where;
      check_texts(true);
      for (const auto& [name, rect] : items().items()) {
        if (name.starts_with("flight") || name.starts_with("tag")) {
          EXPECT_TRUE(rect.inside(window.window())) << where << ": " << name;
        }
      }
      if (HasFailure()) return;
    }
  }
}

TEST_P(RealTraceTest, APushedValueFliesAndThePlaceAwaitsIt) {
  const std::uint64_t at = document().timeline().switches.at(1).step.value;
  const std::uint64_t push = find_step(at - 12, "push rbp");
  const core::Snapshot before = document().snapshot({push - 1});
  const core::Snapshot now = document().snapshot({push});
  ASSERT_EQ(now.written.size(), 1u);
  const Rect cell = [&] {
    go(push);
    return window.item(label("cell", now.written.front().address));
  }();
  const Rect source = window.item("reg rbp");
  float last = 1e9f;
  for (const double phase : {0.25, 0.5, 0.75}) {
    go(push, phase);
    const Rect pill = window.item("flight " + hex(now.written.front().new_value));
    const float left = std::hypot(pill.center().x - cell.center().x, pill.center().y - cell.center().y);
    EXPECT_LT(left, last) << where;
    EXPECT_LT(pill.center().x, source.x1) << where;
    last = left;
    EXPECT_FALSE(items().find(label("written", now.written.front().address))) << where;
  }
}

TEST_P(RealTraceTest, AtTheSwitchTheRspTagCrossesAndTheRbpTagStays) {
  const core::Switch change = document().timeline().switches.at(1);
  const std::uint64_t at = change.step.value;
  go(at);
  const Rect rbp = window.item("tag rbp");
  const Rect arrived = window.item("tag rsp");
  EXPECT_GT(std::abs(rbp.center().x - arrived.center().x), window.window().width() * 0.1f);
  float last = -1;
  for (const double phase : {0.0, 0.25, 0.5, 0.75}) {
    go(at, phase);
    EXPECT_EQ(window.item("tag rbp"), rbp) << where;
    const Rect rsp = window.item("tag rsp");
    const float left = std::abs(rsp.center().x - arrived.center().x);
    EXPECT_TRUE(last < 0 || left < last) << where;
    last = left;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, RealTraceTest, testing::Values(Size{1280, 720}, Size{1600, 900}, Size{1920, 1080}),
                         [](const auto& size) { return std::to_string(static_cast<int>(size.param.width)); });

}  // namespace
}  // namespace fiberscope::app
