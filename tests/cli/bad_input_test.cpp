// Bad input: one clear message on stderr, the right exit code, nothing on stdout, never a crash.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <ostream>

#include "tests/cli/program.h"

namespace fiberscope::tests {
namespace {

struct Case {
  const char* name;
  std::vector<std::string> words;
  int code;
  std::string message;  ///< must be part of the one line on stderr

  friend void PrintTo(const Case& value, std::ostream* out) { *out << value.name; }
};

class BadInput : public ::testing::TestWithParam<Case> {
 protected:
  static void SetUpTestSuite() {
    scratch_ = new ScratchFolder;
    const auto write = [&](const char* name, const std::string& text) {
      std::ofstream(scratch_->file(name), std::ios::binary) << text;
    };
    write("text.fscope", "this is no trace");
    write("empty.fscope", "");
    write("empty.elf", "");
    write("cut.elf", std::string("\x7f"
                                 "ELF\x02\x01\x01",
                                 7));
    write("broken.toml", "name = \"x\"\ntitle = [\n");
    write("wrong-key.toml", "name = \"x\"\nnmae = 3\n");
    write("wrong-type.toml", "name = 7\n");
    run_program({"run", "switch-to-context", "-o", "whole.fscope"}, scratch_->path());
    std::ifstream in(scratch_->file("whole.fscope"), std::ios::binary);
    std::string whole{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    write("short.fscope", whole.substr(0, whole.size() / 2));
    whole[whole.size() / 2] = static_cast<char>(whole[whole.size() / 2] ^ 0x10);
    write("flipped.fscope", whole);
  }
  static void TearDownTestSuite() {
    delete scratch_;
    scratch_ = nullptr;
  }
  static ScratchFolder* scratch_;
};

ScratchFolder* BadInput::scratch_ = nullptr;

TEST_P(BadInput, IsToldInOneLine) {
  const Outcome outcome = run_program(GetParam().words, scratch_->path());
  EXPECT_EQ(outcome.code, GetParam().code) << outcome.err;
  EXPECT_NE(outcome.err.find(GetParam().message), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.rfind("fiberscope: ", 0), 0U) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_EQ(outcome.out, "");
}

const Case kCases[] = {
    {"UnknownScenarioNamesNearOnes", {"run", "swich-to-context"}, 2, "did you mean 'switch-to-context'"},
    {"UnknownWord", {"frobnicate"}, 2, "no scenario 'frobnicate'"},
    {"UnknownOption", {"run", "switch-to-context", "--frob"}, 2, "--frob"},
    {"NoTarget", {"show", "--step", "1"}, 2, "target is required"},
    {"NoStep", {"show", "switch-to-context"}, 2, "--step is required"},
    {"StepBeyondTheEnd", {"show", "switch-to-context", "--step", "99999"}, 2, "choose 0 … 4"},
    {"NegativeStep", {"show", "switch-to-context", "--step", "-1"}, 2, "whole number"},
    {"StepIsNoNumber", {"show", "switch-to-context", "--step", "1e3"}, 2, "whole number"},
    {"StepTooLarge", {"show", "switch-to-context", "--step", "99999999999999999999999"}, 2, "whole number"},
    {"NoStepsAtAll", {"run", "switch-to-context", "--max-steps", "0"}, 2, "whole number from 1"},
    {"MissingTrace", {"show", "absent.fscope", "--step", "0"}, 2, "absent.fscope: no such file"},
    {"TextAsTrace", {"show", "text.fscope", "--step", "0"}, 2, "text.fscope: not a readable trace"},
    {"EmptyTrace", {"show", "empty.fscope", "--step", "0"}, 2, "empty.fscope: not a readable trace"},
    {"CutTrace", {"show", "short.fscope", "--step", "0"}, 2, "short.fscope"},
    {"FolderAsTrace", {"show", ".fscope", "--step", "0"}, 2, ".fscope"},
    {"TraceCannotRunAgain", {"run", "whole.fscope"}, 2, "has run already"},
    {"TraceNameWithoutEnding", {"run", "switch-to-context", "-o", "x.db"}, 2, ".fscope"},
    {"TraceIntoNowhere",
     {"run", "switch-to-context", "-o", "no/such/x.fscope"},
     2,
     "cannot write the trace no/such/x.fscope"},
    {"MissingImage", {"run", "./absent.elf"}, 2, "absent.elf: no such file"},
    {"EmptyImage", {"run", "./empty.elf"}, 2, "empty.elf"},
    {"CutImage", {"run", "./cut.elf"}, 2, "cut.elf"},
    {"HostProgram", {"run", "/bin/ls"}, 2, "/bin/ls"},
    {"BrokenScenario", {"run", "./broken.toml"}, 2, "broken.toml:"},
    {"ScenarioWithWrongKey", {"run", "./wrong-key.toml"}, 2, "wrong-key.toml:"},
    {"ScenarioWithWrongType", {"run", "./wrong-type.toml"}, 2, "wrong-type.toml:1"},
    {"CostOfNothing", {"cost"}, 2, "target is required"},
    {"CostOfAnUnknownScenario", {"cost", "swich-to-context"}, 2, "did you mean 'switch-to-context'"},
    {"CostOfText", {"cost", "text.fscope"}, 2, "text.fscope: not a readable trace"},
    {"CostOfACutTrace", {"cost", "short.fscope", "--json"}, 2, "short.fscope"},
    {"CompareWithNothing", {"compare", "switch-to-context"}, 2, "other is required"},
    {"CompareWithAnUnknownScenario",
     {"compare", "whole.fscope", "nothing-like-it"},
     2,
     "no scenario 'nothing-like-it'"},
    {"CompareWithAMissingTrace", {"compare", "whole.fscope", "absent.fscope"}, 2, "absent.fscope: no such file"},
    {"CompareThree", {"compare", "whole.fscope", "whole.fscope", "whole.fscope"}, 2, "whole.fscope"},
    {"UnknownFormat", {"export", "switch-to-context", "--format", "xml"}, 2, "xml"},
    {"ExportIntoFullDisk", {"export", "switch-to-context", "--format", "jsonl", "-o", "/dev/full"}, 2, "/dev/full"},
    {"ExportIntoNowhere",
     {"export", "switch-to-context", "--format", "csv", "-o", "no/such/file.csv"},
     2,
     "no/such/file.csv"},
    {"PictureTooSmall", {"screenshot", "switch-to-context", "--size", "10x10", "-o", "x.png"}, 2, "WIDTHxHEIGHT"},
    {"PictureSizeIsNoSize", {"screenshot", "switch-to-context", "--size", "big", "-o", "x.png"}, 2, "WIDTHxHEIGHT"},
    {"PictureBeyondTheEnd", {"screenshot", "switch-to-context", "--step", "99999", "-o", "x.png"}, 2, "choose 0 … 4"},
    {"PictureIntoNowhere", {"screenshot", "switch-to-context", "-o", "no/such/x.png"}, 2, "no/such/x.png"},
    {"PhaseOutOfRange", {"screenshot", "switch-to-context", "--phase", "2", "-o", "x.png"}, 2, "--phase"},
    {"NoDisplay", {"open", "switch-to-context"}, 2, "fiberscope screenshot"},
};

INSTANTIATE_TEST_SUITE_P(Cases, BadInput, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(FlippedBit, IsToldOrHarmless) {
  const ScratchFolder scratch;
  run_program({"run", "switch-to-context", "-o", "run.fscope"}, scratch.path());
  const Outcome good = run_program({"show", "run.fscope", "--step", "1000", "--json"}, scratch.path());
  ASSERT_EQ(good.code, 0);
  std::ifstream in(scratch.file("run.fscope"), std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  for (std::size_t at = 77; at < whole.size(); at += whole.size() / 25) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    std::ofstream(scratch.file("run.fscope"), std::ios::binary) << damaged;
    const Outcome outcome = run_program({"show", "run.fscope", "--step", "1000", "--json"}, scratch.path());
    if (outcome.code == 0) {
      EXPECT_EQ(outcome.out, good.out) << "bit flipped at byte " << at;
    } else {
      EXPECT_EQ(outcome.code, 2) << outcome.err;
      EXPECT_NE(outcome.err.find("run.fscope"), std::string::npos) << outcome.err;
    }
  }
}

}  // namespace
}  // namespace fiberscope::tests
