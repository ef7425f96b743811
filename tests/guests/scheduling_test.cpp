// The guests of note 002: what their scheduler says of itself against what the trace shows.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "asm/runtime/tcb.h"
#include "asm/thread_area/thread_area.h"
#include "core/memory_sink.h"
#include "core/recorder.h"
#include "core/thread_table.h"
#include "emu/bare_machine.h"
#include "tests/guests/native_run.h"
#include "tests/scenarios/scenario_run.h"

namespace fiberscope::tests {
namespace {

using core::StepIndex;
using core::SwitchReason;
using core::ThreadState;
using emu::Address;
using emu::Register;

Address address_of(const core::Trace& trace, const std::string& symbol) {
  return trace.image().symbol(symbol).value().address;
}

std::uint64_t word_at(core::Trace& trace, const std::string& symbol, std::uint64_t index, StepIndex cursor) {
  return trace.state_at(cursor).memory.read(address_of(trace, symbol) + 8 * index, 8).value();
}

std::uint64_t word_at_end(core::Trace& trace, const std::string& symbol, std::uint64_t index = 0) {
  return word_at(trace, symbol, index, trace.steps());
}

std::vector<core::Thread> threads_at(core::Trace& trace, StepIndex cursor) {
  return core::ThreadTable::find(trace.image()).value().read(trace.state_at(cursor).memory);
}

class TwoWays : public testing::TestWithParam<const char*> {};

TEST_P(TwoWays, ChargeEachThreadForTheStepsItHad) {
  core::Trace& trace = *scenario_run(GetParam()).trace;
  const StepIndex last = trace.switches().back().step;
  std::map<std::uint32_t, std::uint64_t> had;
  for (StepIndex step{1}; step <= last; step = step + 1) had[trace.thread_of_step(step).value().value] += 1;
  ASSERT_EQ(had.size(), 4U);
  for (const std::uint32_t worker : {1U, 2U, 3U})
    EXPECT_EQ(word_at_end(trace, "time_spent", worker), had.at(worker)) << "thread " << worker;
  // The clock is read a few steps before rsp moves, each time as many. Only main's first share begins at 0.
  const std::uint64_t main = word_at_end(trace, "time_spent", 0);
  EXPECT_LT(main, had.at(0));
  EXPECT_LT(had.at(0) - main, 50U);
}

TEST_P(TwoWays, FindTheSamePrimes) {
  core::Trace& trace = *scenario_run(GetParam()).trace;
  EXPECT_EQ(word_at_end(trace, "report", 0), 6U);
  EXPECT_EQ(word_at_end(trace, "report", 1), 10U);
  EXPECT_EQ(word_at_end(trace, "report", 2), 14U);
}

INSTANTIATE_TEST_SUITE_P(Scheduling, TwoWays, testing::Values("cooperative-scheduling", "preemptive-scheduling"),
                         [](const auto& name) { return std::string(name.param).substr(0, 4); });

std::size_t switches_by(core::Trace& trace, SwitchReason reason) {
  return static_cast<std::size_t>(std::count_if(trace.switches().begin(), trace.switches().end(),
                                                [&](const auto& entry) { return entry.reason == reason; }));
}

TEST(Scheduling, DiffersInWhoTakesTheCpu) {
  core::Trace& cooperative = *scenario_run("cooperative-scheduling").trace;
  EXPECT_TRUE(cooperative.events().empty());
  EXPECT_EQ(switches_by(cooperative, SwitchReason::timer), 0U);
  EXPECT_GE(switches_by(cooperative, SwitchReason::yield), 8U);
  core::Trace& preemptive = *scenario_run("preemptive-scheduling").trace;
  EXPECT_EQ(switches_by(preemptive, SwitchReason::yield), 0U);
  EXPECT_GE(switches_by(preemptive, SwitchReason::timer), 8U);
  EXPECT_EQ(word_at_end(preemptive, "preemptions"), preemptive.events().size());
}

TEST(Scheduling, GivesAPreemptedThreadEveryRegisterBack) {
  core::Trace& trace = *scenario_run("preemptive-scheduling").trace;
  const emu::Disassembler disassembler;
  std::map<std::uint32_t, std::pair<emu::RegisterFile, Address>> interrupted;
  std::size_t compared = 0;
  for (StepIndex step{1}; step <= trace.steps(); step = step + 1) {
    const core::StepTemplate& code = trace.templates()[trace.effects_of(step).instruction];
    const auto decoded = disassembler.decode(Address{code.address}, {code.bytes.data(), code.size});
    const std::uint32_t thread = trace.thread_of_step(step).value().value;
    if (decoded.value().flow == emu::Flow::interrupt_return) {
      const auto& [then, rip] = interrupted.at(thread);
      const emu::RegisterFile& now = trace.state_at(step).registers;
      for (std::size_t i = 0; i < emu::kGeneralRegisters; ++i) {
        const Register reg = emu::general_register(i);
        if (reg != Register::rsp) {
          EXPECT_EQ(now[reg], then[reg]) << "step " << step.value << ": " << emu::register_name(reg);
        }
      }
      EXPECT_EQ(now[Register::rip], rip.value);
      ++compared;
    }
    for (const core::EventRecord& record : trace.events_behind(step))
      interrupted[thread] = {trace.state_at(step).registers, record.event.rip_before};
  }
  EXPECT_EQ(compared, trace.events().size());
}

/// From and to of each switch, with another quantum.
std::vector<std::pair<std::uint32_t, std::uint32_t>> order_with_quantum(std::uint32_t quantum) {
  const core::RunTarget& target = scenario_run("preemptive-scheduling").target;
  const auto machine = boot(target);
  machine->memory().write(target.image.symbol("quantum").value().address, quantum, 4);
  auto trace = core::Trace::create(core::make_header(*machine, target.image, target.meta())).value();
  core::MemorySink sink(*trace);
  const auto ring = std::make_unique<core::StepRing>();
  {
    core::Recorder recorder(*machine, target.image, *ring, sink);
    recorder.run(target.max_steps);
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> order;
  for (const core::Switch& entry : trace->switches()) order.emplace_back(entry.from->value, entry.to->value);
  return order;
}

TEST(Scheduling, DoesNotHangOnAFewStepsOfACompiler) {
  const auto order = order_with_quantum(320);
  EXPECT_EQ(order.size(), scenario_run("preemptive-scheduling").trace->switches().size());
  for (const std::uint32_t quantum : {304U, 312U, 328U, 336U}) EXPECT_EQ(order_with_quantum(quantum), order) << quantum;
  EXPECT_NE(order_with_quantum(160), order);
}

TEST(PriorityPolicy, ChoosesTheHighestOfThoseWhoAreReady) {
  core::Trace& trace = *scenario_run("priority-scheduling").trace;
  const auto priority = [&](const core::Thread& thread, StepIndex cursor) {
    return trace.state_at(cursor).memory.read(thread.tcb + offsetof(tcb, priority), 2).value();
  };
  for (const core::Switch& entry : trace.switches()) {
    const std::vector<core::Thread> threads = threads_at(trace, entry.step);
    const core::Thread* chosen = core::find_thread(threads, entry.to.value());
    for (const core::Thread& thread : threads) {
      if (thread.state == ThreadState::ready) {
        EXPECT_LE(priority(thread, entry.step), priority(*chosen, entry.step)) << "step " << entry.step.value;
      }
    }
  }
}

TEST(PriorityPolicy, StarvesTheLowest) {
  core::Trace& trace = *scenario_run("priority-scheduling").trace;
  constexpr std::uint32_t kIndexer = 1, kAlarm = 2, kPlayer = 3;
  std::uint64_t first_of_indexer = 0;
  std::uint64_t last_of_others = 0;
  std::uint64_t choices = 0;
  for (StepIndex step{1}; step <= trace.steps(); step = step + 1) {
    const std::uint32_t thread = trace.thread_of_step(step).value().value;
    if (thread == kIndexer && first_of_indexer == 0) first_of_indexer = step.value;
    if (thread == kAlarm || thread == kPlayer) last_of_others = step.value;
    const auto rip = trace.state_at(step).registers[Register::rip];
    if (rip == address_of(trace, "policy_choose").value && first_of_indexer == 0) ++choices;
  }
  EXPECT_GT(first_of_indexer, last_of_others);
  // Ready from the beginning, it was passed over at every choice but the one that it won.
  EXPECT_EQ(word_at_end(trace, "passed_over", kIndexer), choices - 1);
}

constexpr std::array<std::uint32_t, 3> kTickets = {6, 3, 1};

/// The lottery told a second time, without threads.
class Lottery {
 public:
  explicit Lottery(std::uint32_t seed) : seed_(seed) {}

  void run() {
    std::deque<std::size_t> ready = {0, 1, 2};
    while (!ready.empty()) {
      std::uint32_t tickets = 0;
      for (const std::size_t worker : ready) tickets += kTickets.at(worker);
      seed_ = seed_ * 1664525U + 1013904223U;
      std::uint32_t drawn = (seed_ >> 16) % tickets;
      auto winner = ready.begin();
      for (; drawn >= kTickets.at(*winner); ++winner) drawn -= kTickets.at(*winner);
      const std::size_t worker = *winner;
      ready.erase(winner);
      wins.at(worker) += 1;
      if (journal.size() == 30) continue;  // it ends
      journal += static_cast<char>('a' + worker);
      ready.push_back(worker);
    }
  }

  std::string journal;
  std::array<std::uint64_t, 3> wins{};

 private:
  std::uint32_t seed_;
};

/// The machine at the end of a run whose picks, or whose word at a symbol, were given.
std::unique_ptr<emu::Machine> run_machine(const std::string& scenario, const std::vector<std::uint32_t>& picks,
                                          const std::string& symbol = {}, std::uint32_t value = 0) {
  const core::RunTarget& target = scenario_run(scenario).target;
  auto machine = boot(target);
  std::deque<std::uint32_t> answers(picks.begin(), picks.end());
  machine->set_picker([&] {
    if (answers.empty()) return emu::port::kNoOpinion;
    const std::uint32_t answer = answers.front();
    answers.pop_front();
    return answer;
  });
  if (!symbol.empty()) machine->memory().write(target.image.symbol(symbol).value().address, value, 4);
  machine->run(target.max_steps);
  machine->set_picker({});
  return machine;
}

std::uint64_t word_of(const emu::Machine& machine, const std::string& scenario, const std::string& symbol,
                      std::uint64_t index) {
  const emu::Image& image = scenario_run(scenario).target.image;
  return machine.memory().read(image.symbol(symbol).value().address + 8 * index, 8).value();
}

TEST(LotteryPolicy, DrawsAsASecondImplementationDoes) {
  const bool agreed = rc::check("any seed", [] {
    const std::uint32_t seed = *rc::gen::arbitrary<std::uint32_t>();
    Lottery lottery(seed);
    lottery.run();
    const auto machine = run_machine("lottery-scheduling", {}, "lottery_seed", seed);
    RC_ASSERT(machine->console().substr(0, 30) == lottery.journal);
    for (std::size_t worker = 0; worker < 3; ++worker)
      RC_ASSERT(word_of(*machine, "lottery-scheduling", "wins", worker + 1) == lottery.wins.at(worker));
  });
  EXPECT_TRUE(agreed);
}

TEST(LotteryPolicy, DrawsTheSameInEveryRun) {
  Lottery lottery(2026);
  lottery.run();
  EXPECT_EQ(scenario_run("lottery-scheduling").scenario().expected.output.substr(0, 30), lottery.journal);
  const NativeRun native = run_native("lottery_scheduling");
  EXPECT_EQ(native.output.substr(0, 30), lottery.journal);
  EXPECT_EQ((std::vector<std::uint64_t>(native.report.begin() + 3, native.report.end())),
            (std::vector<std::uint64_t>(lottery.wins.begin(), lottery.wins.end())));
}

TEST(ThreadJoin, ShowsAllFiveStates) {
  core::Trace& trace = *scenario_run("thread-join").trace;
  std::map<std::string, std::vector<ThreadState>> states;
  for (StepIndex cursor; cursor <= trace.steps(); cursor = cursor + 1)
    for (const core::Thread& thread : threads_at(trace, cursor)) {
      std::vector<ThreadState>& seen = states[thread.name];
      if (!thread.name.empty() && (seen.empty() || seen.back() != thread.state)) seen.push_back(thread.state);
    }
  using enum ThreadState;
  EXPECT_EQ(states["total"],
            (std::vector{init, ready, running, waiting, ready, running, waiting, ready, running, finished}));
  for (const char* name : {"left", "right"}) {
    EXPECT_EQ(states[name].front(), init) << name;
    EXPECT_EQ(states[name].back(), finished) << name;
    EXPECT_EQ(std::count(states[name].begin(), states[name].end(), waiting), 0) << name;
  }
  EXPECT_EQ(states["main"], (std::vector{running, waiting, ready, running}));
}

TEST(ThreadJoin, KeepsEachResultInTheControlBlock) {
  core::Trace& trace = *scenario_run("thread-join").trace;
  const emu::Memory& memory = trace.state_at(trace.steps()).memory;
  const Address table = address_of(trace, "thread_table");
  const std::array<std::uint64_t, 4> expected = {0, 6, 30, 36};
  for (std::size_t id = 1; id < expected.size(); ++id)
    EXPECT_EQ(memory.read(table + id * sizeof(tcb) + offsetof(tcb, result), 8), expected.at(id));
  EXPECT_EQ(word_at_end(trace, "report", 3), 35U);  // EDEADLK
}

TEST(ThreadErrno, LiesInTheBlockOfTheThreadThatRuns) {
  core::Trace& trace = *scenario_run("thread-errno").trace;
  const std::uint64_t areas = address_of(trace, "areas").value;
  for (const core::Switch& entry : trace.switches()) {
    const std::uint64_t base = trace.state_at(entry.step).registers[Register::fs_base];
    const std::uint32_t to = entry.to.value().value;
    EXPECT_EQ(base, to == 0 ? 0 : areas + (to - 1) * sizeof(thread_area)) << "step " << entry.step.value;
  }
  const std::array<std::uint64_t, 3> own = {0, 22, 34};
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_EQ(word_at_end(trace, "report", i), 34U) << "shared, thread " << i + 1;
    EXPECT_EQ(word_at_end(trace, "report", 3 + i), own.at(i)) << "own, thread " << i + 1;
  }
}

struct Outcome {
  std::uint64_t x = 1, y = 2, z = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
  friend auto operator<=>(const Outcome&, const Outcome&) = default;
};

/// The statements in this order of thread ids.
Outcome evaluate(const std::vector<std::uint32_t>& order) {
  Outcome v;
  for (const std::uint32_t thread : order) {
    if (thread == 1) v.x = v.x + 1;
    if (thread == 2) v.y = v.y + v.x;
    if (thread == 3) v.z = v.x + 5 * v.y;
  }
  return v;
}

TEST(InterleavedStatements, HaveTheOutcomeOfTheirOrder) {
  std::vector<std::uint32_t> order = {1, 1, 2, 2, 3, 3};
  std::map<Outcome, int> outcomes;
  int orders = 0;
  do {
    const Outcome expected = evaluate(order);
    const std::vector<std::uint64_t> words = {expected.x, expected.y, expected.z};
    const auto machine = run_machine("interleaved-statements", order);
    for (std::size_t i = 0; i < words.size(); ++i)
      EXPECT_EQ(word_of(*machine, "interleaved-statements", "report", i), words[i]) << testing::PrintToString(order);
    std::string letters;
    for (const std::uint32_t thread : order) letters += static_cast<char>('w' + thread);
    EXPECT_TRUE(machine->console().starts_with("order " + letters + "\n")) << machine->console();
    const NativeRun native = run_native("interleaved_statements", order);
    EXPECT_EQ(native.report, words) << testing::PrintToString(order);
    EXPECT_EQ(native.output, machine->console());
    outcomes[expected] += 1;
    ++orders;
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(orders, 90);
  for (const auto& [outcome, count] : outcomes) {
    EXPECT_EQ(outcome.x, 3U);
    EXPECT_TRUE(outcome.y >= 4 && outcome.y <= 8) << outcome.y;
  }
  EXPECT_GT(outcomes.size(), 10U);
}

}  // namespace
}  // namespace fiberscope::tests
