// Several processors on one memory: the order of turns, what is atomic, what each has of its own.
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

#include "emu/interleaving.h"
#include "tests/emu/machine_guest.h"

namespace fiberscope::emu {
namespace {

const Image& guest() {
  static const Image image = machine_guest("processors");
  return image;
}

std::unique_ptr<Machine> boot(const std::string& label, unsigned processors, std::uint64_t seed = 0,
                              std::uint64_t rounds = 1) {
  MachineOptions options;
  options.processors = processors;
  options.seed = seed;
  auto machine = Machine::boot(guest(), options);
  if (!machine) throw std::runtime_error(machine.error().message);
  (*machine)->cpu().write(Register::rip, symbol(guest(), label).value);
  (*machine)->memory().write(symbol(guest(), "rounds"), rounds, 8);
  return std::move(machine).value();
}

std::uint64_t word(const Machine& machine, const std::string& name, std::size_t size = 4) {
  return word_at(machine, symbol(guest(), name), size);
}

Stop run(Machine& machine) {
  return machine.run(2'000'000);
}

TEST(Interleaving, RoundRobinGoesAroundThoseThatRun) {
  Interleaving order(0);
  std::vector<unsigned> turns;
  for (int i = 0; i < 5; ++i) turns.push_back(order.next(0b1011));
  turns.push_back(order.next(0b0110));
  turns.push_back(order.next(0b0001));
  EXPECT_EQ(turns, (std::vector<unsigned>{0, 1, 3, 0, 1, 2, 0}));
}

TEST(Interleaving, ASeedIsSplitMix64) {
  // The first outputs of the generator with seed 1234567, as its authors' test vectors have them.
  constexpr std::array<std::uint64_t, 5> kOutputs = {6457827717110365317U, 3203168211198807973U, 9817491932198370423U,
                                                     4593380528125082431U, 16408922859458223821U};
  for (const unsigned count : {1U, 2U, 3U, 8U}) {
    Interleaving order(1234567);
    for (const std::uint64_t output : kOutputs) EXPECT_EQ(order.next((1U << count) - 1), output % count);
  }
  Interleaving order(1234567);
  EXPECT_EQ(order.next(0b10100100), 2 + 3 * (kOutputs[0] % 3 > 0) + 2 * (kOutputs[0] % 3 > 1)) << "counted among those";
}

TEST(Processors, AreOneToNine) {
  MachineOptions options;
  for (const unsigned wrong : {0U, 10U}) {
    options.processors = wrong;
    const auto machine = Machine::boot(guest(), options);
    ASSERT_FALSE(machine);
    EXPECT_NE(machine.error().message.find("1 to 9 processors"), std::string::npos);
  }
}

TEST(Processors, EachIsResetAndKnowsItsNumber) {
  const auto machine = boot("count_locked", 8);
  for (unsigned i = 1; i < 8; ++i) {
    const RegisterFile registers = machine->registers(i);
    EXPECT_EQ(registers[Register::rip], 0U) << "not started";
    EXPECT_EQ(registers[Register::cs], 8U);
    EXPECT_EQ(registers[Register::rflags], 2U);
  }
  const Stop stop = run(*machine);
  EXPECT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
  EXPECT_EQ(stop.code, 8);
  for (unsigned i = 0; i < 8; ++i) EXPECT_EQ(machine->registers(i)[Register::r13], i);
}

TEST(Processors, WithoutLockUpdatesAreLostWithItNone) {
  constexpr std::uint64_t kRounds = 1000;
  for (const char* label : {"count_plain", "count_three_steps"}) {
    EXPECT_EQ(run(*boot(label, 1, 0, kRounds)).code, static_cast<int>(kRounds)) << "one processor loses nothing";
    EXPECT_LT(run(*boot(label, 2, 0, kRounds)).code, static_cast<int>(2 * kRounds)) << label;
    EXPECT_LT(run(*boot(label, 2, 5, kRounds)).code, static_cast<int>(2 * kRounds)) << label;
  }
  for (const std::uint64_t seed : {0U, 1U, 2U, 99U})
    for (const unsigned processors : {1U, 2U, 3U, 8U})
      EXPECT_EQ(run(*boot("count_locked", processors, seed, kRounds)).code, static_cast<int>(processors * kRounds));
}

TEST(Processors, ASeedAlwaysGivesTheSameRunAndAnotherOneAnother) {
  std::set<std::vector<std::uint64_t>> logs;
  for (const std::uint64_t seed : {0U, 1U, 2U, 3U}) {
    std::vector<std::vector<std::uint64_t>> words;
    for (int twice = 0; twice < 2; ++twice) {
      LogSink sink;
      const auto machine = boot("count_plain", 3, seed, 50);
      machine->set_sink(&sink);
      run(*machine);
      machine->set_sink(nullptr);
      words.push_back(sink.words());
    }
    EXPECT_EQ(words[0], words[1]);
    logs.insert(words[0]);
  }
  EXPECT_EQ(logs.size(), 4U);
}

TEST(Processors, StopsOnTheWayChangeNothing) {
  for (const std::uint64_t seed : {0U, 7U}) {
    const auto whole = boot("spin", 2, seed, 3);
    const Stop stop = run(*whole);
    const auto pieces = boot("spin", 2, seed, 3);
    for (std::uint64_t limit = 0; limit <= whole->steps(); ++limit) {
      pieces->run(limit);
      ASSERT_EQ(pieces->steps(), limit);
    }
    EXPECT_EQ(run(*pieces).code, stop.code);
    for (unsigned i = 0; i < 2; ++i) EXPECT_TRUE(pieces->registers(i) == whole->registers(i));
    EXPECT_TRUE(pieces->memory() == whole->memory());
  }
}

TEST(Processors, ASpinLockExcludesOverTwoHundredSeeds) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto machine = boot("spin", 2 + seed % 3, seed, 5);
    const Stop stop = run(*machine);
    ASSERT_EQ(stop.reason, Stop::Reason::exited) << "seed " << seed << ": " << stop.message;
    EXPECT_EQ(static_cast<std::uint64_t>(stop.code), 5 * (2 + seed % 3)) << "seed " << seed;
    EXPECT_EQ(word(*machine, "broken"), 0U) << "seed " << seed;
  }
}

TEST(Processors, AnExactOrderOfTurnsIsFollowed) {
  // Both read 0, then both write 1: the update of one is lost. 0, 0, 1, 1: nothing is.
  const auto result = [](std::vector<unsigned> order) {
    const auto machine = boot("count_plain", 2);
    const Address place = symbol(guest(), "count_plain_go");
    bool both_there = false;
    machine->set_turns([&, next = std::size_t{0}](std::uint32_t running) mutable -> unsigned {
      const auto at_work = [&](unsigned i) {
        // The increment is the one instruction of the program that is in neither loop nor macro.
        const auto bytes = machine->memory().copy(Address{machine->registers(i)[Register::rip]}, 2);
        return machine->registers(i)[Register::rip] >= place.value && bytes == std::vector<std::uint8_t>{0xff, 0x05};
      };
      if (running != 3) return running == 2 ? 1U : 0U;
      both_there |= at_work(0) && at_work(1);
      if (!both_there) return at_work(0) ? 1 : 0;
      return next < order.size() ? order[next++] : next++ % 2;
    });
    return run(*machine).code;
  };
  EXPECT_EQ(result({0, 1, 0, 1}), 1);
  EXPECT_EQ(result({0, 1, 1, 0}), 1);
  EXPECT_EQ(result({0, 0, 1, 1}), 2);
  EXPECT_EQ(result({1, 1, 0, 0}), 2);
}

TEST(Processors, AnOrderThatNamesNobodyEndsTheRun) {
  const auto machine = boot("count_plain", 2);
  machine->set_turns([](std::uint32_t) { return 1U; });
  const Stop stop = run(*machine);
  EXPECT_EQ(stop.reason, Stop::Reason::stopped);
  EXPECT_NE(stop.message.find("processor 1, which does not run"), std::string::npos) << stop.message;
}

TEST(Processors, AStoreIsSeenByTheOtherOneAtItsNextStep) {
  for (const bool store_first : {true, false}) {
    const auto machine = boot("message", 2);
    const std::uint64_t store = symbol(guest(), "message_store").value;
    const std::uint64_t load = symbol(guest(), "message_load").value;
    machine->set_turns([&](std::uint32_t running) -> unsigned {
      const std::uint64_t at0 = machine->registers(0)[Register::rip];
      const std::uint64_t at1 = machine->registers(1)[Register::rip];
      if (running != 3) return running == 2 ? 1U : 0U;
      if (at0 == store && at1 == load) return store_first ? 0 : 1;
      if (at0 == store) return 1;
      if (at1 == load) return word(*machine, "shared") == 77 ? 1 : 0;
      return running == 3 ? machine->steps() % 2 : running == 2 ? 1U : 0U;
    });
    EXPECT_EQ(run(*machine).code, store_first ? 77 : 0);
  }
}

TEST(Processors, CodeThatAnotherOneChangesRunsAsChanged) {
  for (const std::uint64_t seed : {0U, 3U}) {
    const auto machine = boot("changing_code", 2, seed);
    const Stop stop = run(*machine);
    ASSERT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
    for (std::uint64_t i = 1; i <= 8; ++i)
      EXPECT_EQ(word_at(*machine, symbol(guest(), "seen") + i, 1), 1U) << "version " << i << ", seed " << seed;
  }
}

TEST(Processors, EachHasATimerAndTimeIsCountedInRounds) {
  const auto machine = boot("timers", 3);
  const Stop stop = run(*machine);
  ASSERT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
  for (unsigned i = 0; i < 3; ++i) {
    const std::uint64_t fired = word_at(*machine, symbol(guest(), "seen") + 4ULL * i, 4);
    const std::uint64_t armed = word_at(*machine, symbol(guest(), "seen") + 32 + 4ULL * i, 4);
    // The clock was read three steps before the timer was armed, and two steps behind the interrupt: a round each.
    EXPECT_GE(fired - armed, 100 + 50 * i + 3) << i;
    EXPECT_LE(fired - armed, 100 + 50 * i + 3 + 4) << i;
  }
}

TEST(Processors, OneInterruptsAnother) {
  const auto machine = boot("interrupting", 2);
  const Stop stop = run(*machine);
  ASSERT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
  EXPECT_EQ(stop.code, 41) << "40, and the number of the one that was interrupted";
}

TEST(Processors, WhatFaultsHasNoFirstHalf) {
  const auto machine = boot("fault_in_two", 2);
  LogSink sink;
  machine->set_sink(&sink);
  const Stop stop = run(*machine);
  EXPECT_EQ(stop.reason, Stop::Reason::fault);
  EXPECT_EQ(stop.vector, 14);
  EXPECT_EQ(word(*machine, "shared"), 0U);
}

TEST(Processors, TheRunEndsWhenAllHaveHalted) {
  EXPECT_EQ(run(*boot("all_halt", 3)).reason, Stop::Reason::halted);
}

TEST(Processors, EachFormInTwoHalvesGivesWhatItGivesAtOnce) {
  const auto alone = boot("forms", 1);
  const auto halves = boot("forms", 2);
  for (std::uint64_t step = 1; alone->run(step).reason == Stop::Reason::limit; ++step) {
    halves->run(step);
    ASSERT_TRUE(alone->registers(0) == halves->registers(0)) << "step " << step;
    ASSERT_TRUE(alone->memory() == halves->memory()) << "step " << step;
  }
  EXPECT_EQ(run(*alone).reason, Stop::Reason::exited);
  EXPECT_EQ(run(*halves).reason, Stop::Reason::exited);
  EXPECT_EQ(alone->steps(), halves->steps());
}

/// What another processor stored between the halves is overwritten, whole and only, where the instruction writes.
TEST(Processors, TheSecondHalfOverwritesWhatCameBetween) {
  const auto machine = boot("forms", 2);
  machine->run(3);
  const Address shared = symbol(guest(), "shared");
  // addb: the turn in front of step 4 was its first half; now the memory changes before the second one.
  machine->memory().write(shared, 0x1111111111111155, 8);
  machine->run(4);
  EXPECT_EQ(word_at(*machine, shared), 0x1111111111111103U) << "0 + 3, the byte read before; the rest is new";
}

}  // namespace
}  // namespace fiberscope::emu
