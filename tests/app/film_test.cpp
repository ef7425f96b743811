#include "app/film.h"

#include <gtest/gtest.h>

#include "tests/app/fake_document.h"

namespace fiberscope::app {
namespace {

using emu::Register;

struct Moment {
  core::Snapshot before;
  core::Snapshot now;
};

Moment find(FakeDocument& document, const std::string& instruction, std::uint64_t from = 1) {
  for (std::uint64_t step = from; step <= document.timeline().steps.value; ++step) {
    Moment moment{document.snapshot({step - 1}), {}};
    moment.now = document.snapshot({step});
    if (moment.now.instruction->intel == instruction) return moment;
  }
  ADD_FAILURE() << "no step runs " << instruction;
  return {};
}

TEST(Film, APushedValueFliesFromItsRegisterToItsCell) {
  FakeDocument document;
  const Moment m = find(document, "push r12");
  const Film film = make_film(&m.before, m.now, 0.5);
  ASSERT_EQ(film.flights.size(), 1u);
  EXPECT_EQ(film.flights[0].from, Place{RegisterPlace{Register::r12}});
  EXPECT_EQ(film.flights[0].to, (Place{CellPlace{*m.now.rsp_thread, m.now.written[0].address}}));
  EXPECT_EQ(film.flights[0].value, m.before.registers[Register::r12]);
}

TEST(Film, APoppedValueFliesBackEvenIfItChangesNothing) {
  FakeDocument document;
  const Moment m = find(document, "pop r14");
  ASSERT_EQ(m.before.registers[Register::r14], m.now.registers[Register::r14]);
  const Film film = make_film(&m.before, m.now, 0.5);
  ASSERT_EQ(film.flights.size(), 1u);
  EXPECT_EQ(film.flights[0].to, Place{RegisterPlace{Register::r14}});
  EXPECT_TRUE(std::holds_alternative<CellPlace>(film.flights[0].from));
}

TEST(Film, ARegisterShowsItsOldValueUntilTheNewOneArrives) {
  FakeDocument document;
  const Moment m = find(document, "pop rbp", 60);
  ASSERT_NE(m.before.registers[Register::rbp], m.now.registers[Register::rbp]);
  const Film half = make_film(&m.before, m.now, 0.5);
  EXPECT_EQ(shown_value(half, &m.before, m.now, Register::rbp), m.before.registers[Register::rbp]);
  const Film over = make_film(&m.before, m.now, 1);
  EXPECT_EQ(shown_value(over, &m.before, m.now, Register::rbp), m.now.registers[Register::rbp]);
}

TEST(Film, TheSavedStackPointerFliesIntoTheControlBlock) {
  FakeDocument document;
  const Moment m = find(document, "mov qword ptr [rdi], rsp");
  const Film film = make_film(&m.before, m.now, 0.3);
  ASSERT_EQ(film.flights.size(), 1u);
  EXPECT_EQ(film.flights[0].from, Place{RegisterPlace{Register::rsp}});
  EXPECT_EQ(film.flights[0].to, Place{BlockPlace{*m.now.on_cpu}});
}

TEST(Film, ACallPushesRipAndARetPopsIt) {
  FakeDocument document;
  const Moment call = find(document, "call thread_yield");
  const Film there = make_film(&call.before, call.now, 0.5);
  ASSERT_EQ(there.flights.size(), 1u);
  EXPECT_EQ(there.flights[0].from, Place{RegisterPlace{Register::rip}});
  const Moment ret = find(document, "ret");
  const Film back = make_film(&ret.before, ret.now, 0.5);
  ASSERT_EQ(back.flights.size(), 1u);
  EXPECT_EQ(back.flights[0].to, Place{RegisterPlace{Register::rip}});
}

TEST(Film, ValuesThatAreEqualByChanceDoNotFly) {
  FakeDocument document;
  Moment m = find(document, "pop r14");
  // As `xor`, `sub` and `cmp` with an operand in memory: it reads the cell, and some register has its value afterwards.
  m.now.moved.reset();
  m.now.instruction->intel = "xor r14, qword ptr [rsp]";
  m.now.changed.push_back({Register::r14, 1, m.now.registers[Register::r14]});
  EXPECT_TRUE(make_film(&m.before, m.now, 0.5).flights.empty());
  // And one that writes a cell with the value that a register of its text holds.
  m = find(document, "push r12");
  m.now.moved.reset();
  m.now.instruction->intel = "add qword ptr [rsp], r12";
  EXPECT_TRUE(make_film(&m.before, m.now, 0.5).flights.empty());
}

TEST(Film, BetweenRegistersOnlyTheTagsMove) {
  FakeDocument document;
  Moment m = find(document, "mov rsp, rsi");
  m.now.moved.emplace();
  m.now.moved->from_register = Register::rsi;
  m.now.moved->to_register = Register::rsp;
  EXPECT_TRUE(make_film(&m.before, m.now, 0.5).flights.empty());
}

TEST(Film, AtTheSwitchTheTagCrossesAndTheLightIsHandedOver) {
  FakeDocument document;
  const Moment m = find(document, "mov rsp, rsi");
  const Film start = make_film(&m.before, m.now, 0);
  const Film end = make_film(&m.before, m.now, 1);
  ASSERT_TRUE(start.rsp.from && start.rsp.to);
  EXPECT_NE(start.rsp.from->thread, start.rsp.to->thread);
  EXPECT_FALSE(start.rbp.moves());
  const auto from = *m.before.on_cpu;
  const auto to = *m.now.on_cpu;
  EXPECT_DOUBLE_EQ(start.light(from, m.now.on_cpu), 1);
  EXPECT_DOUBLE_EQ(start.light(to, m.now.on_cpu), 0);
  EXPECT_DOUBLE_EQ(end.light(from, m.now.on_cpu), 0);
  EXPECT_DOUBLE_EQ(end.light(to, m.now.on_cpu), 1);
  const Film half = make_film(&m.before, m.now, 0.5);
  EXPECT_NEAR(half.light(from, m.now.on_cpu) + half.light(to, m.now.on_cpu), 1, 1e-12);
}

TEST(Film, EqualMomentsGiveEqualFilms) {
  FakeDocument document;
  const Moment m = find(document, "push rbx");
  const Film a = make_film(&m.before, m.now, 0.37);
  const Film b = make_film(&m.before, m.now, 0.37);
  EXPECT_EQ(a.progress, b.progress);
  EXPECT_EQ(a.flights.size(), b.flights.size());
  EXPECT_FALSE(make_film(nullptr, m.now, 0.5).running());
}

}  // namespace
}  // namespace fiberscope::app
