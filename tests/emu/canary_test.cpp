// Each fault of the engine for which emu/ has a workaround, shown with the engine alone. On the version for which the
// workaround was written it must still be there, or the reason given for the workaround is wrong; on another version a
// fault that has gone is only reported. Numbers refer to docs/engine-rules.md.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unicorn/unicorn.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <vector>

#include "emu/cpu.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kCode = 0x1000;
constexpr std::uint64_t kData = 0x4000;
constexpr std::uint64_t kStack = 0x8000;

/// Passes where the fault is there; elsewhere fails on 2.0.1 and says so on any other version.
void expect_fault(bool is_there, const std::string& workaround) {
  if (is_there) return;
  if (engine_version() == "2.0.1") {
    ADD_FAILURE() << "engine 2.0.1 no longer shows the fault behind: " << workaround;
  } else {
    std::cout << "engine " << engine_version() << ": workaround no longer needed: " << workaround << '\n';
  }
}

class Engine {
 public:
  explicit Engine(const std::vector<std::uint8_t>& code) {
    uc_open(UC_ARCH_X86, UC_MODE_64, &uc_);
    uc_mem_map(uc_, kCode, 0x1000, UC_PROT_ALL);
    uc_mem_map(uc_, kData, 0x1000, UC_PROT_READ | UC_PROT_WRITE);
    uc_mem_map(uc_, kStack, 0x1000, UC_PROT_READ | UC_PROT_WRITE);
    uc_mem_write(uc_, kCode, code.data(), code.size());
    set(UC_X86_REG_RSP, kStack + 0x800);
    set(UC_X86_REG_RBX, kData);
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() { uc_close(uc_); }

  uc_err run(std::size_t count, std::uint64_t from = kCode) { return uc_emu_start(uc_, from, 0, 0, count); }
  void set(int reg, std::uint64_t value) { uc_reg_write(uc_, reg, &value); }
  [[nodiscard]] std::uint64_t get(int reg) const {
    std::uint64_t value[2] = {0, 0};
    uc_reg_read(uc_, reg, value);
    return value[0];
  }
  template <typename Callback>
  void hook(int type, Callback* callback, void* user) {
    uc_hook handle = 0;
    uc_hook_add(uc_, &handle, type, reinterpret_cast<void*>(callback), user, std::uint64_t{1}, std::uint64_t{0});
  }
  [[nodiscard]] uc_engine* raw() const { return uc_; }

 private:
  uc_engine* uc_ = nullptr;
};

void count_code(uc_engine*, std::uint64_t, std::uint32_t, void* user) {
  ++*static_cast<std::uint64_t*>(user);
}

TEST(Canary, StoppingInAMemoryHookRunsTheInstructionTwice) {
  Engine engine({0xfe, 0x03, 0x90, 0xf4});  // incb (%rbx); nop; hlt
  std::uint64_t executed = 0;
  engine.hook(UC_HOOK_CODE, &count_code, &executed);
  engine.hook(
      UC_HOOK_MEM_WRITE, +[](uc_engine* uc, uc_mem_type, std::uint64_t, int, std::int64_t, void*) { uc_emu_stop(uc); },
      nullptr);
  engine.run(SIZE_MAX);
  engine.run(SIZE_MAX, engine.get(UC_X86_REG_RIP));
  std::uint8_t value = 0;
  uc_mem_read(engine.raw(), kData, &value, 1);
  expect_fault(value != 1, "stop only in CODE hooks (rule 4)");
}

TEST(Canary, CountAfterARunWithoutHooks) {
  // Was seen to be ignored in larger programs; not in one as small as this, so it is only reported.
  Engine engine(std::vector<std::uint8_t>(64, 0x90));
  uc_emu_start(engine.raw(), kCode, kCode + 40, 0, 0);
  engine.run(5);
  const bool ignored = engine.get(UC_X86_REG_RIP) != kCode + 5;
  std::cout << "count after a run without hooks is " << (ignored ? "ignored" : "respected, in this program") << '\n';
}

TEST(Canary, ACountOfOneAfterAStopInAHookMayRunMore) {
  // A loop that a CODE hook stops now and then, single-stepped in between.
  Engine engine({0xff, 0xc0, 0xff, 0xc3, 0xff, 0xc1, 0xeb, 0xf8});  // inc eax; inc ebx; inc ecx; jmp
  struct Stopper {
    std::uint64_t seen = 0;
    std::uint64_t at = 0;
  } stopper;
  engine.hook(
      UC_HOOK_CODE,
      +[](uc_engine* uc, std::uint64_t, std::uint32_t, void* user) {
        auto& state = *static_cast<Stopper*>(user);
        if (++state.seen == state.at) uc_emu_stop(uc);
      },
      &stopper);
  bool wrong = false;
  for (std::uint64_t round = 1; round <= 50; ++round) {
    stopper.seen = 0;
    stopper.at = 3 + round % 7;
    engine.run(SIZE_MAX, engine.get(UC_X86_REG_RIP));
    stopper.at = 0;
    for (int single = 0; single < 4; ++single) {
      const std::uint64_t before = stopper.seen;
      engine.run(1, engine.get(UC_X86_REG_RIP));
      wrong |= stopper.seen - before > 2;
    }
  }
  // Nothing in emu/ relies on count = 1 but the loading of CR0 into a fresh engine.
  std::cout << "count = 1 after a stop ran "
            << (wrong ? "many instructions" : "one instruction each time, in this loop") << '\n';
}

TEST(Canary, TheTimeStampIsTheHosts) {
  Engine engine({0x0f, 0x31, 0xf4});
  engine.run(SIZE_MAX);
  const std::uint64_t first = engine.get(UC_X86_REG_RDX) << 32 | engine.get(UC_X86_REG_RAX);
  engine.run(SIZE_MAX);
  const std::uint64_t second = engine.get(UC_X86_REG_RDX) << 32 | engine.get(UC_X86_REG_RAX);
  expect_fault(first != second, "rdtsc is answered with virtual time (rule 8)");
}

TEST(Canary, TheFpuStartsWithoutItsResetValues) {
  const Engine engine({0x90});
  expect_fault(engine.get(UC_X86_REG_MXCSR) == 0, "MXCSR is set to 0x1f80 (rule 9)");
  expect_fault(engine.get(UC_X86_REG_FPCW) == 0, "FPCW is set to 0x37f (rule 9)");
  expect_fault(engine.get(UC_X86_REG_FPTAG) != 0xffff, "FPTAG is set to 0xffff (rule 9)");
  expect_fault((engine.get(UC_X86_REG_CR4) & 0x200) == 0, "CR4.OSFXSR is set (rule 9)");
}

TEST(Canary, MisalignedMovapsIsAccepted) {
  Engine engine({0x0f, 0x28, 0x43, 0x01, 0xf4});  // movaps 1(%rbx),%xmm0
  expect_fault(engine.run(SIZE_MAX) == UC_ERR_OK, "the alignment of SSE operands is checked in the CODE hook");
}

TEST(Canary, ASecondContributoryFaultTurnsIntoADoubleFault) {
  Engine engine({0xf7, 0xf1, 0xf4});  // div %ecx
  engine.set(UC_X86_REG_RCX, 0);
  std::vector<std::uint32_t> vectors;
  engine.hook(
      UC_HOOK_INTR,
      +[](uc_engine* uc, std::uint32_t vector, void* user) {
        static_cast<std::vector<std::uint32_t>*>(user)->push_back(vector);
        uc_emu_stop(uc);
      },
      &vectors);
  engine.run(SIZE_MAX);
  engine.run(SIZE_MAX);
  ASSERT_EQ(vectors.size(), 2U);
  EXPECT_EQ(vectors[0], 0U);
  expect_fault(vectors[1] == 8, "a new engine after each fault");
}

TEST(Canary, ARepIsHookedOnceAnIterationAndOnceMore) {
  Engine engine({0xf3, 0xaa, 0xf4});
  std::uint64_t executed = 0;
  engine.hook(UC_HOOK_CODE, &count_code, &executed);
  engine.set(UC_X86_REG_RDI, kData);
  engine.set(UC_X86_REG_RCX, 10);
  engine.run(SIZE_MAX);
  expect_fault(executed != 2, "the iterations of a rep are merged to one step (rule 7)");
  EXPECT_TRUE(executed == 2 || executed == 12) << executed << ": 10 iterations, once more, hlt";
}

TEST(Canary, TheWriteHookFiresBeforeAStoreThatFaults) {
  Engine engine({0x48, 0x89, 0x03, 0xf4});
  std::uint64_t writes = 0;
  engine.set(UC_X86_REG_RBX, 0x100000);
  engine.hook(
      UC_HOOK_MEM_WRITE,
      +[](uc_engine*, uc_mem_type, std::uint64_t, int, std::int64_t, void* user) {
        ++*static_cast<std::uint64_t*>(user);
      },
      &writes);
  EXPECT_EQ(engine.run(SIZE_MAX), UC_ERR_WRITE_UNMAPPED);
  expect_fault(writes == 1, "what a faulting instruction logged is dropped");
}

TEST(Canary, AStoreIntoAnUnmappedPageIsTorn) {
  Engine engine({0x48, 0x89, 0x83, 0xfc, 0x0f, 0, 0, 0xf4});  // mov %rax,0xffc(%rbx)
  engine.set(UC_X86_REG_RAX, 0x1122334455667788);
  EXPECT_EQ(engine.run(SIZE_MAX), UC_ERR_WRITE_UNMAPPED);
  std::uint32_t tail = 0;
  uc_mem_read(engine.raw(), kData + 0xffc, &tail, 4);
  expect_fault(tail != 0, "the first half of a torn store is taken back (rule 7)");
}

TEST(Canary, LahfBehindRexWritesSpl) {
  Engine engine({0x48, 0x9f, 0xf4});
  engine.run(SIZE_MAX);
  expect_fault(engine.get(UC_X86_REG_RSP) != kStack + 0x800, "lahf and sahf with a REX prefix are done by hand");
}

TEST(Canary, TheHostCannotSetTaskSwitched) {
  Engine engine({0x0f, 0x58, 0xc1, 0xf4});  // addps %xmm1,%xmm0
  engine.set(UC_X86_REG_CR0, engine.get(UC_X86_REG_CR0) | 8);
  std::uint64_t raised = 0;
  engine.hook(
      UC_HOOK_INTR,
      +[](uc_engine* uc, std::uint32_t, void* user) {
        ++*static_cast<std::uint64_t*>(user);
        uc_emu_stop(uc);
      },
      &raised);
  engine.run(SIZE_MAX);
  expect_fault(raised == 0, "a new engine loads CR0 by an instruction");
}

TEST(Canary, AStoreIntoItsOwnBlockIsHookedTwice) {
  Engine engine(
      {0xc6, 0x05, 0x02, 0, 0, 0, 5, 0x90, 0xb8, 3, 0, 0, 0, 0xf4});  // movb $5,2f+1; nop; 2: mov $3,%eax; hlt
  std::uint64_t executed = 0;
  engine.hook(UC_HOOK_CODE, &count_code, &executed);
  engine.run(SIZE_MAX);
  EXPECT_EQ(engine.get(UC_X86_REG_RAX), 5U);
  expect_fault(executed > 4, "an instruction that begins anew is one step");
}

TEST(Canary, AFetchFaultStandsAtItsBlocksBegin) {
  std::vector<std::uint8_t> code(0x1000, 0x90);
  code[0xfff] = 0xb8;  // its operand lies in the next page
  Engine engine(code);
  std::uint64_t executed = 0;
  engine.hook(UC_HOOK_CODE, &count_code, &executed);
  EXPECT_EQ(engine.run(SIZE_MAX, kCode + 0xff8), UC_ERR_FETCH_UNMAPPED);
  expect_fault(executed < 7 && engine.get(UC_X86_REG_RIP) == kCode + 0xff8,
               "the instructions before one that lies across a page's end are run first");
}

/// Whether a process that runs the code dies of a signal.
bool kills(const std::vector<std::uint8_t>& code, std::uint64_t rax) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
    Engine engine(code);
    engine.set(UC_X86_REG_RAX, rax);
    engine.run(SIZE_MAX);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status);
}

TEST(Canary, EnablingABreakpointKillsTheProcess) {
  expect_fault(kills({0x0f, 0x23, 0xf8, 0xf4}, 0x401), "mov to dr7 is refused");
  expect_fault(kills({0x0f, 0x23, 0xe8, 0xf4}, 0x401), "mov to dr5 is refused");
  EXPECT_FALSE(kills({0x0f, 0x23, 0xf8, 0xf4}, 0x400)) << "without an enable bit it does no harm";
}

TEST(Canary, SomeInstructionsKillTheProcessAtTranslation) {
  expect_fault(kills({0xff, 0xd8, 0xf4}, 0), "a guest runs in a worker (lcall through a register)");
  expect_fault(kills({0xff, 0xe8, 0xf4}, 0), "a guest runs in a worker (ljmp through a register)");
  expect_fault(kills({0xf0, 0x48, 0x0f, 0xa3, 0xc3, 0xf4}, 0), "a guest runs in a worker (lock bt)");
  expect_fault(kills({0xf0, 0x39, 0x03, 0xf4}, 0), "a guest runs in a worker (lock cmp)");
}

TEST(Canary, TheFirstModelOfALaterEngineLacksNewerInstructions) {
  Engine engine({0x66, 0x0f, 0x38, 0x00, 0xc1, 0xf4});  // pshufb %xmm1,%xmm0
  const bool refused = engine.run(SIZE_MAX) != UC_ERR_OK;
  EXPECT_FALSE(refused && engine_version() == "2.0.1");
  std::cout << "pshufb with the engine's first model: " << (refused ? "refused, so another model is chosen" : "runs")
            << '\n';
}

TEST(Canary, ALaterEngineWritesCr3WithCr2) {
  Engine engine({0x90});
  engine.set(UC_X86_REG_CR2, 0x700000);
  const bool both = engine.get(UC_X86_REG_CR3) != 0;
  EXPECT_FALSE(both && engine_version() == "2.0.1");
  std::cout << "writing CR2 " << (both ? "changes CR3 too: it is put back" : "changes only CR2") << '\n';
}

TEST(Canary, TheMxcsrExceptionFlagsNeverRise) {
  Engine engine({0xf3, 0x0f, 0x5e, 0xc1, 0xf4});  // divss %xmm1,%xmm0: 0 / 0
  engine.set(UC_X86_REG_MXCSR, 0x1f80);
  engine.run(SIZE_MAX);
  expect_fault((engine.get(UC_X86_REG_MXCSR) & 0x3f) == 0,
               "the tool says that MXCSR's exception flags are not emulated");
}

}  // namespace
}  // namespace fiberscope::emu
