// What a word on the command line means: a scenario first, then a file.
#include "core/target.h"

#include <gtest/gtest.h>

#include "core/builtin_files.h"
#include "core/explored_target.h"
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

TEST_F(Target, AnImageBesideTheScenarioComesFirst) {
  const auto text = builtin_text("scenarios/switch-to-context.toml");
  ASSERT_TRUE(text.has_value());
  std::ofstream("mine.toml") << *text;
  EXPECT_EQ(error_of("mine.toml"), "");
  std::ofstream("switch_to_context.elf") << "not an image";
  for (const char* name : {"mine.toml", "./mine.toml"})
    EXPECT_NE(error_of(name).find("switch_to_context.elf: not an ELF file"), std::string::npos) << error_of(name);
  EXPECT_EQ(error_of("switch-to-context"), "") << "a scenario of the program has the program's image";
}

TEST_F(Target, ALessonIsNoRunAndARunIsNoLesson) {
  const std::string message = error_of("peterson-lock");
  for (const char* command : {"explore peterson-lock", "open peterson-lock", "run peterson-lock"})
    EXPECT_NE(message.find(command), std::string::npos) << message;
  EXPECT_TRUE(is_explored("peterson-lock"));
  EXPECT_FALSE(is_explored("switch-to-context"));
  EXPECT_FALSE(is_explored("nobody"));
  const auto run = explored_target("switch-to-context");
  ASSERT_FALSE(run.ok());
  EXPECT_NE(run.error().message.find("fiberscope run switch-to-context"), std::string::npos) << run.error().message;
}

TEST_F(Target, ALessonsProgramIsBesideItsFileOrAnExample) {
  const auto builtin = explored_target("peterson-lock");
  ASSERT_TRUE(builtin.ok()) << builtin.error().message;
  EXPECT_EQ(builtin->question.target, "example:peterson.c");
  std::ofstream("peterson.c") << "int x;";
  EXPECT_EQ(explored_target("peterson-lock")->question.target, "example:peterson.c") << "no file stands in its way";
  std::filesystem::create_directory("folder");
  std::ofstream("folder/mine.toml") << *builtin_text("scenarios/peterson-lock.toml");
  ASSERT_TRUE(is_explored("folder/mine.toml"));
  EXPECT_EQ(explored_target("folder/mine.toml")->question.target, "example:peterson.c");
  std::ofstream("folder/peterson.c") << "int x;";
  EXPECT_EQ(explored_target("folder/mine.toml")->question.target, "folder/peterson.c");
}

TEST_F(Target, ProgramsAreExploredAsTheyAreNamed) {
  for (const char* name : {"threads.c", "folder/threads.S", "sb.litmus", "example:join.c"}) {
    EXPECT_TRUE(is_explored(name)) << name;
    EXPECT_EQ(explored_target(name)->question.target, name);
  }
}

TEST_F(Target, AWordThatIsNeitherNamesNearScenarios) {
  EXPECT_NE(error_of("swich-to-context").find("did you mean 'switch-to-context'"), std::string::npos)
      << error_of("swich-to-context");
  EXPECT_EQ(error_of("absent.elf"), "absent.elf: no such file");
}

}  // namespace
}  // namespace fiberscope::core
