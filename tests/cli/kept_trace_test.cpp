// -o: what lies there already is lost neither to a mistake nor to a recording that comes to nothing.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <iterator>
#include <set>

#include "tests/cli/program.h"

namespace fiberscope::tests {
namespace {

class KeptTrace : public ::testing::Test {
 protected:
  Outcome run(const std::vector<std::string>& words) const { return run_program(words, scratch_.path()); }
  [[nodiscard]] std::string bytes(const std::string& name) const {
    std::ifstream in(scratch_.file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(scratch_.file(name), std::ios::binary) << text;
  }
  [[nodiscard]] std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(scratch_.path()))
      found.insert(entry.path().filename().string());
    return found;
  }
  void expect_refusal(const Outcome& outcome, const std::string& message) const {
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }

  ScratchFolder scratch_;
};

TEST_F(KeptTrace, WithoutAWindowTheOldOneStays) {
  ASSERT_EQ(run({"run", "switch-to-context", "-o", "keep.fscope"}).code, 0);
  const std::string before = bytes("keep.fscope");
  expect_refusal(run({"open", "switch-to-context", "-o", "keep.fscope"}), "cannot open a window");
  EXPECT_EQ(bytes("keep.fscope"), before);
  EXPECT_EQ(names(), std::set<std::string>{"keep.fscope"});
}

TEST_F(KeptTrace, WithoutAWindowNoneIsLeft) {
  expect_refusal(run({"open", "switch-to-context", "-o", "new.fscope"}), "cannot open a window");
  EXPECT_EQ(names(), std::set<std::string>{});
}

TEST_F(KeptTrace, FoldersAndOtherFilesAreNotTouched) {
  std::filesystem::create_directory(scratch_.file("ed.fscope"));
  write("mine.fscope", "my own notes");
  const std::string database("SQLite format 3\0", 16);
  write("other.fscope", database + std::string(4080, '\0'));
  for (const char* command : {"run", "open"}) {
    expect_refusal(run({command, "switch-to-context", "-o", "ed.fscope"}), "a folder of that name");
    expect_refusal(run({command, "switch-to-context", "-o", "mine.fscope"}), "no trace");
    expect_refusal(run({command, "switch-to-context", "-o", "other.fscope"}), "no trace");
  }
  EXPECT_TRUE(std::filesystem::is_directory(scratch_.file("ed.fscope")));
  EXPECT_EQ(bytes("mine.fscope"), "my own notes");
  EXPECT_EQ(bytes("other.fscope").substr(0, 16), database);
  EXPECT_EQ(names().size(), 3U);
}

TEST_F(KeptTrace, ARunReplacesATraceAlsoWhereItIsCutShort) {
  ASSERT_EQ(run({"run", "switch-to-context", "-o", "run.fscope"}).code, 0);
  const Outcome shorter = run({"run", "switch-to-context", "-o", "run.fscope", "--max-steps", "100"});
  EXPECT_EQ(shorter.code, 3) << shorter.err;
  EXPECT_NE(shorter.out.find("Trace: run.fscope\n"), std::string::npos);
  EXPECT_EQ(run({"show", "run.fscope", "--step", "100"}).code, 0);
  EXPECT_EQ(run({"show", "run.fscope", "--step", "101"}).code, 2);
  EXPECT_EQ(names(), std::set<std::string>{"run.fscope"});
}

TEST_F(KeptTrace, ARunThatDoesNotBeginReplacesNothing) {
  ASSERT_EQ(run({"run", "switch-to-context", "-o", "run.fscope"}).code, 0);
  const std::string before = bytes("run.fscope");
  write("empty.elf", "");
  EXPECT_EQ(run({"run", "./empty.elf", "-o", "run.fscope"}).code, 2);
  EXPECT_EQ(bytes("run.fscope"), before);
  EXPECT_EQ(names(), (std::set<std::string>{"empty.elf", "run.fscope"}));
}

TEST_F(KeptTrace, AJournalOfTheOldOneIsNotPlayedIntoTheNewOne) {
  ASSERT_EQ(run({"run", "switch-to-context", "-o", "run.fscope"}).code, 0);
  write("run.fscope-journal", std::string("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8) + std::string(4096, 'x'));
  EXPECT_EQ(run({"run", "switch-to-context", "-o", "run.fscope"}).code, 0);
  EXPECT_EQ(run({"show", "run.fscope", "--step", "4000"}).code, 0);
  EXPECT_EQ(names(), std::set<std::string>{"run.fscope"});
}

TEST_F(KeptTrace, AStepBeyondItsEndIsToldByOpenToo) {
  ASSERT_EQ(run({"run", "switch-to-context", "-o", "run.fscope"}).code, 0);
  expect_refusal(run({"open", "run.fscope", "--step", "99999"}), "--step 99999: the trace has 4");
}

class GrowingTrace : public KeptTrace {
 protected:
  [[nodiscard]] static std::string endless() { return FIBERSCOPE_MACHINE_GUESTS "/machine_long.elf"; }
  [[nodiscard]] bool can_be_shown(const std::string& name) const {
    return run({"show", name, "--step", "4096"}).code == 0;
  }
};

TEST_F(GrowingTrace, IsReadableUnderItsNameWhileARunRecordsIt) {
  RunningProgram recorder({"run", endless(), "-o", "grow.fscope", "--max-steps", "1000000000"}, scratch_.path());
  EXPECT_TRUE(until([&] { return can_be_shown("grow.fscope"); }));
  // And nobody else writes there meanwhile.
  expect_refusal(run({"run", "switch-to-context", "-o", "grow.fscope"}), "another recording");
  recorder.signal(SIGTERM);
  EXPECT_EQ(recorder.wait().code, 3);
}

TEST_F(GrowingTrace, OverAnOldOneLeavesThatReadableUntilItIsDone) {
  ASSERT_EQ(run({"run", "switch-to-context", "-o", "run.fscope"}).code, 0);
  const std::string before = bytes("run.fscope");
  RunningProgram recorder({"run", endless(), "-o", "run.fscope", "--max-steps", "1000000000"}, scratch_.path());
  std::string beside;
  ASSERT_TRUE(until([&] {
    for (const std::string& name : names())
      if (name.rfind("run.recording-", 0) == 0 && name.find("journal") == std::string::npos) beside = name;
    return !beside.empty() && can_be_shown(beside);
  }));
  EXPECT_EQ(bytes("run.fscope"), before);
  recorder.signal(SIGTERM);
  EXPECT_EQ(recorder.wait().code, 3);
  EXPECT_TRUE(can_be_shown("run.fscope"));
  EXPECT_EQ(names(), std::set<std::string>{"run.fscope"});
}

}  // namespace
}  // namespace fiberscope::tests
