// Programs for Linux: what they do in the machine is what they do on the host.
#include "emu/linux_machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/emu/linux_guest.h"
#include "tests/emu/machine_guest.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kPlenty = 100'000'000;

/// The texts of the events of a run.
std::vector<std::string> events_of(Machine& machine, std::uint64_t max_steps = kPlenty) {
  LogSink sink;
  machine.set_sink(&sink);
  machine.run(max_steps);
  machine.set_sink(nullptr);
  std::vector<std::string> texts;
  // An event's words are known but for what lies in front of it: its text follows it, and begins with its tag.
  const std::vector<std::uint64_t>& words = sink.words();
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::uint64_t size = words[i] >> 32;
    if ((words[i] & 0xffffffff) != static_cast<std::uint64_t>(RecordTag::text) || size == 0 || size > 400) continue;
    if (i + 1 + (size + 7) / 8 > words.size()) continue;
    std::string text(reinterpret_cast<const char*>(&words[i + 1]), size);
    if (std::all_of(text.begin(), text.end(), [](char letter) { return letter >= ' ' && letter < '\x7f'; }))
      texts.push_back(std::move(text));
  }
  return texts;
}

bool holds(const std::vector<std::string>& texts, const std::string& part) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

class SameAsNative : public testing::TestWithParam<const char*> {};

TEST_P(SameAsNative, InOutputAndExitCode) {
  const NativeProgram native = run_program(GetParam());
  ASSERT_FALSE(native.output.empty());
  const Image image = linux_guest(GetParam());
  const auto machine = boot_linux(image);
  const Stop stop = machine->run(kPlenty);
  EXPECT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
  EXPECT_EQ(stop.code, native.code);
  EXPECT_EQ(machine->console(), native.output);
}

INSTANTIATE_TEST_SUITE_P(Linux, SameAsNative,
                         testing::Values("contexts", "faults", "frames", "hello", "interrupted", "jumps", "memory",
                                         "preemption_real", "preemption_virtual", "signal_stack", "threads", "waits",
                                         "processes", "pipes", "execs", "forked_threads"),
                         [](const auto& named) { return std::string(named.param); });

#ifdef FIBERSCOPE_HAS_FIBER_GUEST
INSTANTIATE_TEST_SUITE_P(Boost, SameAsNative, testing::Values("fiber"));
#endif

class Ending : public testing::TestWithParam<const char*> {};

TEST_P(Ending, IsThatOfTheHost) {
  const NativeProgram native = run_program("endings", GetParam());
  const Image image = linux_guest("endings");
  const auto machine = boot_linux(image, {GetParam()});
  const Stop stop = machine->run(kPlenty);
  EXPECT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
  EXPECT_EQ(stop.code, native.code) << stop.message;
  if (native.code < 128) {
    EXPECT_EQ(machine->console(), native.output);
  }
}

INSTANTIATE_TEST_SUITE_P(Linux, Ending,
                         testing::Values("abort", "alarm", "bad_address", "breakpoint", "kill", "nothing",
                                         "overflow_survived", "thread_exit"),
                         [](const auto& named) { return std::string(named.param); });

struct Fault {
  const char* how;
  int code;  ///< the host's
  std::uint8_t vector;
  const char* message;
};
class FatalFault : public testing::TestWithParam<Fault> {};

TEST_P(FatalFault, IsAResultWithTheSignalsName) {
  EXPECT_EQ(run_program("endings", GetParam().how).code, GetParam().code);
  const Image image = linux_guest("endings");
  const auto machine = boot_linux(image, {GetParam().how});
  const Stop stop = machine->run(kPlenty);
  EXPECT_EQ(stop.reason, Stop::Reason::fault) << stop.message;
  EXPECT_EQ(stop.vector, GetParam().vector);
  EXPECT_NE(stop.message.find(GetParam().message), std::string::npos) << stop.message;
  EXPECT_EQ(stop.rip.value, machine->registers()[Register::rip]);
}

constexpr Fault kFaults[] = {{"null", 139, 14, "write to unmapped 0x10; no handler"},
                             {"divide", 136, 0, "#DE divide error; no handler"},
                             {"undefined", 132, 6, "SIGILL at "},
                             {"privileged", 139, 13, "SIGSEGV at "},
                             {"port", 139, 13, "input and output are for the kernel"},
                             {"gate", 139, 13, "int 0x21 is for the kernel"},
                             {"code", 139, 14, "write to protected"},
                             {"jump", 139, 14, "fetch from protected"},
                             {"overflow", 139, 14, "below the first task's stack, which is used up; no handler"},
                             {"overflow_handled", 139, 14, "the frame of SIGSEGV has no room on the stack"},
                             {"blocked", 139, 14, "its handler is blocked"}};
INSTANTIATE_TEST_SUITE_P(Linux, FatalFault, testing::ValuesIn(kFaults),
                         [](const auto& named) { return std::string(named.param.how); });

TEST(LinuxMachine, WhoWaitsForEverIsNamed) {
  const Image image = linux_guest("endings");
  const auto machine = boot_linux(image, {"deadlock"});
  const Stop stop = machine->run(kPlenty);
  EXPECT_EQ(stop.reason, Stop::Reason::deadlock);
  EXPECT_NE(stop.message.find("task 1000 in futex("), std::string::npos) << stop.message;
  EXPECT_NE(stop.message.find("task 1001 in futex("), std::string::npos) << stop.message;
  const auto lonely = boot_linux(image, {"pause"});
  EXPECT_NE(lonely->run(kPlenty).message.find("task 1000 in pause()"), std::string::npos);
  const auto stopped = boot_linux(image, {"stop"});
  EXPECT_EQ(stopped->run(kPlenty).reason, Stop::Reason::halted);
}

TEST(LinuxMachine, WhatIsNotEmulatedSaysSo) {
  const Image image = linux_guest("endings");
  const auto space = boot_linux(image, {"namespace"});
  EXPECT_TRUE(holds(events_of(*space), "clone(0x4000000 | SIGCHLD, NULL, NULL, NULL, NULL) = -EPERM (namespaces are"));
  EXPECT_EQ(space->console(), "-1, errno 1\n");
  const auto unknown = boot_linux(image, {"unknown"});
  EXPECT_TRUE(holds(events_of(*unknown), "socket(0x1, 0x2, 0x3) = -ENOSYS (not emulated)"));
}

TEST(LinuxMachine, SystemCallsAndSignalsAreToldInWords) {
  const Image image = linux_guest("signal_stack");
  const auto machine = boot_linux(image);
  const std::vector<std::string> texts = events_of(*machine);
  EXPECT_TRUE(holds(texts, "tgkill(1000, 1000, SIGUSR1) = 0"));
  EXPECT_TRUE(holds(texts, "SIGUSR1, sent by process 1000,"));
  EXPECT_TRUE(holds(texts, "rt_sigreturn() (the interrupted registers are back)"));
  EXPECT_TRUE(holds(texts, "exit_group(0)"));
}

TEST(LinuxMachine, ArgumentsAndInputArrive) {
  const Image image = linux_guest("hello");
  const auto machine = boot_linux(image, {"one", "and two"});
  machine->run(kPlenty);
  EXPECT_NE(machine->console().find("2 arguments"), std::string::npos) << machine->console();
  EXPECT_NE(machine->console().find("2: and two\n"), std::string::npos);
}

class Slices : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Slices, ChangeTheOrderButNotTheResult) {
  const Image image = linux_guest("threads");
  const auto machine = boot_linux(image, {}, GetParam());
  const Stop stop = machine->run(kPlenty);
  EXPECT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
  EXPECT_EQ(machine->console(), run_program("threads").output);
}
class SlicesOfProcesses : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SlicesOfProcesses, ChangeNothing) {
  for (const char* name : {"processes", "pipes", "execs", "forked_threads"}) {
    const Image image = linux_guest(name);
    const auto machine = boot_linux(image, {}, GetParam());
    const Stop stop = machine->run(kPlenty);
    EXPECT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
    EXPECT_EQ(machine->console(), run_program(name).output) << name;
  }
}
INSTANTIATE_TEST_SUITE_P(Linux, SlicesOfProcesses, testing::Values(0, 61, 997));

INSTANTIATE_TEST_SUITE_P(Linux, Slices, testing::Values(0, 1, 2, 7, 50, 997, 1'000'000));

/// How often the machine is stopped on its way must not change the run.
TEST(LinuxMachine, StopsOnTheWayChangeNothing) {
  for (const char* name : {"threads", "waits", "preemption_real", "interrupted", "forked_threads"}) {
    const Image image = linux_guest(name);
    for (const std::uint64_t quantum : {0U, 100U, 1000U}) {
      if (quantum == 0 && std::string(name) == "interrupted") continue;  // who spins never gives up its turn
      const auto whole = boot_linux(image, {}, quantum);
      const auto parts = boot_linux(image, {}, quantum);
      const Stop stop = whole->run(kPlenty);
      Stop last;
      std::uint64_t step = 0;
      do {
        step += 1 + step % 211;
        last = parts->run(step);
      } while (last.reason == Stop::Reason::limit);
      EXPECT_EQ(last.message, stop.message) << name;
      EXPECT_EQ(parts->steps(), whole->steps()) << name << ", quantum " << quantum;
      EXPECT_TRUE(parts->registers() == whole->registers()) << name << ", quantum " << quantum;
      EXPECT_TRUE(parts->memory() == whole->memory()) << name << ", quantum " << quantum;
    }
  }
}

TEST(LinuxMachine, TwoRunsAreTheSame) {
  const Image image = linux_guest("preemption_virtual");
  std::vector<std::uint64_t> logs[2];
  for (auto& log : logs) {
    LogSink sink;
    const auto machine = boot_linux(image);
    machine->set_sink(&sink);
    machine->run(kPlenty);
    machine->set_sink(nullptr);
    log = sink.words();
  }
  EXPECT_GT(logs[0].size(), 10'000U);
  EXPECT_TRUE(logs[0] == logs[1]);
}

TEST(LinuxMachine, APickerChoosesTheTask) {
  const Image image = linux_guest("threads");
  std::map<std::uint32_t, int> asked;
  const auto machine = boot_linux(image, {}, 50);
  std::uint32_t next = 1004;
  machine->set_picker([&] {
    next = next == 1000 ? 1004 : next - 1;
    ++asked[next];
    return next;
  });
  const Stop stop = machine->run(kPlenty);
  EXPECT_EQ(stop.reason, Stop::Reason::exited) << stop.message;
  EXPECT_EQ(machine->console(), run_program("threads").output);
  EXPECT_EQ(asked.size(), 5U);
  const auto round_robin = boot_linux(image, {}, 50);
  round_robin->run(kPlenty);
  EXPECT_NE(machine->steps(), round_robin->steps());
}

TEST(LinuxMachine, StartsAsExecveLeavesIt) {
  const Image image = linux_guest("hello");
  const auto machine = boot_linux(image, {"x"});
  const RegisterFile registers = machine->registers();
  EXPECT_EQ(registers[Register::rip], image.entry().value);
  EXPECT_EQ(registers[Register::rsp] % 16, 0U);
  EXPECT_EQ(registers[Register::cs], 0x33U);
  EXPECT_EQ(registers[Register::ss], 0x2bU);
  EXPECT_EQ(registers[Register::rflags], 0x202U);
  EXPECT_EQ(registers[Register::mxcsr], 0x1f80U);
  EXPECT_EQ(registers[Register::fpcw], 0x37fU);
  const Address rsp{registers[Register::rsp]};
  EXPECT_EQ(word_at(*machine, rsp), 2U);
  const Address name{word_at(*machine, rsp + 8)};
  EXPECT_EQ(word_at(*machine, name, 6), 0x006f6c6c6568U) << "hello, and a zero";
  EXPECT_EQ(word_at(*machine, rsp + 24), 0U) << "behind the arguments";
  EXPECT_EQ(word_at(*machine, rsp + 32), 0U) << "behind the environment";
  const Region* stack = machine->memory().region_at(rsp);
  ASSERT_NE(stack, nullptr);
  EXPECT_EQ(stack->kind, RegionKind::stack);
  EXPECT_EQ(stack->range.size(), 256U << 10);
  EXPECT_EQ(machine->memory().region_at(stack->range.low - 1), nullptr) << "a stack that overflows must meet nothing";
  EXPECT_EQ(machine->memory().region_at(stack->range.high), nullptr);
}

TEST(LinuxMachine, WhatWasNotHandedOutCannotBeTouched) {
  const Image image = linux_guest("hello");
  const auto machine = boot_linux(image);
  const auto usable = [&] {
    std::uint64_t size = 0;
    for (const Region& region : machine->memory().regions()) {
      if (region.name != "heap" && region.name != "mappings") continue;
      for (const Memory::RightsRun& run : machine->memory().rights_in(region.range))
        if (run.rights.readable) size += run.range.size();
    }
    return size;
  };
  EXPECT_EQ(usable(), 0U);
  machine->run(kPlenty);
  EXPECT_GT(usable(), 100'000U) << "brk's";
  EXPECT_LT(usable(), 300'000U) << "what was mapped is given back";
}

TEST(LinuxMachine, OtherProgramsAreRefused) {
  MachineOptions options;
  options.profile = MachineProfile::linux_user;
  options.arguments = {std::string(300'000, 'x')};
  const Image image = linux_guest("hello");
  const auto machine = Machine::boot(image, options);
  ASSERT_FALSE(machine.ok());
  EXPECT_NE(machine.error().message.find("do not fit the stack of 256 KiB"), std::string::npos)
      << machine.error().message;
}

}  // namespace
}  // namespace fiberscope::emu
