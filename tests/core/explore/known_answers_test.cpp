// The table of known answers: computed three ways before this code was written, and printed in docs/interleavings.md.
#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <set>

#include "core/explore/schedule.h"
#include "core/explore/state_graph.h"
#include "tests/core/explore/ask.h"

namespace fiberscope::core::explore {
namespace {

using boost::multiprecision::cpp_int;
using boost::multiprecision::cpp_rational;

constexpr const char* kBody = "x=x+1; y=y+x";
const std::vector<std::vector<std::int64_t>> kEnds = {{1, 1}, {1, 2}, {2, 1}, {2, 2}, {2, 3}, {2, 4}};

cpp_int multinomial(unsigned threads, unsigned steps) {
  cpp_int value = 1;
  for (unsigned i = 1; i <= threads * steps; ++i) value *= i;
  for (unsigned t = 0; t < threads; ++t)
    for (unsigned i = 1; i <= steps; ++i) value /= i;
  return value;
}

std::vector<std::string> schedules_of(const Answer& answer) {
  std::vector<std::string> all;
  for (const auto& end : kEnds) all.push_back(answer.outcome(end) ? answer.outcome(end)->schedules.text() : "none");
  return all;
}

TEST(KnownAnswers, Statements) {
  const Answer answer = ask(typed({kBody, kBody}, "statement"));
  EXPECT_EQ(answer.found.schedules.text(), "6");
  EXPECT_EQ(answer.found.executions.text(), "6");
  ASSERT_EQ(answer.found.outcomes.size(), 2U);
  EXPECT_EQ(answer.outcome({2, 3})->schedules.text(), "2");
  EXPECT_EQ(answer.outcome({2, 4})->schedules.text(), "4");
}

TEST(KnownAnswers, Textbook) {
  const Answer answer = ask(typed({kBody, kBody}));
  EXPECT_EQ(answer.found.schedules.text(), "924");
  EXPECT_EQ(answer.found.executions.text(), "28");
  EXPECT_EQ(answer.found.threads[0].fewest, 6U);
  EXPECT_EQ(answer.found.threads[1].most, 6U);
  ASSERT_EQ(answer.found.outcomes.size(), 6U);
  EXPECT_EQ(schedules_of(answer), (std::vector<std::string>{"630", "126", "12", "114", "32", "10"}));
  const std::vector<unsigned> preemptions = {2, 1, 1, 1, 0, 1};
  const std::vector<double> probabilities = {0.410156, 0.339844, 0.005859, 0.076172, 0.148438, 0.019531};
  cpp_rational whole = 0;
  for (std::size_t i = 0; i < kEnds.size(); ++i) {
    const Outcome& outcome = *answer.outcome(kEnds[i]);
    EXPECT_EQ(outcome.preemptions, preemptions[i]);
    EXPECT_NEAR(static_cast<double>(cpp_rational(*outcome.chance, answer.found.chances)), probabilities[i], 6e-7);
    whole += cpp_rational(*outcome.chance, answer.found.chances);
  }
  EXPECT_EQ(whole, 1);
  EXPECT_EQ(answer.outcome({1, 1})->witness, "T1x2 T2x4 T1x4 T2x2");
  EXPECT_EQ(exact_probability(answer.found, *answer.outcome({1, 1})), "105/256");
}

TEST(KnownAnswers, CompiledWithoutOptimisation) {
  const Answer answer = ask(typed({kBody, kBody}, "O0"));
  EXPECT_EQ(answer.found.threads[0].fewest, 7U);
  EXPECT_EQ(answer.found.schedules.text(), "3432");
  EXPECT_EQ(answer.found.executions.text(), "28");
  EXPECT_EQ(schedules_of(answer), (std::vector<std::string>{"2604", "168", "80", "508", "62", "10"}));
}

TEST(KnownAnswers, ThreeIncrementsUnderTwoSchedulers) {
  ExploreRequest request = typed({"x=x+1", "x=x+1", "x=x+1"});
  const auto counts = [](const Answer& answer) {
    std::vector<std::string> all;
    for (const std::int64_t end : {1, 2, 3})
      all.push_back(answer.outcome({end}) ? answer.outcome({end})->schedules.text() : "none");
    return all;
  };
  EXPECT_EQ(counts(ask(request)), (std::vector<std::string>{"1404", "270", "6"}));
  request.scheduler = "rr";
  EXPECT_EQ(counts(ask(request)), (std::vector<std::string>{"34", "14", "1"}));
  // By hand: turns of two steps are T1 T1 T2 T2 T3 T3 T1 T2 T3: all load 0, all store 1.
  request.scheduler = "rr=2";
  const Answer exact = ask(request);
  EXPECT_EQ(counts(exact), (std::vector<std::string>{"1", "none", "none"}));
  EXPECT_EQ(exact.found.outcomes[0].witness, "T1x2 T2x2 T3x2 T1x1 T2x1 T3x1");
  request.scheduler = "rr=3";
  EXPECT_EQ(counts(ask(request)), (std::vector<std::string>{"none", "none", "1"}));
}

TEST(KnownAnswers, TheEndOfATurnIsAPreemption) {
  ExploreRequest request = typed({kBody, kBody});
  request.scheduler = "rr=2";
  const Answer answer = ask(request);
  ASSERT_EQ(answer.found.outcomes.size(), 1U);
  EXPECT_EQ(answer.found.outcomes[0].witness, "T1x2 T2x2 T1x2 T2x2 T1x2 T2x2");
  // By hand: four switches away from a thread that could go on; the fifth leaves one that has finished.
  EXPECT_EQ(answer.found.outcomes[0].preemptions, 4U);
  // The bounded search counts likewise: within three preemptions there is no end of it.
  request.limits.max_states = 12;
  const Answer bounded = ask(request);
  ASSERT_EQ(bounded.found.outcomes.size(), 1U);
  EXPECT_EQ(bounded.found.complete_for, "schedules with at most 3 preemptions");
  EXPECT_FALSE(bounded.found.outcomes[0].preemptions) << *bounded.found.outcomes[0].preemptions;
}

TEST(KnownAnswers, MultinomialTotals) {
  const std::string body = "x=x+1; y=y+x; z=x+5*y";
  const Answer two = ask(typed({body, body}, "O0"));
  EXPECT_EQ(two.found.schedules.text(), "40116600");
  EXPECT_EQ(two.found.schedules.value, multinomial(2, 14));
  const Answer three = ask(typed({body, body, body}, "O0"));
  EXPECT_EQ(three.found.schedules.value, multinomial(3, 14));
  EXPECT_EQ(three.found.outcomes.size(), 115U);
  EXPECT_EQ(three.found.states, 801450U);
  EXPECT_EQ(three.found.transitions, 2159952U);
  // Seventy steps each: a count of 137 bits.
  std::string many;
  for (int i = 0; i < 70; ++i) many += "x=1;";
  const Answer long_ones = ask(typed({many, many}));
  EXPECT_EQ(long_ones.found.schedules.value, multinomial(2, 70));
  EXPECT_EQ(exact_probability(long_ones.found, long_ones.found.outcomes[0]), "1");
}

TEST(KnownAnswers, ProcessorsThatReadAndWriteInTwoSteps) {
  ExploreRequest request;
  request.target = FIBERSCOPE_INTERLEAVINGS "/increments.S";
  const Answer one = ask(request);
  EXPECT_EQ(one.ends("x").size(), 1U) << "an instruction is atomic on one processor";
  request.cpus = "many";
  const Answer many = ask(request);
  EXPECT_EQ(many.ends("x"), (std::map<std::int64_t, std::size_t>{{1, 1}, {2, 1}}));
  EXPECT_EQ(many.found.schedules.text(), "6") << "two steps each";
  ASSERT_NE(many.outcome({1}), nullptr);
  EXPECT_EQ(many.outcome({1})->schedules.text(), "4");
  // By hand: R1 W1 R2 W2 and R2 W2 R1 W1 leave 2; of R1 R2 W1 W2, R2 R1 W1 W2, R1 R2 W2 W1 and R2 R1 W2 W1 the first
  // two differ in the order of two reads only, and so do the last two.
  EXPECT_EQ(many.found.executions.text(), "4");
  EXPECT_EQ(many.outcome({1})->executions.text(), "2");
}

TEST(KnownAnswers, ReadStepAndWriteStepOfOneInstruction) {
  ExploreRequest request = file("increments.S");
  request.cpus = "many";
  const auto prepared = prepare(request);
  ASSERT_TRUE(prepared.ok());
  const auto created = MachineStep::create(prepared->program, prepared->options.model);
  ASSERT_TRUE(created.ok());
  MachineStep& machine = **created;
  const SharedVariable& x = *prepared->program.variable("x");
  const auto is_one = [&machine](SiteId site, bool is_write) {
    const auto& accesses = machine.sites().at(site).accesses;
    return accesses.size() == 1 && accesses[0].is_write == is_write;
  };
  const LocalId start = machine.first_locals()[0];
  const StepResult read = *machine.step(start, machine.first_shared());
  EXPECT_TRUE(is_one(read.site, false));
  EXPECT_EQ(read.shared, machine.first_shared());
  EXPECT_EQ(machine.rip(read.local), machine.rip(start));
  // The other thread stores 1 in between: this one still adds to the 0 that it has read.
  const StepResult other = *machine.step(machine.first_locals()[1], machine.first_shared());
  const StepResult stored = *machine.step(other.local, other.shared);
  EXPECT_EQ(machine.value(stored.shared, x), 1);
  const StepResult write = *machine.step(read.local, stored.shared);
  EXPECT_TRUE(is_one(write.site, true));
  EXPECT_EQ(machine.value(write.shared, x), 1);
  EXPECT_TRUE(machine.finished(write.local));
}

/// Every witness leads, step by step, to the outcome that it stands for.
void expect_witnesses_true(const Answer& answer) {
  const auto machine = MachineStep::create(answer.asked.program, answer.asked.options.model);
  ASSERT_TRUE(machine.ok());
  const std::size_t threads = answer.asked.program.threads.size();
  for (const Outcome& outcome : answer.found.outcomes) {
    const auto actions = parse_schedule(outcome.witness, threads);
    ASSERT_TRUE(actions.ok());
    std::vector<LocalId> locals = (*machine)->first_locals();
    SharedId shared = (*machine)->first_shared();
    for (const std::uint8_t action : *actions) {
      const std::size_t thread = action % threads;
      const StepResult* step =
          action < threads ? (*machine)->step(locals[thread], shared) : (*machine)->drain(locals[thread], shared);
      ASSERT_TRUE(step != nullptr && step->enabled) << outcome.witness;
      locals[thread] = step->local;
      shared = step->shared;
    }
    for (const LocalId local : locals) EXPECT_TRUE((*machine)->finished(local)) << outcome.witness;
    std::size_t at = 0;
    for (const ObservedRegister& observed : answer.asked.program.observed)
      EXPECT_EQ(static_cast<std::int64_t>((*machine)->register_value(locals[observed.thread], observed.reg)),
                outcome.values[at++]);
    for (const SharedVariable& variable : answer.asked.program.variables)
      if (variable.is_observed) {
        EXPECT_EQ((*machine)->value(shared, variable), outcome.values[at++]);
      }
  }
}

TEST(KnownAnswers, WitnessesLeadToTheirOutcomes) {
  expect_witnesses_true(ask(typed({kBody, kBody})));
  expect_witnesses_true(ask(typed({"x=x+1; y=y+x; z=x+5*y", "x=x+1; y=y+x; z=x+5*y"}, "O0")));
  expect_witnesses_true(ask(file("store_buffering.litmus")));
  expect_witnesses_true(ask(file("peterson.c")));
  expect_witnesses_true(ask(file("bounded_buffer.c")));
}

TEST(KnownAnswers, TheMemoryOfStepsChangesNothing) {
  for (const char* lowering : {"statement", "textbook", "O0"}) {
    auto prepared = prepare(typed({kBody, kBody}, lowering));
    ASSERT_TRUE(prepared.ok());
    const auto with = explore(prepared->program, prepared->options);
    prepared->options.model.remember = false;
    const auto without = explore(prepared->program, prepared->options);
    ASSERT_TRUE(with.ok() && without.ok());
    EXPECT_GT(without->emulated_steps, with->emulated_steps);
    auto left = explore_json(*prepared, *with);
    auto right = explore_json(*prepared, *without);
    left.erase("emulated_steps");
    right.erase("emulated_steps");
    EXPECT_EQ(left, right);
  }
}

}  // namespace
}  // namespace fiberscope::core::explore
