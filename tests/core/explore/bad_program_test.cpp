// Whatever is wrong with a program or a question is told with its place, its cause and what to do.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "tests/core/explore/ask.h"

namespace fiberscope::core::explore {
namespace {

std::string complaint_of(const std::string& name, const std::string& text, const std::atomic<bool>* stop = nullptr) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("explore-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / name) << text;
  ExploreRequest request;
  request.target = folder / name;
  request.limits.stop = stop;
  std::string message = complaint(request);
  std::filesystem::remove_all(folder);
  return message;
}

void expect_says(const std::string& message, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) EXPECT_NE(message.find(part), std::string::npos) << part << "\nin: " << message;
}

TEST(BadProgram, Statements) {
  expect_says(complaint(typed({"x=x+1", "x=x/2"})), {"thread 2, column 4", "not '/'"});
  expect_says(complaint(typed({"x=x+1", "x=="})), {"thread 2, column 3", "statements only assign"});
  expect_says(complaint(typed({"x=x+1", "x=(x"})), {"expected )"});
  expect_says(complaint(typed({"x=2147483648", "x=1"})), {"too large"});
  expect_says(complaint(typed({"x=1", ""})), {"thread 2", "no statement"});
  expect_says(complaint(typed({"x=x+1; int x=2", "x=1"})), {"was used as a shared variable"});
  expect_says(complaint(typed({"x=1"})), {"1 thread", "give 2 to 8"});
  expect_says(complaint(typed({"x=1", "x=\xc3\xa9"})), {"thread 2, column 3", "not '\xc3\xa9';"});
  expect_says(complaint(typed({"x=1", "x=1 \xe2\x82\xac"})), {"not '\xe2\x82\xac';"});
  expect_says(complaint(typed({"x=1", "x=0x"})), {"column 5", "no digit follows"});
  expect_says(complaint(typed({"x=1", "x=0x1g"})), {"not 'g'"});
  expect_says(complaint(typed({"x=1", "x=0x80000000"})), {"too large"});
  expect_says(complaint(typed({"x=1", "x=1", "x=1", "x=1", "x=1", "x=1", "x=1", "x=1", "x=1"})), {"9 threads"});
}

TEST(BadProgram, Options) {
  ExploreRequest request = typed({"count=1", "x=1"});
  request.assertions = {"cuont==2"};
  expect_says(complaint(request), {"assertion 'cuont==2', column 1", "did you mean 'count'", "known are count, x"});
  request.assertions = {"x=="};
  expect_says(complaint(request), {"column 4", "expected a name or a number"});
  request = typed({"x=1", "x=1"}, "O3");
  expect_says(complaint(request), {"lowering 'O3'"});
  request = typed({"x=1", "x=1"});
  request.scheduler = "rr=0";
  expect_says(complaint(request), {"scheduler 'rr=0'"});
  request.scheduler.clear();
  request.memory = "tso";
  request.cpus = "one";
  expect_says(complaint(request), {"--memory tso needs --cpus many"});
  request = typed({"x=1", "x=1"}, "statement");
  request.cpus = "many";
  expect_says(complaint(request), {"--lowering statement"});
  request = typed({"x=1", "x=1"});
  request.initial = "y=1";
  expect_says(complaint(request), {"no thread uses a shared variable 'y'"});
  request.initial.clear();
  request.sync = {"q"};
  expect_says(complaint(request), {"--sync q"});
  expect_says(complaint(typed({"x=x", "x=1"}, "O2")), {"thread 1", "the compiler removed the assignments to x"});
  expect_says(complaint(ExploreRequest{}), {"nothing to explore"});
}

TEST(BadProgram, ThreadFunctions) {
  expect_says(complaint_of("none.c", "int x;\nvoid run(void) { x = 1; }\n"),
              {"none.c", "no function thread_1", "define"});
  expect_says(complaint_of("one.c", "int x;\nvoid thread_1(void) { x = 1; }\n"), {"only thread_1", "thread_2"});
  expect_says(complaint_of("gap.c", "int x;\nvoid thread_1(void) { x = 1; }\nvoid thread_3(void) { x = 1; }\n"),
              {"gap.c", "there is thread_3, but no thread_2"});
  expect_says(complaint_of("late.c", "int x;\nvoid thread_2(void) { x = 1; }\nvoid thread_3(void) { x = 1; }\n"),
              {"late.c", "there is thread_2, but no thread_1"});
  expect_says(complaint_of("syntax.c", "int x\nvoid thread_1(void) { x = 1; }\n"), {"syntax.c", "gcc could not build"});
  expect_says(complaint_of("print.c", "int printf();\nvoid thread_1(void) { printf(\"\"); }\nvoid thread_2(void) {}\n"),
              {"print.c", "undefined reference to `printf'"});
}

TEST(BadProgram, CodeThatLeaves) {
  const std::string two =
      ".globl thread_2\nthread_2: movl $1, x\n ret\n.data\n.globl x\n.type x,@object\n.size x,4\nx: .long 0\n";
  expect_says(complaint_of("leave.S", ".text\n.globl thread_1\nthread_1: movl $1, x\n jmp 0x123456\n" + two),
              {"thread 1", "leave.S:4", "leaves the code of its functions for 0x123456", "after the schedule T1x1"});
  expect_says(complaint_of("kernel.S", ".text\n.globl thread_1\nthread_1: movl $1, x\n syscall\n ret\n" + two),
              {"thread 1", "kernel.S:4", "asks the kernel"});
  expect_says(complaint_of("undefined.S", ".text\n.globl thread_1\nthread_1: movl $1, x\n ud2\n ret\n" + two),
              {"thread 1", "undefined.S:4", "the processor refuses it"});
}

TEST(BadProgram, WritesElsewhere) {
  expect_says(
      complaint_of("null.c", "int x;\nvoid thread_1(void) { *(int *)16 = 1; }\nvoid thread_2(void) { x = 1; }\n"),
      {"thread 1, null.c:2", "writes 4 bytes at 0x10"});
  expect_says(complaint_of("code.c",
                           "int x;\nvoid thread_1(void) { *(char *)&thread_1 = 1; }\nvoid thread_2(void) { x = 1; }\n"),
              {"writes 1 byte ", "in the code"});
  expect_says(complaint_of("stack.c",
                           "int *volatile there; int x;\nvoid thread_1(void) { int own = 1; there = &own; x = own; }\n"
                           "void thread_2(void) { int *p = there; if (p) *p = 2; }\n"),
              {"thread 2, stack.c:3", "the stack of thread 1", "after the schedule"});
  expect_says(
      complaint_of(
          "mutex.c",
          "#include <fiberscope.h>\nint m;\nvoid thread_1(void) { unlock(&m); }\nvoid thread_2(void) { m = 0; }\n"),
      {"thread 1, mutex.c:3", "unlocks a mutex that nobody holds"});
}

TEST(BadProgram, ReadsElsewhere) {
  const std::string other = "void thread_2(void) { s = 1; }\n";
  expect_says(complaint_of("null.c", "int s, *p;\nvoid thread_1(void) {\n s = *p; }\n" + other),
              {"thread 1, null.c:3", "reads 4 bytes at 0x0, in memory that is not the program's"});
  expect_says(complaint_of("front.c", "int a[3], s;\nvoid thread_1(void) { int i = -1;\n s = a[i]; }\n" + other),
              {"thread 1, front.c:3", "reads 4 bytes at 0x", "just in front of a (12 bytes at 0x"});
}

TEST(BadProgram, DividesByZero) {
  for (const char* type : {"int", "unsigned"})
    expect_says(complaint_of("zero.c", std::string(type) + " x = 7, y;\nvoid thread_1(void) {\n x = x / y; }\n"
                                                           "void thread_2(void) { y = 1; }\n"),
                {"thread 1, zero.c:3: ", "divides by zero", "(#DE)", "after the schedule T1x"});
}

TEST(BadProgram, EndlessPrivateLoops) {
  expect_says(complaint_of(
                  "loop.c",
                  "int x;\nvoid thread_1(void) { unsigned i = 0;\n while (1) ++i; }\nvoid thread_2(void) { x = 1; }\n"),
              {"thread 1, loop.c:3", "without touching a shared variable", "private loop"});
}

/// So many instructions of thread 1 between two accesses of shared memory, at the start of its code or behind one.
std::string privately(int steps, bool behind_access) {
  const std::string access = " movl %eax, x(%rip)\n";
  return ".globl x, y, thread_1, thread_2\n.bss\nx: .long 0\ny: .long 0\n.text\nthread_1:\n" +
         (behind_access ? access : "") + " .rept " + std::to_string(steps) + "\n addl $1, %eax\n .endr\n" + access +
         " ret\nthread_2:\n movl $1, y(%rip)\n ret\n";
}

TEST(BadProgram, TenThousandPrivateStepsAreAPrivateLoop) {
  const std::atomic<bool> stop{true};  // each thread is looked at alone; the graph is not wanted
  for (const bool behind_access : {false, true}) {
    EXPECT_EQ(complaint_of("few.S", privately(9'995, behind_access), &stop), "");
    expect_says(complaint_of("many.S", privately(10'005, behind_access), &stop),
                {"thread 1", "10000 steps without touching a shared variable"});
  }
}

TEST(BadProgram, ALongLoopOverSharedMemoryIsNone) {
  EXPECT_EQ(complaint_of("shared.c",
                         "int x, y;\nvoid thread_1(void) { for (int i = 0; i < 5000; ++i) x = i; }\n"
                         "void thread_2(void) { y = 1; }\n"),
            "");
}

TEST(BadProgram, ALoopThatNobodyCanEnd) {
  expect_says(
      complaint_of("same.c",
                   "int x, y;\nvoid thread_1(void) { x = 1;\n while (1) { } }\n"
                   "void thread_2(void) { y = 1; }\n"),
      {"thread 1, same.c:3: jmp", "an endless private loop", "touches no shared variable", "after the schedule T1x"});
  // Only behind what the other thread does: the graph finds it.
  expect_says(complaint_of("later.c",
                           "int x;\nvoid thread_1(void) { if (x)\n for (;;) { } }\n"
                           "void thread_2(void) { x = 1; }\n"),
              {"thread 1, later.c:3: jmp", "an endless private loop", "after the schedule T2x1 T1x"});
  EXPECT_EQ(complaint_of("spin.c",
                         "volatile int x;\nvoid thread_1(void) { while (!x) { } }\n"
                         "void thread_2(void) { x = 1; }\n"),
            "")
      << "it waits for something shared";
}

TEST(BadProgram, BeyondAVariable) {
  const std::string other = "void thread_2(void) { b = 1; }\n";
  expect_says(
      complaint_of("end.c", "int a[3], b;\nvoid thread_1(void) { for (int i = 0; i < 4; ++i)\n a[i] = i; }\n" + other),
      {"thread 1, end.c:3", "writes 4 bytes", "just behind the end of a (12 bytes at 0x", "after the schedule T1x"});
  expect_says(complaint_of("far.c", "int a[3], b;\nvoid thread_1(void) {\n a[5] = 1; }\n" + other),
              {"thread 1, far.c:3", "8 bytes behind the end of a (12 bytes"});
  expect_says(complaint_of("front.c", "int b, a[3];\nvoid thread_1(void) { int i = -1;\n b = a[i]; }\n" + other),
              {"thread 1, front.c:3", "reads 4 bytes", "just in front of a (12 bytes"});
  expect_says(complaint_of("wide.c", "int b, x;\nvoid thread_1(void) {\n *(long *)&x = 1; }\n" + other),
              {"thread 1, wide.c:3", "writes 8 bytes", "beyond the end of x (4 bytes"});
  expect_says(
      complaint_of("constant.c",
                   "int b; const int fixed[2] = {1, 2};\nvoid thread_1(void) {\n *(int *)&fixed[1] = b; }\n" + other),
      {"thread 1, constant.c:3", "writes 4 bytes", "in constants"});
  expect_says(
      complaint_of("lock.c", "#include <fiberscope.h>\nint b, m[2];\nvoid thread_1(void) {\n lock(&m[2]); }\n" + other),
      {"thread 1, lock.c:4", "must be a shared int"});
}

TEST(BadProgram, WhatHasANameMayBeUsed) {
  EXPECT_EQ(complaint_of("text.c",
                         "char out[4]; int b; static const char text[] = \"abc\";\n"
                         "void thread_1(void) { static int times; ++times;\n"
                         " for (int i = 0; i < 4; ++i) out[i] = text[i]; out[0] = *\"xyz\"; }\n"
                         "void thread_2(void) { b = 1; }\n"),
            "");
  EXPECT_EQ(complaint_of("struct.c",
                         "struct { char c; long l[3]; } s[2]; int b;\n"
                         "void thread_1(void) { s[1].l[2] = s[0].c; s[0] = s[1]; }\n"
                         "void thread_2(void) { b = 1; }\n"),
            "");
  // Labels without type and size reach to the next one; those of the assembler's own kind, too.
  const std::string threads =
      ".globl thread_1, thread_2\n.text\nthread_1: movl $1, plain+4\n movl $2, .Lown\n movl $3, 1f\n"
      " ret\nthread_2: movl $1, last\n ret\n.data\n";
  EXPECT_EQ(
      complaint_of("labels.S", threads + "plain: .long 0, 0\n.Lown: .long 0\n1: .long 0\n.globl last\nlast: .long 0\n"),
      "");
  expect_says(
      complaint_of("sized.S", threads +
                                  ".type plain,@object\n.size plain,4\nplain: .long 0, 0\n.Lown: .long 0\n1: .long 0\n"
                                  ".globl last\nlast: .long 0\n"),
      {"thread 1, sized.S:3", "just behind the end of plain (4 bytes"});
}

}  // namespace
}  // namespace fiberscope::core::explore
