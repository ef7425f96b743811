// Schedules: their text, and every order of the three statements against a calculation of its own.
#include "core/pick_schedule.h"

#include <gtest/gtest.h>

#include <set>

#include "core/thread_table.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

std::vector<ThreadId> picks(std::initializer_list<std::uint32_t> ids) {
  std::vector<ThreadId> result;
  for (const std::uint32_t id : ids) result.push_back(ThreadId{id});
  return result;
}

TEST(Schedule, IsReadAndWritten) {
  const auto read = parse_schedule(" T1x2 T0x1  T12x3 ");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, picks({1, 1, 0, 12, 12, 12}));
  EXPECT_EQ(schedule_text(*read), "T1x2 T0x1 T12x3");
  EXPECT_EQ(schedule_text(*parse_schedule("T1x1 T1x1 T2x1")), "T1x2 T2x1");
  EXPECT_TRUE(parse_schedule("")->empty());
  EXPECT_EQ(schedule_text({}), "");
}

TEST(Schedule, SaysWhichItemIsWrong) {
  for (const char* text : {"T1", "1x2", "T1x0", "T1x", "Txx1", "T1x2,T2x1", "T1x-1", "t1x1", "T1x99999999999"}) {
    const auto read = parse_schedule("T1x1 " + std::string(text));
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().message.find("'" + std::string(text) + "'"), 0U) << read.error().message;
  }
}

/// The guest of the scenario under a schedule, up to the question behind it or to its end.
class Statements {
 public:
  explicit Statements(std::vector<ThreadId> order)
      : machine_(std::move(emu::Machine::boot(image()).value())), picks_(*machine_, image(), std::move(order)) {
    picks_.stop_at_the_end();
    stop_ = machine_->run(1'000'000);
  }
  static const emu::Image& image() {
    static const emu::Image kImage = scenario_image("interleaved_statements.elf");
    return kImage;
  }
  [[nodiscard]] bool asks() const { return picks_.asks_behind().has_value(); }
  [[nodiscard]] const ScheduledPicks& answers() const { return picks_; }
  [[nodiscard]] const emu::Stop& stop() const { return stop_; }
  [[nodiscard]] std::vector<ThreadId> ready() const {
    std::vector<ThreadId> ids;
    for (const Thread& thread : ThreadTable::find(image())->read(machine_->memory()))
      if (thread.state == ThreadState::ready) ids.push_back(thread.id);
    return ids;
  }
  [[nodiscard]] std::uint64_t word(const char* symbol, std::uint64_t index = 0) const {
    return machine_->memory().read(image().symbol(symbol)->address + 8 * index, 8).value();
  }
  [[nodiscard]] std::string order() const {
    const auto bytes = machine_->memory().copy(image().symbol("order")->address, 6);
    return {bytes.begin(), bytes.end()};
  }

 private:
  std::unique_ptr<emu::Machine> machine_;
  ScheduledPicks picks_;
  emu::Stop stop_;
};

/// Every order, with main only where nobody else can run.
void explore(const std::vector<ThreadId>& order, std::set<std::string>& seen) {
  const Statements run(order);
  ASSERT_EQ(run.answers().problem(), "");
  ASSERT_EQ(run.answers().given(), order.size());
  if (!run.asks()) {
    ASSERT_EQ(run.stop().reason, emu::Stop::Reason::exited);
    const std::string statements = run.order();
    EXPECT_TRUE(seen.insert(statements).second) << statements << " came twice";
    std::uint64_t x = 1;
    std::uint64_t y = 2;
    std::uint64_t z = 0;
    for (const char statement : statements) {
      if (statement == 'x') x = x + 1;
      if (statement == 'y') y = y + x;
      if (statement == 'z') z = x + 5 * y;
    }
    EXPECT_EQ(run.word("report", 0), x) << statements;
    EXPECT_EQ(run.word("report", 1), y) << statements;
    EXPECT_EQ(run.word("report", 2), z) << statements;
    return;
  }
  std::vector<ThreadId> ready = run.ready();
  ASSERT_FALSE(ready.empty());
  if (ready.size() > 1) std::erase(ready, ThreadId{0});
  for (const ThreadId next : ready) {
    std::vector<ThreadId> longer = order;
    longer.push_back(next);
    explore(longer, seen);
  }
}

TEST(ScheduledPicks, GiveEachOfTheNinetyOrders) {
  std::set<std::string> seen;
  explore({}, seen);
  EXPECT_EQ(seen.size(), 90U) << "6! / (2! 2! 2!)";
}

TEST(ScheduledPicks, RefuseAThreadThatCannotRun) {
  const Statements nobody(picks({1, 7}));
  EXPECT_NE(nobody.answers().problem().find("turn 2"), std::string::npos) << nobody.answers().problem();
  const Statements waiting(picks({0}));
  EXPECT_NE(waiting.answers().problem().find("turn 1"), std::string::npos) << "main waits for the first thread";
}

TEST(ScheduledPicks, AskJustBeforeTheQuestion) {
  const Statements none({});
  ASSERT_TRUE(none.asks());
  const auto trace = record(Statements::image(), *none.answers().asks_behind());
  EXPECT_EQ(trace->steps().value, *none.answers().asks_behind());
  const MachineState& state = trace->state_at(trace->steps());
  const emu::Address rip{state.registers[emu::Register::rip]};
  EXPECT_EQ(state.memory.read(rip, 1), 0xedU) << "in eax, dx";
  EXPECT_EQ(state.registers[emu::Register::rdx] & 0xffff, 0xf30U) << "the scheduler port of docs/machine.md";
}

TEST(SchedulerPort, IsAskedByThoseThatHaveAChoice) {
  EXPECT_TRUE(asks_scheduler_port(*record(scenario_image("interleaved_statements.elf"))));
  EXPECT_TRUE(asks_scheduler_port(*record(scenario_image("windowed_switch.elf"))));
  EXPECT_FALSE(asks_scheduler_port(*record(scenario_image("fiber_swtch.elf"))))
      << "its scheduler has a list of its own";
  EXPECT_FALSE(asks_scheduler_port(*record(scenario_image("cooperative_scheduling.elf")))) << "only the clock";
}

}  // namespace
}  // namespace fiberscope::core
