// Where threads stand beside what their own tables say, and what their kernel sees: against where rsp really goes, and
// against words that the guests keep for themselves.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/figure_data.h"
#include "core/kernel_view.h"
#include "core/snapshot_builder.h"
#include "core/thread_standing.h"
#include "tests/scenarios/scenario_run.h"

namespace fiberscope::tests {
namespace {

using core::Snapshot;
using core::StepIndex;
using core::ThreadState;
using core::ThreadView;
using emu::Register;

Snapshot snapshot_of(ScenarioRun& run, StepIndex step) {
  return core::SnapshotBuilder(*run.trace, &run.scenario(), "en").build(step);
}

const ThreadView& named(const Snapshot& snapshot, std::string_view name) {
  for (const ThreadView& view : snapshot.threads)
    if (view.thread.name == name) return view;
  throw std::runtime_error("no thread " + std::string(name));
}

const ThreadView& by_id(const Snapshot& snapshot, core::ThreadId id) {
  for (const ThreadView& view : snapshot.threads)
    if (view.thread.id == id) return view;
  throw std::runtime_error("no such thread");
}

std::uint64_t word_at(ScenarioRun& run, StepIndex step, const std::string& symbol, std::uint64_t offset = 0) {
  const emu::Address at = run.trace->image().symbol(symbol)->address + offset;
  return run.trace->state_at(step).memory.read(at, 8).value();
}

class Standings : public testing::TestWithParam<std::string> {};

std::vector<std::string> functions_of(const Snapshot& snapshot, core::ThreadId thread) {
  std::vector<std::string> functions;
  for (const core::StackView& stack : snapshot.stacks)
    if (stack.thread == thread)
      for (const core::Frame& frame : stack.frames) functions.push_back(frame.function);
  return functions;
}

/// Moving rsp away changes no frame: the second source is the chain right before, by the registers of the CPU.
TEST_P(Standings, ParkedThreadsKeepTheFramesThatTheyHad) {
  ScenarioRun& run = scenario_run(GetParam());
  core::Trace& trace = *run.trace;
  core::SnapshotBuilder builder(trace, &run.scenario(), "en");
  const auto& switches = trace.switches();
  for (std::size_t i = 0; i < switches.size(); i += 1 + switches.size() / 60) {
    const core::Switch& entry = switches[i];
    const bool by_step = !entry.at.empty() && trace.events_behind(entry.step).empty();
    if (!by_step || !entry.from || entry.step.value == 0 || trace.cpu_of_step(entry.step) != entry.cpu) continue;
    const auto before = functions_of(builder.build(entry.step - 1), *entry.from);
    const auto after = functions_of(builder.build(entry.step), *entry.from);
    if (after.empty()) continue;  // left for good
    EXPECT_EQ(before, after) << "switch at step " << entry.step.value;
  }
}

/// The second source is the run itself: what rsp is once the thread goes on.
TEST_P(Standings, ParkedThreadsGoOnWithTheSavedRspThatIsShown) {
  ScenarioRun& run = scenario_run(GetParam());
  core::SnapshotBuilder builder(*run.trace, &run.scenario(), "en");
  const auto& switches = run.trace->switches();
  std::size_t checked = 0;
  std::size_t known = 0;
  for (std::size_t i = 0; i < switches.size(); i += 1 + switches.size() / 120) {
    const core::Switch& entry = switches[i];
    if (!entry.to || !entry.from || entry.step.value == 0) continue;
    const Snapshot before = builder.build(entry.step - 1);
    const auto found = std::find_if(before.threads.begin(), before.threads.end(),
                                    [&](const ThreadView& view) { return view.thread.id == entry.to; });
    if (found == before.threads.end()) continue;
    // asm/fibers/kernel_jobs.S: kernel threads enter a scheduler at the top of its stack, whatever was there.
    if (found->thread.kind == core::ThreadKind::scheduler && run.trace->image().symbol("work_on_jobs")) continue;
    ++checked;
    // One that goes on upon its stack while another one's carries on is not parked; one that never ran may have its
    // registers in a structure of the program alone.
    if (!found->parked_rsp) {
      EXPECT_TRUE(found->with || found->switches_in == 0 || found->thread.state == ThreadState::running)
          << "step " << entry.step.value << ": " << found->thread.name;
      continue;
    }
    ++known;
    EXPECT_EQ(found->parked_rsp->value, run.trace->state_at(entry.step, entry.cpu).registers[Register::rsp])
        << "step " << entry.step.value << ": " << found->thread.name;
  }
  EXPECT_TRUE(checked == 0 || known > 0);
}

TEST_P(Standings, OnlyTheOwnerOfRspRunsOnTheProcessor) {
  ScenarioRun& run = scenario_run(GetParam());
  core::SnapshotBuilder builder(*run.trace, &run.scenario(), "en");
  const std::uint64_t steps = run.trace->steps().value;
  for (std::uint64_t step = 0; step <= steps; step += 1 + steps / 150) {
    const Snapshot now = builder.build(StepIndex{step});
    std::size_t on = 0;
    for (const ThreadView& view : now.threads) {
      const bool here = core::is_on_processor(now, view.thread.id);
      on += here ? 1 : 0;
      EXPECT_FALSE(here && view.parked_rsp) << "step " << step;
      // Only a table's word that the CPU contradicts is ever replaced.
      if (view.state != view.thread.state) {
        EXPECT_EQ(view.thread.state, ThreadState::running);
        ASSERT_TRUE(view.with) << "step " << step;
        EXPECT_FALSE(here);
        EXPECT_EQ(by_id(now, *view.with).thread.state, view.state) << "step " << step;
      } else if (view.with) {
        EXPECT_TRUE(core::is_on_processor(now, *view.with)) << "step " << step << ": " << view.thread.name;
      }
    }
    EXPECT_LE(on, run.trace->processors());
  }
}

INSTANTIATE_TEST_SUITE_P(All, Standings, testing::ValuesIn(run_names()), ScenarioRun::test_name);

/// The guest keeps a word of its own about whose turn it is.
TEST(Standing, ASchedulerStandsAsTheKernelThreadThatCarriesIt) {
  ScenarioRun& run = scenario_run("fiber-shared-jobs");
  core::SnapshotBuilder builder(*run.trace, &run.scenario(), "en");
  std::size_t carried = 0;
  for (std::uint64_t step = 1500; step <= run.trace->steps().value; step += 7) {
    const Snapshot now = builder.build(StepIndex{step});
    if (now.next && now.next->symbol.starts_with("turn_")) continue;  // passing the turn on
    const std::uint64_t turn = word_at(run, StepIndex{step}, "turn_self");
    for (const ThreadView& view : now.threads) {
      if (view.state == view.thread.state) continue;
      ++carried;
      EXPECT_EQ(view.thread.kind, core::ThreadKind::scheduler);
      const ThreadView& carrier = by_id(now, *view.with);
      EXPECT_NE(carrier.thread.tcb.value, turn) << "step " << step << ": who has the turn is not parked";
      EXPECT_EQ(view.thread.name.back(), carrier.thread.name.back()) << "kernel N is the one in scheduler N";
    }
  }
  EXPECT_GT(carried, 100U);
  const Snapshot at = builder.build(StepIndex{2221});
  std::size_t running = 0;
  for (const ThreadView& view : at.threads) running += view.state == ThreadState::running && !view.with ? 1 : 0;
  EXPECT_EQ(running, 1U) << "scheduler 2, which has rsp";
  EXPECT_EQ(named(at, "kernel 2").with, named(at, "scheduler 2").thread.id);
}

/// What the processor pushed when a user thread entered the kernel: rsp lies 16 below the top of the kernel's stack.
TEST(Standing, AThreadInTheKernelGoesOnWhereTheProcessorInterruptedIt) {
  ScenarioRun& run = scenario_run("one-kernel-task");
  core::SnapshotBuilder builder(*run.trace, &run.scenario(), "en");
  std::size_t seen = 0;
  std::size_t unknown = 0;
  for (const core::Switch& entry : run.trace->switches()) {
    const Snapshot now = builder.build(entry.step);
    const ThreadView& kernel = named(now, "editor's kernel");
    if (now.on_cpu != kernel.thread.id) continue;
    const auto pushed = run.trace->state_at(entry.step).memory.read(kernel.thread.stack.high - 16, 8);
    for (const char* name : {"typist", "speller", "editor"}) {
      const auto found = std::find_if(now.threads.begin(), now.threads.end(),
                                      [&](const ThreadView& view) { return view.thread.name == name; });
      if (found == now.threads.end() || !found->thread.stack.contains(emu::Address{*pushed})) continue;
      const core::StackView* stack = nullptr;
      for (const core::StackView& view : now.stacks)
        if (view.thread == found->thread.id) stack = &view;
      ASSERT_NE(stack, nullptr);
      EXPECT_EQ(stack->rsp.value, *pushed) << name << " at step " << entry.step.value;
      if (found->parked_rsp) {
        EXPECT_EQ(found->parked_rsp->value, *pushed) << name << " at step " << entry.step.value;
      }
      unknown += found->thread.saved_rsp.value != *pushed ? 1 : 0;
      ++seen;
    }
  }
  EXPECT_GT(seen, 3U);
  EXPECT_GT(unknown, 2U) << "the library's block knows nothing of an entry into the kernel";
}

TEST(Standing, SavedInAStructureOfTheProgram) {
  ScenarioRun& run = scenario_run("windowed-switch");
  const core::Switch& entry = run.trace->switches().at(4);
  const Snapshot now = snapshot_of(run, entry.step);
  const ThreadView& left = by_id(now, *entry.from);
  EXPECT_EQ(left.thread.saved_rsp.value, 0U) << "the block holds none";
  ASSERT_TRUE(left.parked_rsp);
  // threads[i].context.rsp is at offset 48 (the note's ThreadContext).
  std::set<std::uint64_t> contexts;
  for (const emu::ObjectPlace& place : run.trace->debug().objects("threads.context"))
    contexts.insert(run.trace->state_at(entry.step).memory.read(place.address + 48, 8).value());
  EXPECT_TRUE(contexts.contains(left.parked_rsp->value)) << std::hex << left.parked_rsp->value;
}

TEST(Kernel, OneTaskHowEverManyThreads) {
  ScenarioRun& run = scenario_run("one-kernel-task");
  const Snapshot now = snapshot_of(run, StepIndex{4995});
  const auto kernel = core::kernel_view(*run.trace, now, std::nullopt);
  ASSERT_TRUE(kernel);
  EXPECT_TRUE(kernel->is_guest_code);
  ASSERT_EQ(kernel->tasks.size(), 3U);
  EXPECT_TRUE(kernel->tasks[0].is_kernels_own);
  const auto names = [&](const core::KernelTask& task) {
    std::vector<std::string> list;
    for (const core::ThreadId id : task.threads) list.push_back(by_id(now, id).thread.name);
    return list;
  };
  EXPECT_EQ(names(kernel->tasks[1]), (std::vector<std::string>{"editor", "typist", "speller"}));
  EXPECT_EQ(names(kernel->tasks[2]), (std::vector<std::string>{"clock"}));
  EXPECT_EQ(by_id(now, *kernel->tasks[2].kernel_stack).thread.name, "clock's kernel");
  // struct task: state first, 48 bytes an entry (asm/kernel/kernel.h).
  for (const core::KernelTask& task : kernel->tasks)
    EXPECT_EQ(static_cast<std::uint64_t>(task.state), word_at(run, StepIndex{4995}, "task_table", task.number * 48));
}

TEST(Kernel, ProcessesAreNoThreads) {
  ScenarioRun& run = scenario_run("process-fork-cow");
  const Snapshot now = snapshot_of(run, StepIndex{258});
  const auto spaces = core::make_space_data(*run.trace, StepIndex{258});
  const auto kernel = core::kernel_view(*run.trace, now, spaces);
  ASSERT_TRUE(kernel);
  EXPECT_FALSE(kernel->is_guest_code);
  EXPECT_FALSE(kernel->has_library);
  ASSERT_EQ(kernel->tasks.size(), 2U) << "the parent and its child";
  EXPECT_NE(kernel->tasks[0].process, kernel->tasks[1].process);
  EXPECT_NE(kernel->tasks[0].space, kernel->tasks[1].space);
  EXPECT_EQ(kernel->tasks[0].threads, std::vector<core::ThreadId>{core::ThreadId{0}});
  EXPECT_EQ(kernel->tasks[1].threads, std::vector<core::ThreadId>{core::ThreadId{1}});
}

TEST(Kernel, ALibrarysThreadsAreInOneTask) {
  ScenarioRun& run = scenario_run("userthread-library");
  const Snapshot now = snapshot_of(run, run.trace->steps());
  const auto kernel = core::kernel_view(*run.trace, now, core::make_space_data(*run.trace, run.trace->steps()));
  ASSERT_TRUE(kernel);
  EXPECT_TRUE(kernel->has_library);
  ASSERT_EQ(kernel->tasks.size(), 1U);
  EXPECT_EQ(kernel->tasks.front().threads.size(), now.threads.size());
}

TEST(Kernel, NoneWhereNobodyIsOne) {
  for (const char* name : {"windowed-preemption", "switch-to-context", "fiber-shared-jobs"}) {
    ScenarioRun& run = scenario_run(name);
    const StepIndex at{run.trace->steps().value / 2};
    EXPECT_FALSE(core::kernel_view(*run.trace, snapshot_of(run, at), core::make_space_data(*run.trace, at))) << name;
  }
}

TEST(RspPlace, IsTheContextThatIsPopped) {
  ScenarioRun& run = scenario_run("fiber-pop-rsp");
  core::SnapshotBuilder builder(*run.trace, &run.scenario(), "en");
  const emu::Address contexts = run.trace->image().symbol("contexts")->address;
  constexpr std::uint64_t kSize = 56;  // six registers and rsp
  std::size_t seen = 0;
  for (std::uint64_t step = 2080; step <= 2100; ++step) {
    const Snapshot now = builder.build(StepIndex{step});
    EXPECT_EQ(now.rsp_place.has_value(), !now.rsp_thread.has_value()) << "step " << step;
    if (!now.rsp_place) continue;
    ++seen;
    const std::uint64_t rsp = now.registers[Register::rsp];
    EXPECT_EQ(now.rsp_place->name, "contexts[" + std::to_string((rsp - contexts.value) / kSize) + "]");
    ASSERT_EQ(now.rsp_place->words.size(), kSize / 8);
    for (const core::RspPlace::Word& word : now.rsp_place->words) {
      EXPECT_EQ(word.value, run.trace->state_at(StepIndex{step}).memory.read(word.address, 8));
      EXPECT_EQ(word.live, word.address.value >= rsp);
    }
    EXPECT_GT(now.rsp_place->words.front().address, now.rsp_place->words.back().address) << "high addresses first";
  }
  EXPECT_EQ(seen, 7U) << "from mov rsp, rsi to the pop in front of pop rsp";
}

/// Every scalar of every watched symbol is in the figure's data, however many there are.
TEST_P(Standings, NoWatchedValueIsMissing) {
  ScenarioRun& run = scenario_run(GetParam());
  const StepIndex at{run.trace->steps().value / 2};
  core::StateHistory history(*run.trace);
  const core::FigureData data = core::make_figure_data(*run.trace, history, snapshot_of(run, at), &run.scenario());
  std::size_t i = 0;
  for (const std::string& symbol : run.scenario().watch.symbols) {
    const auto cells = run.trace->debug().global(symbol);
    ASSERT_FALSE(cells.empty()) << symbol;
    // As far as the symbol table says that it reaches, but for padding.
    const auto extent = run.trace->image().symbol(symbol);
    if (extent) {
      EXPECT_GT(cells.back().address + cells.back().size + 8, extent->address + extent->size) << symbol;
    }
    for (std::size_t cell = 0; cell < cells.size();) {
      ASSERT_LT(i, data.variables.size()) << cells[cell].name;
      const core::WatchedValue& value = data.variables[i++];
      ASSERT_EQ(value.cell.address, cells[cell].address) << cells[cell].name;
      // A text stands for the bytes of its array.
      const emu::Address first = cells[cell].address;
      ++cell;
      while (value.is_text && cell < cells.size() && cells[cell].size == 1 &&
             cells[cell].name.starts_with(value.cell.name + "["))
        ++cell;
      EXPECT_EQ(value.cell.address, first);
    }
  }
  EXPECT_EQ(i, data.variables.size());
}

}  // namespace
}  // namespace fiberscope::tests
