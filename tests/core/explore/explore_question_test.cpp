// What is asked: words that give way to others, conditions in one text, examples that the program carries.
#include "core/explore/explore_question.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "core/explore/compiled_program.h"
#include "core/explore/example.h"
#include "core/explore/typed_program.h"
#include "emu/debug_info.h"
#include "tests/core/explore/ask.h"

namespace fiberscope::core::explore {
namespace {

using Texts = std::vector<std::string>;

TEST(ExploreQuestion, WordsThatAreSaidComeFirst) {
  ExploreQuestion lesson;
  lesson.target = "example:peterson.c";
  lesson.cpus = "many";
  lesson.memory = "tso";
  lesson.assertions = {"count==2"};
  lesson.sync = {"turn"};
  ExploreQuestion said;
  said.memory = "sc";
  said.assertions = {"count>0", "turn<2"};
  const ExploreQuestion both = with_words(lesson, said);
  EXPECT_EQ(both.target, "example:peterson.c");
  EXPECT_EQ(both.cpus, "many");
  EXPECT_EQ(both.memory, "sc");
  EXPECT_EQ(both.assertions, (Texts{"count>0", "turn<2"}));
  EXPECT_EQ(both.sync, Texts{"turn"});
  EXPECT_EQ(with_words(lesson, {}), lesson);
}

TEST(ExploreQuestion, ATextMayHoldSeveralConditions) {
  ExploreQuestion question;
  question.assertions = {"x==1", " y==2;; z<3 ;", "w>0"};
  EXPECT_EQ(conditions_of(question), (Texts{"x==1", "y==2", "z<3 ", "w>0"}));
  ExploreRequest request = typed({"x=1", "y=1"});
  request.assertions = {"x==1; y==2; x==3"};
  const Answer answer = ask(request);
  ASSERT_EQ(answer.found.violations.size(), 2U);
  EXPECT_EQ(answer.found.violations[0].assertion, "y==2");
  EXPECT_EQ(answer.found.violations[1].assertion, "x==3");
}

TEST(Examples, AreTheFilesOfTheirFolder) {
  Texts files;
  for (const auto& entry : std::filesystem::directory_iterator(FIBERSCOPE_INTERLEAVINGS))
    files.push_back(entry.path().filename().string());
  std::sort(files.begin(), files.end());
  EXPECT_EQ(example_names(), files);
  for (const std::string& name : files) {
    const auto carried = program_source("example:" + name);
    const auto file = program_source(FIBERSCOPE_INTERLEAVINGS "/" + name);
    ASSERT_TRUE(carried.ok() && file.ok()) << name;
    EXPECT_EQ(carried->name, name);
    EXPECT_EQ(carried->text, file->text) << name;
    EXPECT_TRUE(carried->is_example);
    EXPECT_FALSE(file->is_example);
  }
}

TEST(Examples, AreExploredAsTheirFilesAre) {
  for (const char* name : {"bounded_buffer.c", "increments.S", "store_buffering.litmus"}) {
    ExploreRequest carried;
    carried.target = std::string("example:") + name;
    const Answer one = ask(carried);
    const Answer other = ask(file(name));
    EXPECT_EQ(one.found.states, other.found.states) << name;
    EXPECT_EQ(one.found.schedules.text(), other.found.schedules.text()) << name;
    ASSERT_EQ(one.found.races.size(), other.found.races.size()) << name;
    for (std::size_t i = 0; i < one.found.races.size(); ++i)
      EXPECT_EQ(one.found.races[i].first.source, other.found.races[i].first.source) << name;
  }
}

TEST(Examples, AndTypedStatementsKeepTheirSourceInAReplay) {
  const auto typed = parse_threads(Texts{"x=x+1", "x=x+2"}, "");
  ASSERT_TRUE(typed.ok());
  for (const ReplayRuntime runtime : {ReplayRuntime::one_processor, ReplayRuntime::processors}) {
    const auto example = link_guest("example:broken_lock.c", "O0", runtime);
    const auto statements = link_guest(*typed, "O0", runtime);
    for (const auto* guest : {&example, &statements}) {
      ASSERT_TRUE(guest->ok()) << guest->error().message;
      const emu::Image& image = (*guest)->image;
      const auto line = emu::DebugInfo(image).line_at(image.symbol("thread_1")->address);
      ASSERT_TRUE(line.has_value());
      EXPECT_TRUE((*guest)->sources.contains(line->file)) << line->file;
    }
  }
}

TEST(Examples, AnUnknownOneNamesThoseThatThereAre) {
  ExploreRequest request;
  request.target = "example:petersen.c";
  const std::string message = complaint(request);
  EXPECT_NE(message.find("did you mean 'peterson.c'"), std::string::npos) << message;
  EXPECT_NE(message.find("bounded_buffer.c"), std::string::npos) << message;
}

}  // namespace
}  // namespace fiberscope::core::explore
