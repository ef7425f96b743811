#include "core/explore/litmus.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/core/explore/ask.h"

namespace fiberscope::core::explore {
namespace {

std::string lines(const ExploreRequest& request) {
  const Answer answer = ask(request);
  return answer.asked.litmus ? litmus_text(*answer.asked.litmus, answer.found) : "";
}

/// A test written into a file of its own.
class LitmusFile {
 public:
  explicit LitmusFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() / ("test-" + std::to_string(::getpid()) + ".litmus")) {
    std::ofstream(path_) << text;
  }
  ~LitmusFile() { std::filesystem::remove(path_); }
  LitmusFile(const LitmusFile&) = delete;
  LitmusFile& operator=(const LitmusFile&) = delete;
  [[nodiscard]] ExploreRequest request() const {
    ExploreRequest request;
    request.target = path_;
    return request;
  }

 private:
  std::string path_;
};

/// As herd7 prints it for the x86-TSO model.
TEST(Litmus, StoreBufferingIsSometimesUnderTso) {
  EXPECT_EQ(lines(file("store_buffering.litmus")),
            "Test SB Allowed\nStates 4\n0:rax=0; 1:rax=0;\n0:rax=0; 1:rax=1;\n0:rax=1; 1:rax=0;\n0:rax=1; 1:rax=1;\n"
            "Ok\nWitnesses\nPositive: 1 Negative: 3\nCondition exists (0:rax=0 /\\ 1:rax=0)\n"
            "Observation SB Sometimes 1 3\n");
}

TEST(Litmus, StoreBufferingIsNeverOtherwise) {
  ExploreRequest request = file("store_buffering.litmus");
  request.memory = "sc";
  EXPECT_NE(lines(request).find("No\nWitnesses\nPositive: 0 Negative: 3\n"), std::string::npos);
  EXPECT_NE(lines(request).find("Observation SB Never 0 3\n"), std::string::npos);
  EXPECT_NE(lines(file("store_buffering_mfence.litmus")).find("Observation SB+mfences Never 0 3\n"), std::string::npos);
}

TEST(Litmus, TheDrainsAreInTheSchedule) {
  const Answer answer = ask(file("store_buffering.litmus"));
  const Outcome* weak = answer.outcome({0, 0});
  ASSERT_NE(weak, nullptr);
  EXPECT_NE(weak->witness.find(" D"), std::string::npos) << weak->witness;
}

/// Message passing: stores of one thread are seen in order (Intel SDM vol. 3, 8.2.3.2). Loads of both may be old.
TEST(Litmus, MessagePassingIsForbidden) {
  const LitmusFile test(
      "X86_64 MP\n{ 0:rdi=x; 0:rsi=y; 1:rdi=x; 1:rsi=y; x=0; y=0; }\n P0 | P1 ;\n"
      " movl $1,(%rdi) | movl (%rsi),%eax ;\n movl $1,(%rsi) | movl (%rdi),%ebx ;\n"
      "~exists (1:rax=1 /\\ 1:rbx=0)\n");
  EXPECT_EQ(lines(test.request()),
            "Test MP Forbidden\nStates 3\n1:rax=0; 1:rbx=0;\n1:rax=0; 1:rbx=1;\n1:rax=1; 1:rbx=1;\nOk\nWitnesses\n"
            "Positive: 3 Negative: 0\nCondition ~exists (1:rax=1 /\\ 1:rbx=0)\nObservation MP Never 0 3\n");
}

/// herd7 counts as positive what a quantifier wants: of ~exists the states outside the proposition. Its observation is
/// of the proposition. A location in the condition has brackets there.
TEST(Litmus, WitnessesAreOfTheQuantifierAndLocationsHaveBrackets) {
  const std::string body =
      "X86_64 SB\n{ }\n P0 | P1 ;\n movl $1,(x) | movl $1,(y) ;\n movl (y),%eax | movl (x),%eax ;\n";
  const LitmusFile test(body + "~exists (0:rax=0 /\\ 1:rax=0 /\\ x=1)\n");
  EXPECT_NE(lines(test.request())
                .find("No\nWitnesses\nPositive: 3 Negative: 1\nCondition ~exists (0:rax=0 /\\ 1:rax=0 /\\ [x]=1)\n"
                      "Observation SB Sometimes 1 3\n"),
            std::string::npos)
      << lines(test.request());
  const auto unknown = parse_litmus(body + "exists (0:rax=0 /\\ z=3)\n", "sb.litmus");
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().message.find("'z' is no location of this test"), std::string::npos)
      << unknown.error().message;
}

/// An unlocked increment is two accesses on two processors, a locked one is one (SDM vol. 3, 8.1.2).
TEST(Litmus, IncrementsAreLostUnlessLocked) {
  const std::string plain = "X86_64 INC\n{ x=0; }\n P0 | P1 ;\n incl (x) | incl (x) ;\nforall (x=2)\n";
  const std::string locked = "X86_64 INC\n{ x=0; }\n P0 | P1 ;\n lock incl (x) | lock incl (x) ;\nforall (x=2)\n";
  {
    const LitmusFile test(plain);
    EXPECT_NE(lines(test.request()).find("States 2\n[x]=1;\n[x]=2;\nNo\n"), std::string::npos);
  }
  const LitmusFile test(locked);
  EXPECT_NE(lines(test.request()).find("States 1\n[x]=2;\nOk\nWitnesses\nPositive: 2 Negative: 0\n"),
            std::string::npos);
}

/// A thread's own store is seen before others see it (SDM vol. 3, 8.2.3.5).
TEST(Litmus, OwnStoresAreForwarded) {
  const LitmusFile test(
      "X86_64 SB+rfi\n{ }\n P0 | P1 ;\n movl $1,(x) | movl $1,(y) ;\n movl (x),%eax | movl (y),%eax ;\n"
      " movl (y),%ebx | movl (x),%ebx ;\nexists (0:rax=1 /\\ 0:rbx=0 /\\ 1:rax=1 /\\ 1:rbx=0)\n");
  EXPECT_NE(lines(test.request()).find("Observation SB+rfi Sometimes 1 3\n"), std::string::npos);
}

/// Of several own stores the youngest is seen (SDM vol. 3, 8.2.3.5).
TEST(Litmus, TheYoungestOwnStoreIsForwarded) {
  const LitmusFile test(
      "X86_64 own\n{ }\n P0 | P1 ;\n movl $1,(x) | movl $1,(y) ;\n movl $2,(x) | ;\n movl (x),%eax | ;\n"
      "exists (0:rax=2)\n");
  EXPECT_NE(lines(test.request()).find("Observation own Always 1 0\n"), std::string::npos) << lines(test.request());
}

/// Store buffering with a locked instruction of another location between (SDM vol. 3, 8.2.3.9).
TEST(Litmus, ALockedInstructionWaitsForTheStoresBeforeIt) {
  for (const char* between : {"xchgl %ecx,({})", "lock incl ({})"}) {
    const auto at = [between](const char* location) {
      std::string text = between;
      return text.replace(text.find("{}"), 2, location);
    };
    const LitmusFile test("X86_64 SB+locked\n{ }\n P0 | P1 ;\n movl $1,(x) | movl $1,(y) ;\n " + at("v") + " | " +
                          at("w") + " ;\n movl (y),%eax | movl (x),%eax ;\nexists (0:rax=0 /\\ 1:rax=0)\n");
    EXPECT_NE(lines(test.request()).find("Observation SB+locked Never 0 3\n"), std::string::npos)
        << lines(test.request());
  }
}

/// Under sequential consistency the traces that sleep sets count are the (po, rf, co) that histories count.
TEST(Litmus, TracesAndHistoriesAgree) {
  ExploreRequest traces = file("store_buffering.litmus");
  traces.memory = "sc";
  traces.cpus = "one";
  const Answer one = ask(traces);
  EXPECT_EQ(one.found.executions_are, "traces");
  ExploreRequest histories = file("store_buffering_mfence.litmus");
  const Answer other = ask(histories);
  EXPECT_EQ(other.found.executions_are, "po-rf-co");
  EXPECT_EQ(one.found.executions.text(), other.found.executions.text());
}

TEST(Litmus, BadLinesAreNamed) {
  const auto complaint_of = [](const std::string& text) { return complaint(LitmusFile(text).request()); };
  EXPECT_NE(complaint_of("AArch64 T\n{}\n P0 | P1 ;\nexists (x=1)\n").find(":1: architecture 'AArch64'"),
            std::string::npos);
  const std::string unknown =
      complaint_of("X86_64 T\n{}\n P0 | P1 ;\n movl $1,(x) | movl $1,(y) ;\n frobnicate %eax | ;\nexists (x=1)\n");
  EXPECT_NE(unknown.find(".litmus:5: Error: no such instruction: `frobnicate %eax'"), std::string::npos) << unknown;
  EXPECT_NE(complaint_of("X86_64 T\n{}\n P0 | P2 ;\nexists (x=1)\n").find(":3: expected P1"), std::string::npos);
  EXPECT_NE(complaint_of("X86_64 T\n{}\n P0 | P1 ;\n mfence | mfence ;\n").find("no final condition"),
            std::string::npos);
  EXPECT_NE(
      complaint_of("X86_64 T\n{ float x=1; }\n P0 | P1 ;\nexists (x=1)\n").find(":2: initial state: unknown type"),
      std::string::npos);
  EXPECT_NE(
      complaint_of("X86_64 T\n{}\n P0 | P1 ;\n mfence | mfence ;\nexists (0:xyz=1)\n").find("'0:xyz' is no register"),
      std::string::npos);
}

}  // namespace
}  // namespace fiberscope::core::explore
