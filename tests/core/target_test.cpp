// What a word on the command line means: a scenario first, then a file.
#include "core/target.h"

#include <gtest/gtest.h>

#include "tests/core/recorded_file.h"

namespace fiberscope::core {
namespace {

class Target : public ::testing::Test {
 protected:
  void SetUp() override {
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(folder_.path());
  }
  void TearDown() override { std::filesystem::current_path(before_); }
  [[nodiscard]] static std::string error_of(const std::string& target) {
    const auto resolved = resolve_target(target);
    return resolved ? std::string() : resolved.error().message;
  }

  TestFolder folder_;
  std::filesystem::path before_;
};

TEST_F(Target, NoFileStandsInAScenariosWay) {
  std::ofstream("switch-to-context") << "not an image";
  const auto resolved = resolve_target("switch-to-context");
  ASSERT_TRUE(resolved.ok()) << resolved.error().message;
  EXPECT_TRUE(resolved->scenario.has_value());
  EXPECT_NE(error_of("./switch-to-context").find("./switch-to-context: not an ELF file"), std::string::npos)
      << error_of("./switch-to-context");
}

TEST_F(Target, SourcesAreRefusedWithWhatIsAccepted) {
  std::ofstream("there.c") << "int main(void) { return 0; }";
  for (const char* name : {"there.c", "absent.c", "x.S", "x.litmus", "folder/x.cpp"}) {
    const std::string message = error_of(name);
    EXPECT_EQ(message.rfind(std::string(name) + ": ", 0), 0U) << message;
    for (const char* kind : {"fiberscope list", ".toml", ".elf", ".fscope"})
      EXPECT_NE(message.find(kind), std::string::npos) << message;
  }
}

TEST_F(Target, AWordThatIsNeitherNamesNearScenarios) {
  EXPECT_NE(error_of("swich-to-context").find("did you mean 'switch-to-context'"), std::string::npos)
      << error_of("swich-to-context");
  EXPECT_EQ(error_of("absent.elf"), "absent.elf: no such file");
}

}  // namespace
}  // namespace fiberscope::core
