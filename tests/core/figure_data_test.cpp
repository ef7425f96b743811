// The watched variables, against what the program prints and what the trace says of their bytes.
#include "core/figure_data.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/snapshot_builder.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

class WatchedValues : public testing::Test {
 protected:
  FigureData at(StepIndex cursor) {
    SnapshotBuilder builder(*trace, &*scenario, "en");
    StateHistory history(*trace);
    return make_figure_data(*trace, history, builder.build(cursor), &*scenario);
  }
  static const WatchedValue* find(const FigureData& data, const std::string& name) {
    const auto found = std::find_if(data.variables.begin(), data.variables.end(),
                                    [&](const WatchedValue& value) { return value.cell.name == name; });
    return found == data.variables.end() ? nullptr : &*found;
  }

  emu::Result<Scenario> scenario = find_scenario("switch-to-context");
  std::unique_ptr<Trace> trace = record(scenario_image("switch_to_context.elf"));
};

TEST_F(WatchedValues, AnArrayOfCharactersIsOneText) {
  const FigureData end = at(trace->steps());
  const WatchedValue* journal = find(end, "journal");
  ASSERT_NE(journal, nullptr);
  EXPECT_TRUE(journal->is_text);
  EXPECT_NE(scenario->expected.output.find("\n" + journal->text + "\n"), std::string::npos)
      << journal->text << " is the line that the program prints";
  const FigureData start = at(StepIndex{0});
  ASSERT_NE(find(start, "journal"), nullptr);
  EXPECT_EQ(find(start, "journal")->text, "");
  EXPECT_EQ(start.variables.size(), end.variables.size());
}

TEST_F(WatchedValues, MembersHaveNamesAndTheTracesValues) {
  for (std::uint64_t cursor = 0; cursor <= trace->steps().value; cursor += 97) {
    const FigureData data = at(StepIndex{cursor});
    const WatchedValue* count = find(data, "shelf.count");
    ASSERT_NE(count, nullptr);
    EXPECT_LE(count->value, 3U) << "the ring has three slots";
    const emu::Symbol shelf = trace->image().symbol("shelf").value();
    EXPECT_EQ(count->cell.address, shelf.address + 32) << "behind three slots and the first index";
    EXPECT_EQ(count->value, trace->state_at(StepIndex{cursor}).memory.read(shelf.address + 32, 8));
  }
}

/// By hand from asm/runtime/tcb.h: a block has 104 bytes, and producer's is the second one of the table.
TEST_F(WatchedValues, ABlockIsNamedByItsElementAndItsThread) {
  const emu::Address table = trace->image().symbol("thread_table")->address;
  std::size_t named = 0;
  for (std::uint64_t cursor = 0; cursor <= trace->steps().value; cursor += 97) {
    const WatchedValue running = *find(at(StepIndex{cursor}), "running_thread");
    if (running.value == 0) continue;
    const std::uint64_t index = (running.value - table.value) / 104;
    const char* const names[] = {"main", "producer", "consumer"};
    ASSERT_LT(index, 3U);
    if (running.symbol.find('(') == std::string::npos) continue;  // before its block has a name
    EXPECT_EQ(running.symbol, "thread_table[" + std::to_string(index) + "] (" + names[index] + ")");
    ++named;
  }
  EXPECT_GT(named, 20U);
}

TEST_F(WatchedValues, AreChangedAtTheStepThatWritesThem) {
  const emu::Address count = trace->image().symbol("shelf")->address + 32;
  const auto step = trace->last_write(count, 8, trace->steps());
  ASSERT_TRUE(step.has_value());
  EXPECT_TRUE(find(at(*step), "shelf.count")->changed);
  EXPECT_FALSE(find(at(*step - 1), "shelf.count")->changed);
}

TEST_F(WatchedValues, AnAddressSaysOfWhat) {
  const FigureData start = at(StepIndex{0});
  const WatchedValue* running = find(start, "running_thread");
  ASSERT_NE(running, nullptr);
  EXPECT_EQ(running->symbol, "thread_table[0] (main)");
}

}  // namespace
}  // namespace fiberscope::core
