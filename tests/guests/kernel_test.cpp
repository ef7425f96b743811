// The guests that have a kernel of their own, measured from their traces without asking the guest.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "asm/kernel/kernel.h"
#include "core/snapshot_builder.h"
#include "core/thread_table.h"
#include "tests/scenarios/scenario_run.h"

namespace fiberscope::tests {
namespace {

using core::StepIndex;
using emu::Address;
using emu::Register;

/// What the trace says about one step.
struct StepFacts {
  std::string function;
  std::uint32_t thread = 0;
  bool in_routine = false;    ///< in one of the routines of assembly that make the switch
  std::uint64_t moved = 0;    ///< bytes read and written, those of an interrupt frame included
  std::uint64_t entered = 0;  ///< exceptions and interrupts delivered behind it
};

std::vector<StepFacts> facts_of(const std::string& scenario) {
  static const std::set<std::string> kRoutines = {"switch_to_context", "system_call", "system_call_entry",
                                                  "timer_interrupt"};
  core::Trace& trace = *scenario_run(scenario).trace;
  const emu::Disassembler disassembler;
  std::vector<StepFacts> all(1);  // by step, from 1
  for (StepIndex step{1}; step <= trace.steps(); step = step + 1) {
    const core::StepEffects& effects = trace.effects_of(step);
    const core::StepTemplate& code = trace.templates()[effects.instruction];
    const auto decoded = disassembler.decode(Address{code.address}, {code.bytes.data(), code.size});
    StepFacts facts;
    if (const auto symbol = trace.image().symbol_at(Address{code.address})) facts.function = symbol->name;
    facts.thread = trace.thread_of_step(step).value_or(core::ThreadId{~0U}).value;
    facts.in_routine = kRoutines.contains(facts.function);
    for (const emu::MemoryOperand& operand : decoded.value().memory) facts.moved += operand.size;
    if (decoded->flow == emu::Flow::interrupt_return) facts.moved = 40;
    // A call and its return are how the code is arranged, not what a thread consists of, except where the return is the
    // switch itself.
    if (decoded->flow == emu::Flow::call || facts.function == "system_call") facts.moved = 0;
    for (const core::ChunkEvent& event : effects.events) {
      facts.entered += 1;
      const std::size_t first = effects.event_starts.at(&event - effects.events.data()).memory;
      for (std::size_t i = first; i < effects.memory.size(); ++i) facts.moved += effects.memory[i].size;
    }
    all.push_back(facts);
  }
  return all;
}

/// All that lies between the last step of one player's own code and the first one of the other's.
struct Turn {
  std::uint64_t steps = 0;
  std::uint64_t routine_steps = 0;
  std::uint64_t routine_bytes = 0;
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
};

std::vector<Turn> turns_of(const std::string& scenario) {
  static const std::set<std::string> kGame = {"play", "hit_ball", "pass_turn"};
  std::vector<Turn> turns;
  Turn turn;
  std::uint32_t player = 0;
  for (const StepFacts& facts : facts_of(scenario)) {
    if (kGame.contains(facts.function)) {
      if (player != 0 && facts.thread != player) turns.push_back(turn);
      player = facts.thread;
      turn = {};
      continue;
    }
    turn.steps += 1;
    turn.bytes += facts.moved;
    turn.entries += facts.entered;
    if (!facts.in_routine) continue;
    turn.routine_steps += 1;
    turn.routine_bytes += facts.moved;
  }
  return turns;
}

std::uint64_t word(const std::string& scenario, const std::string& symbol, std::uint64_t offset = 0) {
  core::Trace& trace = *scenario_run(scenario).trace;
  const Address address = trace.image().symbol(symbol).value().address + offset;
  return trace.state_at(trace.steps()).memory.read(address, 8).value();
}

TEST(PingPong, MovesFourTimesTheBytesThroughAKernel) {
  const std::vector<Turn> user = turns_of("user-ping-pong");
  const std::vector<Turn> kernel = turns_of("kernel-ping-pong");
  ASSERT_EQ(user.size(), 13U);  // the turn passed twelve times, and the end of ping
  ASSERT_EQ(kernel.size(), 13U);
  for (const Turn& turn : user) {
    EXPECT_EQ(turn.routine_bytes, 112U);
    EXPECT_EQ(turn.entries, 0U);
  }
  for (const Turn& turn : kernel) {
    EXPECT_EQ(turn.routine_bytes, 160U + 112U + 160U);
    EXPECT_EQ(turn.entries, 1U);
  }
}

TEST(PingPong, TakesMoreStepsThroughAKernel) {
  // Behind each player's first turn: then both ways are what they will always be.
  const Turn user = turns_of("user-ping-pong").at(5);
  const Turn kernel = turns_of("kernel-ping-pong").at(5);
  EXPECT_EQ(user.routine_steps, 16U);
  EXPECT_EQ(kernel.routine_steps, 4U + 17U + 16U + 16U);
  EXPECT_GT(kernel.steps, user.steps + kernel.routine_steps);
  EXPECT_GT(kernel.bytes, 2 * user.bytes);
  RecordProperty("user_steps", static_cast<int>(user.steps));
  RecordProperty("user_bytes", static_cast<int>(user.bytes));
  RecordProperty("kernel_steps", static_cast<int>(kernel.steps));
  RecordProperty("kernel_bytes", static_cast<int>(kernel.bytes));
}

TEST(PingPong, CountsForItselfWhatTheTraceShows) {
  for (const auto& [scenario, bytes] : {std::pair{"user-ping-pong", 112U}, {"kernel-ping-pong", 432U}}) {
    std::uint64_t entries = 0;
    for (const StepFacts& facts : facts_of(scenario)) entries += facts.entered;
    EXPECT_EQ(word(scenario, "switches"), 12U) << scenario;
    EXPECT_EQ(word(scenario, "bytes_moved"), 12U * bytes) << scenario;
    EXPECT_EQ(word(scenario, "kernel_entries"), entries) << scenario;
    for (std::uint64_t i = 0; i < 4; ++i) {
      const char* const names[] = {"", "switches", "kernel_entries", "bytes_moved"};
      EXPECT_EQ(word(scenario, "report", 8 * i), i == 0 ? 12U : word(scenario, names[i])) << scenario;
    }
  }
  EXPECT_EQ(word("kernel-ping-pong", "kernel_entries"), 14U);  // twelve turns, two ends
}

TEST(PingPong, ReturnsEachPlayerWithTheRegistersItHad) {
  core::Trace& trace = *scenario_run("kernel-ping-pong").trace;
  std::map<std::uint32_t, emu::RegisterFile> entered;
  std::uint64_t compared = 0;
  for (const core::Switch& entry : trace.switches()) {
    if (entry.at == "system_call") {
      // The step before int $0x80: at the switch itself rsp is gone already.
      entered[entry.from->value] = trace.state_at(entry.step - 1).registers;
    } else if (entry.at == "system_call_entry" && entered.contains(entry.to->value)) {
      const emu::RegisterFile& then = entered.at(entry.to->value);
      const emu::RegisterFile& now = trace.state_at(entry.step).registers;
      for (std::size_t i = 0; i < emu::kGeneralRegisters; ++i) {
        const Register reg = emu::general_register(i);
        if (reg != Register::rax) {
          EXPECT_EQ(now[reg], then[reg]) << emu::register_name(reg);
        }
      }
      EXPECT_EQ(now[Register::rflags], then[Register::rflags]);
      EXPECT_EQ(now[Register::rip], then[Register::rip] + 2);  // behind int $0x80
      ++compared;
    }
  }
  EXPECT_EQ(compared, 12U);
}

using Functions = std::vector<std::string>;

Functions chain_of(const core::Snapshot& snapshot, core::ThreadId thread) {
  Functions functions;
  for (const core::StackView& stack : snapshot.stacks)
    for (const core::Frame& frame : stack.frames)
      if (stack.thread == thread) functions.push_back(frame.function);
  return functions;
}

TEST(PingPong, HasTheUsersFramesOnOneStackAndTheKernelsOnTheOther) {
  ScenarioRun& run = scenario_run("kernel-ping-pong");
  core::SnapshotBuilder builder(*run.trace, &run.scenario(), "en");
  constexpr core::ThreadId kPing{1}, kPingsKernel{2};
  const Functions of_user = {"task_start", "player_task", "play", "pass_turn", "system_call"};
  std::size_t parked = 0;
  std::size_t left = 0;
  for (const core::Switch& entry : run.trace->switches()) {
    if (entry.from != kPingsKernel) continue;
    const core::Snapshot snapshot = builder.build(entry.step);
    if (entry.at == "system_call_entry") {
      ++left;  // by iretq: nothing of the kernel is left behind
      EXPECT_EQ(chain_of(snapshot, kPingsKernel), Functions{}) << "step " << entry.step.value;
      continue;
    }
    if (entry.reason != core::SwitchReason::yield) continue;
    ++parked;
    EXPECT_EQ(chain_of(snapshot, kPing), of_user);
    EXPECT_EQ(chain_of(snapshot, kPingsKernel), (Functions{"system_call_entry", "kernel_system_call", "kernel_yield",
                                                           "kernel_schedule", "switch_to_context"}));
  }
  EXPECT_EQ(left, 7U);  // the first time, and behind each of six turns
  EXPECT_EQ(parked, 6U);
}

constexpr const char* kOneTask = "one-kernel-task";

/// The threads of a cursor by name, as their control blocks say.
std::map<std::string, core::Thread> threads_at(StepIndex cursor) {
  core::Trace& trace = *scenario_run(kOneTask).trace;
  const auto table = core::ThreadTable::find(trace.image());
  std::map<std::string, core::Thread> threads;
  for (const core::Thread& thread : table.value().read(trace.state_at(cursor).memory)) threads[thread.name] = thread;
  return threads;
}

std::size_t tasks_at(StepIndex cursor) {
  core::Trace& trace = *scenario_run(kOneTask).trace;
  const Address table = trace.image().symbol("task_table").value().address;
  const emu::Memory& memory = trace.state_at(cursor).memory;
  std::size_t tasks = 0;
  for (std::size_t i = 0; i < TASK_TABLE_SIZE; ++i)
    tasks += memory.read(table + i * sizeof(task) + offsetof(task, state), 8) != THREAD_UNUSED ? 1 : 0;
  return tasks;
}

TEST(OneKernelTask, IsAllThatTheKernelKnowsOfThreeThreads) {
  core::Trace& trace = *scenario_run(kOneTask).trace;
  ASSERT_FALSE(trace.switches().empty());
  for (const core::Switch& entry : trace.switches()) EXPECT_EQ(tasks_at(entry.step), 3U) << entry.step.value;
  EXPECT_EQ(threads_at(trace.steps()).size(), 7U);  // three of the editor, the clock, two kernel stacks, main
}

TEST(OneKernelTask, StopsWithAllItsThreadsWhenOneWaits) {
  core::Trace& trace = *scenario_run(kOneTask).trace;
  std::uint64_t clock_steps = 0;
  std::uint64_t waits = 0;
  bool waited = false;
  for (StepIndex step{1}; step <= trace.steps(); step = step + 1) {
    const auto threads = threads_at(step - 1);
    const auto editor = threads.find("editor's kernel");
    const bool waiting = editor != threads.end() && editor->second.state == core::ThreadState::waiting;
    const auto runs = trace.thread_of_step(step);
    if (waiting && !waited) {
      ++waits;
      EXPECT_EQ(threads.at("typist").state, core::ThreadState::running) << "what its own runtime believes";
    }
    waited = waiting;
    if (!waiting || !runs) continue;
    for (const char* name : {"editor", "typist", "speller"}) EXPECT_NE(*runs, threads.at(name).id) << step.value;
    if (*runs == threads.at("clock").id) ++clock_steps;
  }
  EXPECT_EQ(waits, 3U);
  EXPECT_GT(clock_steps, 300U);
  EXPECT_EQ(word(kOneTask, "words_while_wait"), 0U);
  EXPECT_GT(word(kOneTask, "ticks_while_wait"), 0U);
}

TEST(OneKernelTask, IsNotEnteredForSwitchesWithinTheTask) {
  core::Trace& trace = *scenario_run(kOneTask).trace;
  const auto threads = threads_at(trace.steps());
  std::uint64_t within = 0;
  for (const core::Switch& entry : trace.switches()) {
    const auto is_of_editor = [&](const std::optional<core::ThreadId>& id) {
      return id == threads.at("editor").id || id == threads.at("typist").id || id == threads.at("speller").id;
    };
    if (!is_of_editor(entry.from) || !is_of_editor(entry.to)) continue;
    ++within;
    EXPECT_EQ(entry.at, "switch_to_context");
  }
  EXPECT_GE(within, 8U);
  EXPECT_EQ(word(kOneTask, "kernel_entries"), trace.events().size());
  EXPECT_EQ(trace.events().size(), 3U + 3U + 2U);  // three keys wanted, three timers, two ends
}

}  // namespace
}  // namespace fiberscope::tests
